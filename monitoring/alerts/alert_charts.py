"""The charts on an alert's page: the values before, while and after it fired."""

from typing import Any

from django.conf import settings

from monitoring.alerts.models import Alert, AlertCondition, AlertRule
from monitoring.alerts.preview import chart_of, history_of
from monitoring.catalogue import METRICS
from monitoring.models import DAY_MS, HOUR_MS, MINUTE_MS

_MAX_POINTS = 400
_MAX_SPAN_MS = 7 * DAY_MS
# Windows that are shown before the alert fired and after it was resolved.
_WINDOWS_AROUND = 6


def charts_of(alert: Alert, now_ms: int) -> list[dict[str, Any]]:
    """One chart per condition, with the values of the windows that the rule evaluated."""
    return [_chart(alert, found, now_ms) for found in alert.found if found.get("metric") in METRICS]


def _chart(alert: Alert, found: dict[str, Any], now_ms: int) -> dict[str, Any]:
    ends = _ends(alert, now_ms)
    rule = AlertRule(
        resource_id=alert.resource_id,
        window_minutes=(alert.window_end_ms - alert.window_start_ms) // MINUTE_MS,
    )
    # Dynamic conditions, too, are drawn with the threshold at the time of firing.
    condition = AlertCondition(
        metric=found["metric"],
        aggregation=found["aggregation"],
        operator=found["operator"],
        threshold=found["threshold"],
        dimensions=[
            {"name": name, "operator": "Include", "values": [value]}
            for name, value in found["dimensions"].items()
        ],
    )
    values = tuple(found["dimensions"].values())
    past = history_of(rule, condition, ends[0], ends[-1], [values])
    chart = chart_of(past, [values], ends)
    is_kept = ends[0] >= now_ms - settings.CHATSITE_METRICS_MINUTE_DAYS * DAY_MS
    if not is_kept:
        # The samples have been deleted; zeros would be wrong.
        chart["series"] = []
    marks = {"fired": alert.window_end_ms, "resolved": alert.resolved_ms}
    return {
        **chart,
        "empty": "There are no samples for this time."
        if is_kept
        else "Samples by the minute are not kept for this long; see CHATSITE_METRICS_MINUTE_DAYS.",
        "marks": [{"label": label, "at": at_ms // 1000} for label, at_ms in marks.items() if at_ms],
    }


def _ends(alert: Alert, now_ms: int) -> range:
    """The ends of the windows to show, in epoch milliseconds."""
    around_ms = max(_WINDOWS_AROUND * (alert.window_end_ms - alert.window_start_ms), HOUR_MS)
    start_ms = alert.window_end_ms - around_ms
    last_ms = (alert.resolved_ms or now_ms) + around_ms
    end_ms = min(last_ms, now_ms - now_ms % MINUTE_MS, start_ms + _MAX_SPAN_MS)
    end_ms = max(end_ms, alert.window_end_ms)
    step_ms = MINUTE_MS * max((end_ms - start_ms) // MINUTE_MS // _MAX_POINTS, 1)
    return range(start_ms, end_ms + 1, step_ms)
