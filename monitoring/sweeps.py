"""Sweeps of the monitoring's tables; see `settings.SWEEPS`."""

from typing import Any

from django.conf import settings
from django.db.models import QuerySet

from background.sweeps import SLICE
from monitoring.flusher import GONE_MS
from monitoring.models import (
    DAY_MS,
    Alert,
    DaySample,
    HourSample,
    MinuteSample,
    ProcessReport,
    RequestRecord,
)


def prune_minute_samples(now_ms: int) -> int:
    """Deletes samples of a minute that are older than CHATSITE_METRICS_MINUTE_DAYS."""
    return _prune(MinuteSample, "at_ms", now_ms - settings.CHATSITE_METRICS_MINUTE_DAYS * DAY_MS)


def prune_hour_samples(now_ms: int) -> int:
    """Deletes samples of an hour that are older than CHATSITE_METRICS_HOUR_DAYS."""
    return _prune(HourSample, "at_ms", now_ms - settings.CHATSITE_METRICS_HOUR_DAYS * DAY_MS)


def prune_day_samples(now_ms: int) -> int:
    """Deletes samples of a day that are older than CHATSITE_METRICS_DAY_DAYS."""
    return _prune(DaySample, "at_ms", now_ms - settings.CHATSITE_METRICS_DAY_DAYS * DAY_MS)


def prune_request_log(now_ms: int) -> int:
    """Deletes logged requests that are older than CHATSITE_REQUEST_LOG_DAYS."""
    before_ms = now_ms - settings.CHATSITE_REQUEST_LOG_DAYS * DAY_MS
    return _prune(RequestRecord, "time_ms", before_ms)


def prune_alerts(now_ms: int) -> int:
    """Deletes alerts that are over and older than CHATSITE_ALERT_HISTORY_DAYS."""
    before_ms = now_ms - settings.CHATSITE_ALERT_HISTORY_DAYS * DAY_MS
    over = Alert.objects.filter(fired_ms__lt=before_ms)
    return _delete(over.exclude(resolved_ms=None, is_stateful=True), "fired_ms")


def forget_processes(now_ms: int) -> int:
    """Deletes reports of processes that ended long ago."""
    return _prune(ProcessReport, "seen_ms", now_ms - 100 * GONE_MS)


def _prune(model: Any, field: str, before_ms: int) -> int:
    return _delete(model.objects.filter(**{f"{field}__lt": before_ms}), field)


def _delete(rows: "QuerySet[Any]", order: str) -> int:
    some = list(rows.order_by(order).values_list("pk", flat=True)[: SLICE * 5])
    if some:
        rows.model._default_manager.filter(pk__in=some).delete()
    return len(some)
