"""Dynamic thresholds, learned from the metric's values at the same hour of the day.

Simpler than Azure's: the median of the windows around the same hour in the last ten days, plus or
minus a multiple of their median absolute deviation. Weekdays are not distinguished. There is no
threshold before three days and 30 windows of history.
"""

from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any

from monitoring import queries
from monitoring.alerts.models import AlertCondition, AlertRule, Operator, Sensitivity
from monitoring.catalogue import METRICS, PERCENTILES, Metric
from monitoring.models import DAY_MS, HOUR_MS, MINUTE_MS
from monitoring.queries import Aggregate, DimensionFilter, DimensionValues

HISTORY_MS = 10 * DAY_MS
MIN_HISTORY_MS = 3 * DAY_MS
MIN_WINDOWS = 30
_DEVIATIONS = {Sensitivity.LOW: 5.0, Sensitivity.MEDIUM: 3.0, Sensitivity.HIGH: 2.0}
# For normally distributed values, the median absolute deviation times this is the standard
# deviation.
_DEVIATION_SCALE = 1.4826
# So many hours before and after count as the same hour.
_NEIGHBOR_HOURS = 1


def bounds(
    past: Mapping[int, float], at_ms: int, sensitivity: str, *, is_counting: bool
) -> tuple[float, float] | None:
    """The lowest and highest usual value at `at_ms`; None without enough history.

    `past` maps the start of each window to its value.
    """
    if len(past) < MIN_WINDOWS or at_ms - min(past) < MIN_HISTORY_MS:
        return None
    values = [value for start, value in past.items() if _is_same_hour(start, at_ms)]
    if not values:
        return None
    middle = median(values)
    spread = _DEVIATION_SCALE * median(abs(value - middle) for value in values)
    # A constant metric must not fire at its first small change.
    spread = max(spread, 0.1 * abs(middle), 1.0 if is_counting else 0.0)
    away = _DEVIATIONS[Sensitivity(sensitivity)] * spread
    return middle - away, middle + away


def _is_same_hour(start_ms: int, at_ms: int) -> bool:
    apart = (start_ms // HOUR_MS - at_ms // HOUR_MS) % 24
    return min(apart, 24 - apart) <= _NEIGHBOR_HOURS


def is_unusual(operator: str, value: float, lowest: float, highest: float) -> bool:
    """Whether a value is out of range in a direction that the operator covers."""
    is_above = value > highest and operator != Operator.LESS_THAN
    return is_above or (value < lowest and operator != Operator.GREATER_THAN)


def threshold(operator: str, value: float | None, limits: tuple[float, float]) -> float:
    """The one of the two limits that notifications and charts show."""
    lowest, highest = limits
    if operator == Operator.LESS_THAN:
        return lowest
    if operator == Operator.GREATER_OR_LESS_THAN and value is not None and value < lowest:
        return lowest
    return highest


def judge(
    rule: AlertRule,
    condition: AlertCondition,
    values: DimensionValues,
    value: float | None,
    end_ms: int,
) -> dict[str, Any]:
    """`is_met` and `threshold` of a finding for the window that ends at `end_ms`."""
    start_ms = end_ms - rule.window_minutes * MINUTE_MS
    past = history(rule, condition, values, start_ms)
    metric = METRICS[condition.metric]
    limits = bounds(past, start_ms, condition.sensitivity, is_counting=metric.is_counting)
    if limits is None:
        return {"is_met": None, "threshold": None}
    return {
        "is_met": None if value is None else is_unusual(condition.operator, value, *limits),
        "threshold": threshold(condition.operator, value, limits),
    }


def history(
    rule: AlertRule, condition: AlertCondition, values: DimensionValues, until_ms: int
) -> dict[int, float]:
    """The values of the windows before `until_ms`, by their start."""
    metric, step_ms = METRICS[condition.metric], rule.window_minutes * MINUTE_MS
    since_ms = max(until_ms - HISTORY_MS, condition.ignore_before_ms or 0)
    names = [each["name"] for each in condition.dimensions]
    pairs = zip(names, values, strict=True)
    found = queries.merged(
        queries.read(
            metric,
            resource_id=rule.resource_id,
            start_ms=since_ms + -since_ms % step_ms,
            end_ms=until_ms - until_ms % step_ms,
            step_ms=step_ms,
            filters=[DimensionFilter(name, (value,)) for name, value in pairs],
            with_buckets=condition.aggregation in PERCENTILES,
        )
    )
    return windows(metric, condition.aggregation, found, until_ms, step_ms)


def windows(
    metric: Metric,
    aggregation: str,
    found: Mapping[int, Aggregate],
    until_ms: int,
    step_ms: int,
) -> dict[int, float]:
    """Values by window start; counters are zero in windows without samples."""
    if not found:
        return {}
    starts: Sequence[int] = sorted(found)
    if metric.is_counting:
        starts = range(starts[0], until_ms - until_ms % step_ms, step_ms)
    values = {at: found.get(at, Aggregate()).value(metric, aggregation) for at in starts}
    return {at: value for at, value in values.items() if value is not None}
