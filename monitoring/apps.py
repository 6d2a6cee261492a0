from django.apps import AppConfig

from wire import telemetry


class MonitoringConfig(AppConfig):
    """Monitoring."""

    name = "monitoring"
    verbose_name = "Monitoring"

    def ready(self) -> None:
        """Tells how many requests are being worked on to whoever asks this process."""
        from functools import partial

        from monitoring.in_progress import GAUGES, gauge_of

        for metric, name in GAUGES.items():
            telemetry.gauges[name] = partial(gauge_of, metric)
