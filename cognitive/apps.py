from django.apps import AppConfig


class CognitiveConfig(AppConfig):
    name = "cognitive"
    verbose_name = "Cognitive services"

    def ready(self) -> None:
        from cognitive import checks  # noqa: F401
