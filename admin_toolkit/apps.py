from django.apps import AppConfig


class AdminToolkitConfig(AppConfig):
    """Lists, object pages and operations that the admin pages of all rooms share."""

    name = "admin_toolkit"
