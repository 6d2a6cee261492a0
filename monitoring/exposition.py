"""`/metrics` for Prometheus (monitoring contract 6).

Counters come from the database, so every process gives the same answer: scrape one address, not
every process.
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
from monitoring.flusher import flush_for_reader

logger = logging.getLogger(__name__)

_LOCAL_ADDRESSES = ("127.0.0.1", "::1")
_LOCAL_NAMES = ("localhost", "127.0.0.1", "[::1]")


def metrics_page(request: HttpRequest) -> HttpResponseBase:
    """All metrics, for requests that `is_allowed`."""
    if not is_allowed(request):
        response = HttpResponse(
            "Send CHATSITE_METRICS_TOKEN as a bearer token. Without that setting, only requests "
            "from this machine are allowed.\n",
            status=401,
            content_type="text/plain; charset=utf-8",
        )
        response["WWW-Authenticate"] = "Bearer"
        return response
    # If the newest counts cannot be stored, the earlier ones are still useful.
    with contextlib.suppress(DatabaseError):
        flush_for_reader()
    registry = CollectorRegistry()
    registry.register(StoredMetrics())
    try:
        if "application/openmetrics-text" in request.META.get("HTTP_ACCEPT", ""):
            text, kind = openmetrics.generate_latest(registry), openmetrics.CONTENT_TYPE_LATEST
        else:
            text, kind = generate_latest(registry), CONTENT_TYPE_PLAIN_0_0_4
    except DatabaseError:
        logger.exception("Metrics could not be read")
        return HttpResponse(
            "The database is not available; see the log.\n",
            status=503,
            content_type="text/plain; charset=utf-8",
        )
    return HttpResponse(text, content_type=kind)


def is_allowed(request: HttpRequest) -> bool:
    """Whether the request has the token or, if none is configured, comes from this machine."""
    token = settings.CHATSITE_METRICS_TOKEN
    if token:
        scheme, _, given = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
        return scheme.lower() == "bearer" and hmac.compare_digest(
            given.strip().encode(), token.encode()
        )
    # A proxy on this machine has a local address, too, and so has a browser that runs a
    # malicious page; hence the checks of forwarding headers and host.
    is_proxied = "HTTP_X_FORWARDED_FOR" in request.META or "HTTP_FORWARDED" in request.META
    name = host_name(request.META.get("HTTP_HOST", "")).lower()
    is_local = request.META.get("REMOTE_ADDR") in _LOCAL_ADDRESSES and name in _LOCAL_NAMES
    return is_local and not is_proxied
