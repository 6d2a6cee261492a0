"""Forgetting what is older than the settings keep. A slice at a time; see `background.sweeps`."""

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


def prune_samples(now_ms: int) -> int:
    """Minutes, hours and days that are older than they are kept."""
    kept = (
        (MinuteSample, settings.CHATSITE_METRICS_MINUTE_DAYS),
        (HourSample, settings.CHATSITE_METRICS_HOUR_DAYS),
        (DaySample, settings.CHATSITE_METRICS_DAY_DAYS),
    )
    return max(
        _delete(model._default_manager.filter(at_ms__lt=now_ms - days * DAY_MS), "at_ms")
        for model, days in kept
    )


def prune_request_log(now_ms: int) -> int:
    """Requests that were logged longer ago than the log is kept."""
    before_ms = now_ms - settings.CHATSITE_REQUEST_LOG_DAYS * DAY_MS
    return _delete(RequestRecord.objects.filter(time_ms__lt=before_ms), "time_ms")


def prune_alerts(now_ms: int) -> int:
    """Alerts that were over longer ago than the history is kept, and processes that are gone."""
    before_ms = now_ms - settings.CHATSITE_ALERT_HISTORY_DAYS * DAY_MS
    ProcessReport.objects.filter(seen_ms__lt=now_ms - 100 * GONE_MS).delete()
    over = Alert.objects.filter(fired_ms__lt=before_ms)
    return _delete(over.exclude(resolved_ms=None, is_stateful=True), "fired_ms")


def _delete(rows: "QuerySet[Any]", order: str) -> int:
    some = list(rows.order_by(order).values_list("pk", flat=True)[: SLICE * 5])
    rows.model._default_manager.filter(pk__in=some).delete()
    return len(some)
