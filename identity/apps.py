from django.apps import AppConfig


class IdentityConfig(AppConfig):
    """Resources, users and tokens."""

    name = "identity"
    verbose_name = "Identity"
