from django.apps import AppConfig


class EventsConfig(AppConfig):
    """The event log and the webhooks that follow it."""

    name = "events"
    verbose_name = "Webhooks"
