from django.apps import AppConfig

from wire import telemetry


class LiveConfig(AppConfig):
    name = "live"
    verbose_name = "Live events"

    def ready(self) -> None:
        """Register the gauge of open connections with telemetry."""
        telemetry.gauges["RealtimeConnections"] = _connection_count


def _connection_count() -> float:
    # Imported late, because it takes long to load and not every command needs it.
    from live import hub

    return hub.connection_count()
