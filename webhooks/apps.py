from django.apps import AppConfig


class WebhooksConfig(AppConfig):
    """Webhooks as Event Grid delivers them: subscriptions, handshakes, deliveries."""

    name = "webhooks"
