from django.apps import AppConfig


class ThreadsConfig(AppConfig):
    """Threads and participants."""

    name = "threads"
