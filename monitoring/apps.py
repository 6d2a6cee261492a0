from django.apps import AppConfig

from wire import telemetry


class MonitoringConfig(AppConfig):
    name = "monitoring"
    verbose_name = "Monitoring"

    def ready(self) -> None:
        """Registers the gauges of requests in progress."""
        from functools import partial

        from monitoring.in_progress import GAUGES, gauge_of

        for metric, name in GAUGES.items():
            telemetry.gauges[name] = partial(gauge_of, metric)
