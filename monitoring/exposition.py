"""`/metrics`: what Prometheus scrapes (monitoring contract 6).

Counters come from the database, so it does not matter which process answers: scrape one address,
not every process.
"""

import contextlib
import hmac
import logging

from django.conf import settings
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.openmetrics import exposition as openmetrics

from identity.hosts import host_name
from monitoring.families import StoredMetrics
from monitoring.flusher import flush

logger = logging.getLogger(__name__)

_LOCAL_ADDRESSES = ("127.0.0.1", "::1")
_LOCAL_NAMES = ("localhost", "127.0.0.1", "[::1]")


def metrics_page(request: HttpRequest) -> HttpResponseBase:
    """The text, for whoever has the token, or asks from this machine when there is none."""
    if not is_allowed(request):
        response = HttpResponse(
            "Send CHATSITE_METRICS_TOKEN as a bearer token, or ask from this machine.\n",
            status=401,
            content_type="text/plain; charset=utf-8",
        )
        response["WWW-Authenticate"] = "Bearer"
        return response
    # What was counted until a moment ago is still worth telling when the rest cannot be stored.
    with contextlib.suppress(DatabaseError):
        flush()
    registry = CollectorRegistry()
    registry.register(StoredMetrics())
    try:
        if "application/openmetrics-text" in request.META.get("HTTP_ACCEPT", ""):
            text, kind = openmetrics.generate_latest(registry), openmetrics.CONTENT_TYPE_LATEST
        else:
            text, kind = generate_latest(registry), CONTENT_TYPE_PLAIN_0_0_4
    except DatabaseError:
        logger.exception("The figures cannot be read")
        return HttpResponse(
            "The database does not answer; the log says why.\n",
            status=503,
            content_type="text/plain; charset=utf-8",
        )
    return HttpResponse(text, content_type=kind)


def is_allowed(request: HttpRequest) -> bool:
    """Whether the request has the token, or, without one, comes from this machine to it."""
    token = settings.CHATSITE_METRICS_TOKEN
    if token:
        scheme, _, given = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
        return scheme.lower() == "bearer" and hmac.compare_digest(
            given.strip().encode(), token.encode()
        )
    # A proxy on this machine is local as well, and so is a browser with a page of anybody's.
    is_proxied = "HTTP_X_FORWARDED_FOR" in request.META or "HTTP_FORWARDED" in request.META
    name = host_name(request.META.get("HTTP_HOST", "")).lower()
    is_local = request.META.get("REMOTE_ADDR") in _LOCAL_ADDRESSES and name in _LOCAL_NAMES
    return is_local and not is_proxied
