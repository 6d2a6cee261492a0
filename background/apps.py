from django.apps import AppConfig


class BackgroundConfig(AppConfig):
    """Background work: the worker, leases, claims of rows, sweeps."""

    name = "background"
