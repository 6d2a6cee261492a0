"""`/metrics`: what Prometheus scrapes (monitoring contract 6).

Counters come from the database, so it does not matter which process answers: scrape one address,
not every process. Series are as many as operations, statuses and subscriptions, never as threads.
"""

import hmac
from collections.abc import Iterable, Iterator
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from django.conf import settings
from django.db import DatabaseError
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.metrics_core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.openmetrics import exposition as openmetrics
from prometheus_client.registry import Collector

from identity.authentication import host_name
from monitoring.flusher import flush
from monitoring.histogram import BOUNDS
from monitoring.models import BUCKET_FIELDS, Alert, MinuteSample, Series

_LOCAL_ADDRESSES = ("127.0.0.1", "::1")
_LOCAL_NAMES = ("localhost", "127.0.0.1", "[::1]")


def metrics_page(request: HttpRequest) -> HttpResponseBase:
    """The text, for whoever has the token, or asks from this machine when there is none."""
    if not may_read(request):
        response = HttpResponse(
            "Send CHATSITE_METRICS_TOKEN as a bearer token, or ask from this machine.\n",
            status=401,
            content_type="text/plain; charset=utf-8",
        )
        response["WWW-Authenticate"] = "Bearer"
        return response
    try:
        flush()
    except DatabaseError:
        # Still worth to tell what is known.
        pass
    registry = CollectorRegistry()
    registry.register(StoredMetrics())
    if "application/openmetrics-text" in request.META.get("HTTP_ACCEPT", ""):
        return HttpResponse(
            openmetrics.generate_latest(registry), content_type=openmetrics.CONTENT_TYPE_LATEST
        )
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_PLAIN_0_0_4)


def may_read(request: HttpRequest) -> bool:
    """Whether the request has the token, or, without one, comes from this machine to it."""
    token = settings.CHATSITE_METRICS_TOKEN
    if token:
        _, _, given = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
        return hmac.compare_digest(given.strip().encode(), token.encode())
    # A proxy on this machine is local as well, and so is a browser with a page of anybody's.
    is_proxied = "HTTP_X_FORWARDED_FOR" in request.META or "HTTP_FORWARDED" in request.META
    name = host_name(request.META.get("HTTP_HOST", "")).lower()
    is_local = request.META.get("REMOTE_ADDR") in _LOCAL_ADDRESSES and name in _LOCAL_NAMES
    return is_local and not is_proxied


class StoredMetrics(Collector):
    """Families of Prometheus made from the series."""

    def describe(self) -> Iterable[Metric]:
        """Nothing: the registry would read everything twice."""
        return []

    def collect(self) -> Iterator[Metric]:
        """All families."""
        series = list(Series.objects.all())
        yield from _requests(series)
        yield from _counters(series)
        yield from _webhooks(series)
        yield from _gauges(series)
        yield from _alerts()
        build = GaugeMetricFamily("acs_build_info", "The running version.", labels=["version"])
        build.add_metric([_version()], 1)
        yield build


_SERVICES = {"APIRequestChat": "chat", "APIRequestAuthentication": "identity"}


def _requests(series: list[Series]) -> Iterator[Metric]:
    counts = CounterMetricFamily(
        "acs_api_requests",
        "Requests to the API.",
        labels=["service", "operation", "status_code", "status_class"],
    )
    by_operation: dict[tuple[str, str], list[Series]] = {}
    counted: dict[tuple[str, ...], int] = {}
    for row in series:
        service = _SERVICES.get(row.metric)
        if service is None:
            continue
        operation = row.dimensions["Operation"]
        status = row.dimensions["StatusCode"]
        place: tuple[str, ...] = (service, operation, status, row.dimensions["StatusCodeClass"])
        counted[place] = counted.get(place, 0) + row.count
        by_operation.setdefault((service, operation), []).append(row)
    for labels, count in sorted(counted.items()):
        counts.add_metric(labels, count)
    yield counts
    durations = HistogramMetricFamily(
        "acs_api_request_duration_seconds",
        "How long answers of the API took.",
        labels=["service", "operation"],
    )
    for names, rows in sorted(by_operation.items()):
        buckets, seconds = _histogram(rows)
        durations.add_metric(names, buckets=buckets, sum_value=seconds)
    yield durations


