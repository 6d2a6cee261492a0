from django.apps import AppConfig


class MessagingConfig(AppConfig):
    """Messages and read receipts."""

    name = "messaging"
