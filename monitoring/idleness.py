"""Whether monitoring jobs can be skipped because nothing is happening."""

from collections.abc import Iterator

from django.db.models import F, Max, Q, QuerySet, Value

from background.activity import activity
from events.models import Event
from monitoring import usage
from monitoring.alerts.models import (
    AlertInstance,
    AlertRule,
    ConditionKind,
    Notification,
    NotificationState,
    Operator,
)
from monitoring.models import MINUTE_MS, MinuteSample, ProcessReport

# How often an idle process looks for activity of other processes.
CHECK_MS = 60_000
# Rules are evaluated for this long after their window has emptied.
_MARGIN_MS = 5 * MINUTE_MS
# Sampled by the monitoring itself, so not a sign of activity.
_GAUGES = (
    "RealtimeConnections", "WebhookPending", "WebhookOldestPending", "Threads", "Users",
    "ActiveUsers", "ActiveThreads",
)  # fmt: skip


class Idleness:
    """Idle: the windows of all rules are empty, no alert is firing, no notification is pending."""

    def __init__(self) -> None:
        self.was_idle = False
        self._has_run = False
        self._checked_ms = self._checked_rules_ms = 0
        self._longest_ms = 0

    def is_idle(self, at_ms: int) -> bool:
        """Whether jobs can be skipped; the first call returns False.

        Makes one or two queries a minute.
        """
        self.was_idle = self._has_run and not self._is_active(at_ms)
        self._has_run = True
        return self.was_idle

    def _is_active(self, at_ms: int) -> bool:
        if activity.idle_ms(at_ms) < self._longest_ms + _MARGIN_MS:
            self._read_longest_window(at_ms)
            return True
        if at_ms - self._checked_ms < CHECK_MS:
            return not self.was_idle
        self._checked_ms = at_ms
        if _has_signs(at_ms):
            activity.note(at_ms)
            return True
        return False

    def _read_longest_window(self, at_ms: int) -> None:
        if at_ms - self._checked_rules_ms >= CHECK_MS:
            self._checked_rules_ms = at_ms
            rules = AlertRule.objects.filter(is_enabled=True)
            longest = rules.aggregate(m=Max(F("window_minutes") + F("frequency_minutes")))["m"]
            self._longest_ms = (longest or 0) * MINUTE_MS


def _has_signs(at_ms: int) -> bool:
    first, *others = (
        rows.order_by().annotate(one=Value(1)).values("one") for rows in _signs(at_ms)
    )
    return bool(first.union(*others, all=True)[:1])


def _signs(at_ms: int) -> "Iterator[QuerySet]":
    """Queries whose rows show recent activity or pending work, in any process."""
    recent_ms = at_ms - 2 * CHECK_MS
    yield MinuteSample.objects.filter(at_ms__gte=recent_ms - MINUTE_MS).exclude(
        series__metric__in=_GAUGES
    )
    if usage.counted_to.last_id is not None:
        yield Event.objects.filter(id__gt=usage.counted_to.last_id)
    yield ProcessReport.objects.filter(seen_ms__gte=recent_ms, gauges__RealtimeConnections__gt=0)
    yield Notification.objects.filter(state=NotificationState.PENDING)
    yield AlertInstance.objects.filter(is_firing=True, rule__is_enabled=True)
    # These may fire because nothing happens.
    yield AlertRule.objects.filter(
        ~Q(conditions__operator=Operator.GREATER_THAN) | Q(conditions__threshold__lt=0),
        conditions__kind=ConditionKind.STATIC,
        is_enabled=True,
    )
