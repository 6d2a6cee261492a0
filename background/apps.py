from django.apps import AppConfig


class BackgroundConfig(AppConfig):
    """Background work: the worker, leases, schedules, claims of due rows."""

    name = "background"
