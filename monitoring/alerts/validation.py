"""Checks of alert rules; every problem is a sentence that says what to change."""

import math
from collections.abc import Iterator, Sequence

from admin_toolkit.display import quantity
from monitoring.alerts.evaluation import explicit_combinations, filters_of
from monitoring.alerts.models import (
    FREQUENCIES,
    WINDOWS,
    AlertCondition,
    AlertRule,
    ConditionKind,
    Operator,
)
from monitoring.catalogue import METRICS, SERVER_METRICS

MAX_CONDITIONS = 5
MAX_VALUES = 50


def problems(
    rule: AlertRule, conditions: Sequence[AlertCondition], *, has_receivers: bool = True
) -> list[str]:
    """Every problem of a rule; an empty list if it is valid."""
    found = [*_of_times(rule), *_of_conditions(rule, conditions)]
    if not has_receivers:
        found.append(
            "None of the chosen action groups has an enabled receiver; add a receiver or choose "
            "another group."
        )
    return found


def _of_times(rule: AlertRule) -> Iterator[str]:
    if rule.window_minutes not in WINDOWS:
        allowed = ", ".join(str(minutes) for minutes in WINDOWS)
        yield f"The lookback period must be one of {allowed} minutes."
    if rule.frequency_minutes not in FREQUENCIES:
        allowed = ", ".join(str(minutes) for minutes in FREQUENCIES)
        yield f"The time between two checks must be one of {allowed} minutes."
    if rule.window_minutes < rule.frequency_minutes:
        yield (
            f"The lookback period ({quantity(rule.window_minutes, 'minute')}) is shorter than the "
            f"time between two checks ({quantity(rule.frequency_minutes, 'minute')}), so some "
            "samples would never be evaluated; choose a longer lookback period or check more often."
        )
    if rule.severity not in range(5):
        yield "The severity must be a number from 0 (critical) to 4 (verbose)."


def _of_conditions(rule: AlertRule, conditions: Sequence[AlertCondition]) -> Iterator[str]:
    if not conditions:
        yield "The rule has no condition; add at least one."
    if len(conditions) > MAX_CONDITIONS:
        yield f"The rule has {len(conditions)} conditions; at most {MAX_CONDITIONS} are allowed."
    kinds = {condition.kind for condition in conditions}
    if ConditionKind.DYNAMIC in kinds and len(conditions) > 1:
        yield "A dynamic threshold must be the only condition; remove the others."
    for condition in conditions:
        yield from of_condition(rule, condition)
        if len(conditions) > 1 and _combinations(condition) != 1:
            yield (
                f"“{condition}”: in a rule with several conditions each dimension can have one "
                "value only; create a separate rule for each value."
            )


def _combinations(condition: AlertCondition) -> int:
    named = explicit_combinations(filters_of(condition))
    return 0 if named is None else len(named)


def of_condition(rule: AlertRule, condition: AlertCondition) -> Iterator[str]:
    """Every problem of one condition."""
    metric = METRICS.get(condition.metric)
    if metric is None:
        yield f"There is no metric “{condition.metric}”; choose one of {', '.join(METRICS)}."
        return
    if metric.is_daily:
        yield f"“{metric.label}” has one value per day and cannot be used in a rule."
    if condition.aggregation not in metric.aggregations:
        allowed = ", ".join(metric.aggregations)
        yield (
            f"“{metric.label}” cannot be aggregated by {condition.aggregation}; choose {allowed}."
        )
    if rule.resource_id and metric.name in SERVER_METRICS:
        yield f"“{metric.label}” covers the whole server; choose all resources for this rule."
    yield from _of_dimensions(metric.label, metric.dimensions, condition)
    yield from (_of_dynamic(rule, condition) if _is_dynamic(condition) else _of_static(condition))


def _is_dynamic(condition: AlertCondition) -> bool:
    return condition.kind == ConditionKind.DYNAMIC


def _of_static(condition: AlertCondition) -> Iterator[str]:
    if condition.threshold is None or not math.isfinite(condition.threshold):
        yield "A static threshold must be a number; enter one."
    if condition.operator not in Operator.values:
        yield f"Unknown operator “{condition.operator}”."
    if condition.operator == Operator.GREATER_OR_LESS_THAN:
        yield "“Is above or below” needs a dynamic threshold; choose “is above” or “is below”."


def _of_dynamic(rule: AlertRule, condition: AlertCondition) -> Iterator[str]:
    usable = (Operator.GREATER_THAN, Operator.LESS_THAN, Operator.GREATER_OR_LESS_THAN)
    if condition.operator not in usable:
        yield "A dynamic threshold needs “is above”, “is below” or “is above or below”."
    if rule.frequency_minutes < 5 or not 5 <= rule.window_minutes <= 60:
        yield "A dynamic threshold needs a lookback period and checks of 5 minutes to 1 hour."
    if not 1 <= condition.failing_periods <= condition.evaluation_periods <= 6:
        yield (
            f"The rule cannot require {quantity(condition.failing_periods, 'violation')} in "
            f"{quantity(condition.evaluation_periods, 'evaluation period')}; choose 1 to 6 periods "
            "and no more violations than periods."
        )


def _of_dimensions(label: str, known: Sequence[str], condition: AlertCondition) -> Iterator[str]:
    names = [each.name for each in filters_of(condition)]
    for name in names:
        if name not in known:
            allowed = ", ".join(known) or "none"
            yield f"“{label}” has no dimension “{name}”; its dimensions: {allowed}."
    if len(set(names)) != len(names):
        yield "A dimension is used twice; put all its values into one line."
    if sum(len(each.values) for each in filters_of(condition)) > MAX_VALUES:
        yield f"The condition has more than {MAX_VALUES} dimension values; use * for all values."
