from django.apps import AppConfig


class CognitiveConfig(AppConfig):
    name = "cognitive"
    verbose_name = "cognitive services"

    def ready(self) -> None:
        from cognitive import checks  # noqa: F401
