"""Evaluates a condition for a window: values, thresholds, and whether they are met."""

import operator
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

from monitoring import queries
from monitoring.alerts import dynamic
from monitoring.alerts.models import AlertCondition, AlertRule, ConditionKind, Operator
from monitoring.catalogue import METRICS, PERCENTILES, Metric
from monitoring.models import DAY_MS, MINUTE_MS
from monitoring.queries import Aggregate, DimensionFilter, DimensionValues, lowercase

_COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    Operator.GREATER_THAN: operator.gt,
    Operator.GREATER_THAN_OR_EQUAL: operator.ge,
    Operator.LESS_THAN: operator.lt,
    Operator.LESS_THAN_OR_EQUAL: operator.le,
    Operator.EQUALS: operator.eq,
}


@dataclass(frozen=True)
class Finding:
    """The result of one condition for one combination of dimension values."""

    metric: Metric
    aggregation: str
    operator: str
    dimensions: dict[str, str]
    value: float | None
    threshold: float | None
    # None: unknown, because there are no samples.
    is_met: bool | None
    sensitivity: str = ""
    periods: tuple[int, int] = (1, 1)
    ignore_before_ms: int | None = None

    def as_stored(self) -> dict[str, Any]:
        """The JSON object that an alert stores."""
        return {
            "metric": self.metric.name,
            "namespace": self.metric.namespace,
            "unit": self.metric.unit,
            "aggregation": self.aggregation,
            "operator": self.operator,
            "dimensions": self.dimensions,
            "value": self.value,
            "threshold": self.threshold,
            "sensitivity": self.sensitivity,
            "evaluation_periods": self.periods[0],
            "failing_periods": self.periods[1],
            "ignore_before_ms": self.ignore_before_ms,
        }


def compare(name: str, value: float, threshold: float) -> bool:
    return _COMPARISONS[name](value, threshold)


def filters_of(condition: AlertCondition) -> list[DimensionFilter]:
    """The dimensions that a condition filters, and whose values are evaluated separately."""
    return [
        DimensionFilter(
            each["name"],
            tuple(each.get("values") or ["*"]),
            is_exclusion=str(each.get("operator", "Include")).lower() == "exclude",
        )
        for each in condition.dimensions
    ]


def explicit_combinations(filters: Iterable[DimensionFilter]) -> list[DimensionValues] | None:
    """Every combination that the filters list; None if some must be found in samples."""
    wanted = list(filters)
    if any(each.is_exclusion or "*" in each.values for each in wanted):
        return None
    return list(product(*(each.values for each in wanted)))


def combinations(
    rule: AlertRule, condition: AlertCondition, end_ms: int, known: Iterable[DimensionValues] = ()
) -> list[DimensionValues]:
    """The combinations of dimension values that are evaluated.

    Those that the condition lists; otherwise those with samples in the last day, and `known` ones.
    """
    filters = filters_of(condition)
    named = explicit_combinations(filters)
    if named is not None:
        return named
    metric = METRICS[condition.metric]
    found = queries.total(
        metric,
        resource_id=rule.resource_id,
        start_ms=end_ms - DAY_MS,
        end_ms=end_ms,
        by=[each.name for each in filters],
        filters=filters,
    )
    return sorted({*found, *known})


def evaluate(
    rule: AlertRule, condition: AlertCondition, end_ms: int, known: Iterable[DimensionValues] = ()
) -> dict[DimensionValues, Finding]:
    """The findings for the window that ends at `end_ms`, by combination."""
    metric, filters = METRICS[condition.metric], filters_of(condition)
    names = [each.name for each in filters]
    aggregate = queries.total(
        metric,
        resource_id=rule.resource_id,
        start_ms=end_ms - rule.window_minutes * MINUTE_MS,
        end_ms=end_ms,
        by=names,
        filters=filters,
        with_buckets=condition.aggregation in PERCENTILES,
    )
    by_lower = {lowercase(values): found for values, found in aggregate.items()}
    findings = {
        values: finding(
            condition,
            dict(zip(names, values, strict=True)),
            by_lower.get(lowercase(values), Aggregate()).value(metric, condition.aggregation),
        )
        for values in combinations(rule, condition, end_ms, known)
    }
    if condition.kind == ConditionKind.STATIC:
        return findings
    return {
        values: replace(each, **dynamic.judge(rule, condition, values, each.value, end_ms))
        for values, each in findings.items()
    }


def finding(condition: AlertCondition, dimensions: dict[str, str], value: float | None) -> Finding:
    """The finding of a static condition, or of a dynamic one before its threshold is known."""
    is_static = condition.kind == ConditionKind.STATIC
    is_met = None
    if is_static and value is not None and condition.threshold is not None:
        is_met = compare(condition.operator, value, condition.threshold)
    return Finding(
        METRICS[condition.metric],
        condition.aggregation,
        condition.operator,
        dimensions,
        value,
        condition.threshold if is_static else None,
        is_met,
        sensitivity="" if is_static else condition.sensitivity,
        periods=(1, 1) if is_static else (condition.evaluation_periods, condition.failing_periods),
        ignore_before_ms=None if is_static else condition.ignore_before_ms,
    )
