from django.apps import AppConfig


class CognitiveConfig(AppConfig):
    """Translation, sentiment and speech to text."""

    name = "cognitive"
    verbose_name = "cognitive services"

    def ready(self) -> None:
        """Registers the checks."""
        from cognitive import checks  # noqa: F401