def _histogram(rows: list[Series]) -> tuple[list[tuple[str, float]], float]:
    """Cumulated buckets in seconds, and the sum of all."""
    sums = [sum(getattr(row, name) for row in rows) for name in BUCKET_FIELDS]
    cumulated, so_far = [], 0
    for bound, count in zip((*BOUNDS, None), sums, strict=True):
        so_far += count
        cumulated.append(("+Inf" if bound is None else repr(bound / 1000), float(so_far)))
    return cumulated, sum(row.total for row in rows) / 1000


# Series name, family, help, and which dimensions become which labels.
_COUNTERS: tuple[tuple[str, str, str, dict[str, str]], ...] = (
    (
        "ChatMessages",
        "acs_chat_messages",
        "Messages sent, edited and deleted.",
        {"MessageType": "type", "Action": "action"},
    ),
    (
        "ChatThreads",
        "acs_chat_thread_changes",
        "Threads created and deleted.",
        {"Action": "action"},
    ),
    (
        "WebhookDeadLetters",
        "acs_eventgrid_dead_lettered",
        "Events that webhooks gave up.",
        {"Subscription": "subscription", "Reason": "reason"},
    ),
    (
        "CognitiveRequests",
        "acs_cognitive_requests",
        "Requests to cognitive providers.",
        {"Kind": "kind", "Outcome": "outcome"},
    ),
    (
        "StorageErrors",
        "acs_storage_errors",
        "Reads and writes that the database refused.",
        {"Source": "source"},
    ),
)


def _counters(series: list[Series]) -> Iterator[Metric]:
    for metric, name, text, labels in _COUNTERS:
        family = CounterMetricFamily(name, text, labels=list(labels.values()))
        counted: dict[tuple[str, ...], int] = {}
        for row in series:
            if row.metric == metric:
                place = tuple(row.dimensions.get(dimension, "").lower() for dimension in labels)
                counted[place] = counted.get(place, 0) + row.count
        for place, count in sorted(counted.items()):
            family.add_metric(place, count)
        yield family


def _webhooks(series: list[Series]) -> Iterator[Metric]:
    counts = CounterMetricFamily(
        "acs_eventgrid_deliveries",
        "Requests to webhook endpoints.",
        labels=["subscription", "outcome"],
    )
    durations = HistogramMetricFamily(
        "acs_eventgrid_delivery_duration_seconds", "How long webhook endpoints took to answer."
    )
    rows = [row for row in series if row.metric == "WebhookDeliveries"]
    counted: dict[tuple[str, str], int] = {}
    for row in rows:
        place = (row.dimensions.get("Subscription", ""), row.dimensions.get("Outcome", ""))
        counted[place] = counted.get(place, 0) + row.count
    for place, count in sorted(counted.items()):
        counts.add_metric(place, count)
    yield counts
    if rows:
        buckets, seconds = _histogram(rows)
        durations.add_metric([], buckets=buckets, sum_value=seconds)
    yield durations


_GAUGES = {
    "RealtimeConnections": ("acs_realtime_connections", "Open live connections."),
    "WebhookPending": ("acs_eventgrid_pending", "Events on their way to webhooks."),
    "WebhookOldestPending": (
        "acs_eventgrid_oldest_pending_seconds",
        "Age of the oldest event on its way to a webhook.",
    ),
    "Threads": ("acs_chat_threads", "Threads that exist."),
    "Users": ("acs_identities", "Identities that exist."),
}


def _gauges(series: list[Series]) -> Iterator[Metric]:
    """The last sampled values: of all resources the sum, of ages the greatest."""
    for metric, (name, text) in _GAUGES.items():
        values = [_last_value(row) for row in series if row.metric == metric]
        known = [value for value in values if value is not None]
        if known:
            value = max(known) if metric == "WebhookOldestPending" else sum(known)
            yield GaugeMetricFamily(name, text, value=value)


def _last_value(row: Series) -> float | None:
    last = MinuteSample.objects.filter(series=row).order_by("-at_ms").first()
    return last.total / last.count if last and last.count else None


def _alerts() -> Iterator[Metric]:
    family = GaugeMetricFamily(
        "acs_alerts_firing", "Alerts that are firing.", labels=["rule", "severity"]
    )
    rows: Any = (
        Alert.objects.filter(resolved_ms=None, is_stateful=True)
        .values_list("rule_name", "severity")
        .annotate(n=Count("id"))
        .order_by("rule_name", "severity")
    )
    for rule, severity, count in rows:
        family.add_metric([rule, str(severity)], count)
    yield family


def _version() -> str:
    try:
        return version("chatsite")
    except PackageNotFoundError:
        return "development"
