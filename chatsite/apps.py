"""The project as a Django app, with the system checks and the commands."""

from django.apps import AppConfig


class ChatsiteConfig(AppConfig):
    name = "chatsite"

    def ready(self) -> None:
        from chatsite import checks  # noqa: F401 - importing registers them
