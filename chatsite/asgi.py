"""The ASGI application."""

import functools
import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chatsite.settings")
django.setup()

from twisted.web import http  # noqa: E402

from chatsite.application import Application  # noqa: E402

# A pure function of a header that Twisted computes anew for every POST, by way of a whole e-mail
# message; it is a tenth of the cost of a request.
if hasattr(http, "_parseContentType"):
    http._parseContentType = functools.lru_cache(256)(http._parseContentType)

application = Application()
