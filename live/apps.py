from django.apps import AppConfig

from wire import telemetry


class LiveConfig(AppConfig):
    """Live events."""

    name = "live"
    verbose_name = "live events"

    def ready(self) -> None:
        """Tells how many connections there are to whoever watches."""
        telemetry.gauges["RealtimeConnections"] = _connections


def _connections() -> float:
    # Not with the app: it takes long to load, and not every command has a use for it.
    from live import hub

    return hub.connections()
