"""What the operator's pages of all rooms share: their name."""

from django.contrib import admin

admin.site.site_title = "chatsite"
admin.site.site_header = "chatsite"
admin.site.index_title = "Operator's admin_toolkit"
# There is no other page to lead to from here.
admin.site.site_url = None
