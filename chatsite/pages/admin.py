from django.contrib import admin

from chatsite.pages.forms import AdminSignInForm

admin.site.login_form = AdminSignInForm
