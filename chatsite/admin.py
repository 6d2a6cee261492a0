"""Names and links that all admin pages share."""

from django.contrib import admin

admin.site.site_title = "chatsite"
admin.site.site_header = "chatsite"
admin.site.index_title = "Administration"
# No link to a public site.
admin.site.site_url = None
