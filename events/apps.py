from django.apps import AppConfig


class EventsConfig(AppConfig):
    """The event log. The admin shows the tables of webhooks under this app, too."""

    name = "events"
    verbose_name = "Webhooks"
