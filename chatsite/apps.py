"""The project as a Django app, with the system checks and the commands."""

from django.apps import AppConfig

from wire.light_imports import import_rest_framework


class ChatsiteConfig(AppConfig):
    name = "chatsite"

    def import_models(self) -> None:
        # This is the first app, so nothing has imported REST framework yet.
        import_rest_framework()
        super().import_models()

    def ready(self) -> None:
        from chatsite import checks  # noqa: F401 - importing registers them
