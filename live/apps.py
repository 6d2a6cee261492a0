from django.apps import AppConfig

from wire import telemetry


class LiveConfig(AppConfig):
    """Live events."""

    name = "live"
    verbose_name = "live events"

    def ready(self) -> None:
        """Tells how many connections there are to whoever watches."""
        from live import hub

        telemetry.gauges["RealtimeConnections"] = hub.connections
