"""Rules that cannot work, and a sentence for each reason that says what to change."""

import math
from collections.abc import Iterator, Sequence

from monitoring.alerts.evaluation import explicit_combinations, filters_of
from monitoring.alerts.models import (
    LONG,
    MINUTES,
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
    """Everything that is wrong with a rule; an empty list when it can work."""
    found = [*_of_times(rule), *_of_conditions(rule, conditions)]
    if not has_receivers:
        found.append(
            "None of the chosen action groups has an enabled receiver: add one, or choose "
            "another group."
        )
    return found


def _of_times(rule: AlertRule) -> Iterator[str]:
    if rule.window_minutes not in MINUTES | LONG:
        allowed = ", ".join(str(minutes) for minutes in MINUTES | LONG)
        yield f"The window must be one of {allowed} minutes."
    if rule.frequency_minutes not in MINUTES:
        allowed = ", ".join(str(minutes) for minutes in MINUTES)
        yield f"The frequency must be one of {allowed} minutes."
    if rule.window_minutes < rule.frequency_minutes:
        yield (
            f"The window ({rule.window_minutes} minutes) is shorter than the time between two "
            f"looks ({rule.frequency_minutes} minutes), so something would never be looked at: "
            "choose a longer window or look more often."
        )
    if rule.severity not in range(5):
        yield "The severity is a number from 0 (critical) to 4 (verbose)."


def _of_conditions(rule: AlertRule, conditions: Sequence[AlertCondition]) -> Iterator[str]:
    if not conditions:
        yield "The rule has no condition: add at least one."
    if len(conditions) > MAX_CONDITIONS:
        yield f"The rule has {len(conditions)} conditions; at most {MAX_CONDITIONS} can be used."
    kinds = {condition.kind for condition in conditions}
    if ConditionKind.DYNAMIC in kinds and len(conditions) > 1:
        yield "A dynamic threshold must be the only condition: remove the others."
    for condition in conditions:
        yield from of_condition(rule, condition)
        if len(conditions) > 1 and _combinations(condition) != 1:
            yield (
                f"“{condition}”: with several conditions each dimension can have one value only; "
                "make a rule of its own for each value."
            )


def _combinations(condition: AlertCondition) -> int:
    named = explicit_combinations(filters_of(condition))
    return 0 if named is None else len(named)


def of_condition(rule: AlertRule, condition: AlertCondition) -> Iterator[str]:
    """What is wrong with one condition."""
    metric = METRICS.get(condition.metric)
    if metric is None:
        yield f"There is no metric “{condition.metric}”: choose one of {', '.join(METRICS)}."
        return
    if metric.is_daily:
        yield f"“{metric.label}” is known once a day only, which no rule can watch."
    if condition.aggregation not in metric.aggregations:
        allowed = ", ".join(metric.aggregations)
        yield (
            f"“{metric.label}” cannot be aggregated by {condition.aggregation}: choose {allowed}."
        )
    if rule.resource_id and metric.name in SERVER_METRICS:
        yield f"“{metric.label}” is of the whole server: choose no resource for this rule."
    yield from _of_dimensions(metric.label, metric.dimensions, condition)
    yield from (_of_dynamic(rule, condition) if _is_dynamic(condition) else _of_static(condition))


def _is_dynamic(condition: AlertCondition) -> bool:
    return condition.kind == ConditionKind.DYNAMIC


def _of_static(condition: AlertCondition) -> Iterator[str]:
    if condition.threshold is None or not math.isfinite(condition.threshold):
        yield "A fixed threshold must be a number: enter one."
    if condition.operator not in Operator.values:
        yield f"There is no operator “{condition.operator}”."
    if condition.operator == Operator.GREATER_OR_LESS_THAN:
        yield "“Above or below” works with a dynamic threshold only: choose one of the two."


def _of_dynamic(rule: AlertRule, condition: AlertCondition) -> Iterator[str]:
    usable = (Operator.GREATER_THAN, Operator.LESS_THAN, Operator.GREATER_OR_LESS_THAN)
    if condition.operator not in usable:
        yield "A dynamic threshold takes “is above”, “is below” or “is above or below”."
    if rule.frequency_minutes < 5 or not 5 <= rule.window_minutes <= 60:
        yield "A dynamic threshold needs a window and a frequency of 5 minutes to 1 hour."
    if not 1 <= condition.failing_periods <= condition.evaluation_periods <= 6:
        yield (
            f"Of the last {condition.evaluation_periods} looks {condition.failing_periods} cannot "
            "be unusual: look back 1 to 6 times, and ask for no more than that."
        )


def _of_dimensions(label: str, known: Sequence[str], condition: AlertCondition) -> Iterator[str]:
    names = [each.name for each in filters_of(condition)]
    for name in names:
        if name not in known:
            allowed = ", ".join(known) or "none"
            yield f"“{label}” has no dimension “{name}”; it has {allowed}."
    if len(set(names)) != len(names):
        yield "A dimension is narrowed twice: put all its values into one line."
    if sum(len(each.values) for each in filters_of(condition)) > MAX_VALUES:
        yield f"More than {MAX_VALUES} values: use * for every one of them."
