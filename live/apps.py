from django.apps import AppConfig


class LiveConfig(AppConfig):
    """Live events."""

    name = "live"
    verbose_name = "live events"
