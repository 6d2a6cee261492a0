"""The ASGI application."""

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chatsite.settings")
django.setup()

from asgi_server import tuning  # noqa: E402
from chatsite.application import Application  # noqa: E402

tuning.cache_content_types()

application = Application()
