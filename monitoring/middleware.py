"""Middleware that counts API requests and, if enabled, logs them.

It makes no database query, and its failures never affect the response.
"""

import logging
import time
from collections.abc import Callable
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from identity.authentication import Service
from identity.callers import Caller
from identity.hosts import host_index, host_name
from monitoring import credentials, health, request_log
from monitoring.answered_requests import AnsweredRequest, ApiOperation
from monitoring.catalogue import SERVER
from monitoring.collector import collector
from monitoring.in_progress import in_progress
from monitoring.operations import CHAT, dimensions_of, metric_of, operation_of
from wire.times import now_ms

logger = logging.getLogger(__name__)

GetResponse = Callable[[HttpRequest], HttpResponseBase]
# The status of requests that failed because of the database; see `wire.errors`.
_UNAVAILABLE = 503


class Probes:
    """Answers `/healthz`, `/readyz` and `/metrics` before any other middleware.

    Probes may use neither an allowed host name nor HTTPS.
    """

    sync_capable = True
    async_capable = False

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        view = _PROBES.get(request.path_info)
        return view(request) if view else self.get_response(request)


def _metrics(request: HttpRequest) -> HttpResponseBase:
    # The client library of Prometheus is needed only where there is a Prometheus.
    from monitoring.exposition import metrics_page

    return metrics_page(request)


_PROBES: dict[str, Callable[[HttpRequest], HttpResponseBase]] = {
    "/healthz": health.healthz,
    "/readyz": health.readyz,
    "/metrics": _metrics,
}


class ObserveRequests:
    """Counts requests to the chat and identity APIs and measures their duration."""

    sync_capable = True
    async_capable = False

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        metric = metric_of(request.path_info)
        if metric is None:
            return self.get_response(request)
        started = time.perf_counter()
        with in_progress[metric]:
            response = self.get_response(request)
        try:
            operation = operation_of(request)
            if operation is not None:
                observe(request, response, operation, (time.perf_counter() - started) * 1000)
        except Exception:
            logger.exception("Request could not be counted path=%r", request.path_info)
        return response


def observe(
    request: HttpRequest,
    response: HttpResponseBase,
    operation: ApiOperation,
    milliseconds: float,
) -> None:
    at_ms = now_ms()
    caller = getattr(request, "user", None)
    resource_id = _resource_of(request, caller)
    status = response.status_code
    if status == _UNAVAILABLE:
        collector.record(("StorageErrors", SERVER, (("Source", "requests"),)), at_ms)
    for metric, dimensions in credentials.found_in(request, operation, status):
        collector.record((metric, resource_id, dimensions), at_ms)
    record_answered(
        request_log.answered(request, response, operation, resource_id, caller, at_ms, milliseconds)
    )


def record_answered(request: AnsweredRequest) -> None:
    """Counts a request that was answered and keeps it for the request log."""
    operation, resource_id, at_ms = request.operation, request.resource_id, request.at_ms
    key = (operation.metric, resource_id, dimensions_of(operation, request.status))
    collector.record(key, at_ms, request.milliseconds, is_duration=True)
    if request.status < 300 and operation.metric == CHAT and request.raw_id:
        collector.record_active("ActiveUsers", resource_id, request.raw_id, at_ms)
        if request.thread_id:
            collector.record_active("ActiveThreads", resource_id, request.thread_id, at_ms)
    if settings.CHATSITE_REQUEST_LOG != "off":
        collector.log(request)


def _resource_of(request: HttpRequest, caller: object) -> UUID:
    if isinstance(caller, Caller):
        return caller.resource_id
    if isinstance(caller, Service):
        return caller.resource.id
    return host_index.resource_id(host_name(request.META.get("HTTP_HOST", ""))) or SERVER
