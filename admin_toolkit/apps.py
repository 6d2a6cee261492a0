from django.apps import AppConfig


class AdminToolkitConfig(AppConfig):
    name = "admin_toolkit"
