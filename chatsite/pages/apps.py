from django.apps import AppConfig


class PagesConfig(AppConfig):
    name = "chatsite.pages"
    label = "pages"
    verbose_name = "Chat page"
