"""The metric families of `/metrics` (monitoring contract 6).

The number of series grows with operations, statuses and subscriptions, never with threads or users.
"""

import re
from collections.abc import Iterable, Iterator
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from django.db.models import Count
from prometheus_client.metrics_core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from monitoring.catalogue import MAXIMUM, METRICS
from monitoring.flusher import GONE_MS
from monitoring.histogram import BOUNDS
from monitoring.in_progress import GAUGES
from monitoring.models import (
    BUCKET_FIELDS,
    MINUTE_MS,
    Alert,
    MinuteSample,
    ProcessReport,
    Series,
)
from monitoring.operations import AUTHENTICATION, CHAT
from wire.times import now_ms

# Older gauges are left out, because their sampling has stopped.
_STALE_MS = 15 * MINUTE_MS


class StoredMetrics(Collector):
    """Reads the stored series and process reports at every scrape."""

    def describe(self) -> Iterable[Metric]:
        """Returns nothing; otherwise the registry would collect everything twice."""
        return []

    def collect(self) -> Iterator[Metric]:
        series = list(Series.objects.all())
        yield from _requests(series)
        yield from _counters(series)
        yield from _webhooks(series)
        yield from _cognitive(series)
        yield from _gauges(series)
        yield from _processes()
        yield from _alerts()
        build = GaugeMetricFamily("acs_build_info", "The running version.", labels=["version"])
        build.add_metric([_version()], 1)
        yield build


_SERVICES = {CHAT: "chat", AUTHENTICATION: "identity"}


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
        labels: tuple[str, ...] = (service, operation, status, row.dimensions["StatusCodeClass"])
        counted[labels] = counted.get(labels, 0) + row.count
        by_operation.setdefault((service, operation), []).append(row)
    for labels, count in sorted(counted.items()):
        counts.add_metric(labels, count)
    yield counts
    durations = HistogramMetricFamily(
        "acs_api_request_duration_seconds",
        "Time that the API took to respond.",
        labels=["service", "operation"],
    )
    for names, rows in sorted(by_operation.items()):
        buckets, seconds = _histogram(rows)
        durations.add_metric(names, buckets=buckets, sum_value=seconds)
    yield durations


def _histogram(rows: list[Series]) -> tuple[list[tuple[str, float]], float]:
    """Cumulative buckets in seconds, and the sum of all durations in seconds."""
    sums = [sum(getattr(row, name) for row in rows) for name in BUCKET_FIELDS]
    cumulated, so_far = [], 0
    for bound, count in zip((*BOUNDS, None), sums, strict=True):
        so_far += count
        cumulated.append(("+Inf" if bound is None else repr(bound / 1000), float(so_far)))
    return cumulated, sum(row.total for row in rows) / 1000


# Label names that are not simply the dimension's name in snake case.
_LABEL_NAMES = {"MessageType": "type"}


def _label_name(dimension: str) -> str:
    """The label of a dimension: `StatusCode` becomes `status_code`."""
    snake = re.sub(r"(?<!^)(?=[A-Z])", "_", dimension).lower()
    return _LABEL_NAMES.get(dimension, snake)


def _label(row: Series, dimension: str) -> str:
    """A dimension value in lower case, except names of subscriptions and event types."""
    value: str = row.dimensions.get(dimension, "")
    return value if dimension in ("Subscription", "Event") else value.lower()


def _counters(series: list[Series]) -> Iterator[Metric]:
    """The metrics of the catalogue that count samples and name a family."""
    for metric in METRICS.values():
        if not metric.family or not metric.is_counting:
            continue
        labels = [_label_name(dimension) for dimension in metric.dimensions]
        family = CounterMetricFamily(metric.family, metric.description, labels=labels)
        counted: dict[tuple[str, ...], int] = {}
        for row in series:
            if row.metric == metric.stored:
                values = tuple(_label(row, dimension) for dimension in metric.dimensions)
                counted[values] = counted.get(values, 0) + row.count
        for values, count in sorted(counted.items()):
            family.add_metric(values, count)
        yield family


def _webhooks(series: list[Series]) -> Iterator[Metric]:
    counts = CounterMetricFamily(
        "acs_eventgrid_deliveries",
        "Requests to webhook endpoints.",
        labels=["subscription", "outcome"],
    )
    durations = HistogramMetricFamily(
        "acs_eventgrid_delivery_duration_seconds", "Time that webhook endpoints took to respond."
    )
    rows = [row for row in series if row.metric == "WebhookDeliveries"]
    counted: dict[tuple[str, str], int] = {}
    for row in rows:
        labels = (row.dimensions.get("Subscription", ""), row.dimensions.get("Outcome", ""))
        counted[labels] = counted.get(labels, 0) + row.count
    for labels, count in sorted(counted.items()):
        counts.add_metric(labels, count)
    yield counts
    if rows:
        buckets, seconds = _histogram(rows)
        durations.add_metric([], buckets=buckets, sum_value=seconds)
    yield durations


def _cognitive(series: list[Series]) -> Iterator[Metric]:
    durations = HistogramMetricFamily(
        "acs_cognitive_request_duration_seconds",
        "Time that cognitive providers took to respond.",
        labels=["kind"],
    )
    by_kind: dict[str, list[Series]] = {}
    for row in series:
        if row.metric == "CognitiveRequests":
            by_kind.setdefault(_label(row, "Kind"), []).append(row)
    for kind, rows in sorted(by_kind.items()):
        buckets, seconds = _histogram(rows)
        durations.add_metric([kind], buckets=buckets, sum_value=seconds)
    yield durations


def _gauges(series: list[Series]) -> Iterator[Metric]:
    """The last samples, summed over all resources; for ages, the maximum."""
    gauges = {m.stored: m for m in METRICS.values() if m.family and not m.is_counting}
    metrics = {row.pk: row.metric for row in series if row.metric in gauges}
    recent = MinuteSample.objects.filter(
        series__in=metrics, at_ms__gte=now_ms() - _STALE_MS, count__gt=0
    )
    last = {
        series_id: total / count
        for series_id, total, count in recent.order_by("at_ms").values_list(
            "series_id", "total", "count"
        )
    }
    for name, metric in gauges.items():
        known = [value for series_id, value in last.items() if metrics[series_id] == name]
        if known:
            value = max(known) if metric.primary_aggregation == MAXIMUM else sum(known)
            yield GaugeMetricFamily(metric.family, metric.description, value=value)


def _processes() -> Iterator[Metric]:
    """The sums of the gauges that live processes last reported."""
    reports = ProcessReport.objects.filter(seen_ms__gte=now_ms() - GONE_MS)
    said = list(reports.values_list("gauges", flat=True))
    yield GaugeMetricFamily(
        "acs_realtime_connections",
        "Open live connections.",
        value=sum(gauges.get("RealtimeConnections", 0) for gauges in said),
    )
    family = GaugeMetricFamily(
        "acs_api_requests_in_progress", "Requests in progress.", labels=["service"]
    )
    for metric, gauge in GAUGES.items():
        family.add_metric([_SERVICES[metric]], sum(gauges.get(gauge, 0) for gauges in said))
    yield family


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
