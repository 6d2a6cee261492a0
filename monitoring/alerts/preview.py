"""When a rule would have fired in the last seven days, before it is saved."""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import accumulate
from typing import Any

from monitoring import queries
from monitoring.alerts import dynamic, engine, state_machine
from monitoring.alerts.evaluation import (
    Finding,
    explicit_combinations,
    filters_of,
    finding,
)
from monitoring.alerts.models import AlertCondition, AlertRule, ConditionKind
from monitoring.alerts.state_machine import AlertState
from monitoring.catalogue import METRICS, PERCENTILES
from monitoring.histogram import BUCKETS
from monitoring.models import DAY_MS, HOUR_MS, MINUTE_MS
from monitoring.queries import Aggregate, DimensionValues, lowercase

DAYS = 7
MAX_LINES = 6
# Keeps the preview fast enough to follow typing; the busiest combinations are evaluated first.
_MAX_EVALUATIONS = 60_000
_MAX_POINTS = 400
_MAX_FIRED = 50


class RangeExtremes:
    """Minimum or maximum of any range of a sequence in constant time (a sparse table)."""

    def __init__(self, values: list[float], choose: Callable[[float, float], float]) -> None:
        self._choose, self._levels = choose, [values]
        length = 1
        while 2 * length <= len(values):
            last = self._levels[-1]
            self._levels.append([choose(*pair) for pair in zip(last, last[length:], strict=False)])
            length *= 2

    def of(self, first: int, last: int) -> float:
        """The extreme of `values[first:last]`, which must not be empty."""
        level = (last - first).bit_length() - 1
        found = self._levels[level]
        return self._choose(found[first], found[last - (1 << level)])


class MinuteSamples:
    """One combination's samples by the minute, with fast aggregation over any window."""

    def __init__(self, steps: Mapping[int, Aggregate], *, with_buckets: bool) -> None:
        self.at = sorted(steps)
        rows = [steps[at] for at in self.at]
        self.counts = [0, *accumulate(row.count for row in rows)]
        self.totals = [0.0, *accumulate(row.total for row in rows)]
        self.minima = RangeExtremes([row.minimum or 0.0 for row in rows], min)
        self.maxima = RangeExtremes([row.maximum or 0.0 for row in rows], max)
        self.buckets = (
            [[0, *accumulate(row.buckets[bucket] for row in rows)] for bucket in range(BUCKETS)]
            if with_buckets
            else []
        )

    def window(self, start_ms: int, end_ms: int) -> Aggregate:
        """The samples from `start_ms` (included) to `end_ms` (excluded)."""
        first, last = bisect_left(self.at, start_ms), bisect_left(self.at, end_ms)
        if first == last:
            return Aggregate()
        return Aggregate(
            self.counts[last] - self.counts[first],
            self.totals[last] - self.totals[first],
            self.minima.of(first, last),
            self.maxima.of(first, last),
            [sums[last] - sums[first] for sums in self.buckets] or [0] * BUCKETS,
        )


_NOTHING = MinuteSamples({}, with_buckets=True)


@dataclass
class ConditionHistory:
    """One condition and its samples over the whole preview."""

    rule: AlertRule
    condition: AlertCondition
    # By lowercase values.
    minutes: dict[DimensionValues, MinuteSamples]
    _limits: dict[tuple[DimensionValues, int], tuple[float, float] | None] = field(
        default_factory=dict
    )
    _windows: dict[DimensionValues, dict[int, float]] = field(default_factory=dict)

    def minutes_of(self, values: DimensionValues) -> MinuteSamples:
        return self.minutes.get(lowercase(values), _NOTHING)

    def find(self, values: DimensionValues, end_ms: int) -> Finding:
        """The finding for the window that ends at `end_ms`."""
        names = [each["name"] for each in self.condition.dimensions]
        metric = METRICS[self.condition.metric]
        start_ms = end_ms - self.rule.window_minutes * MINUTE_MS
        aggregate = self.minutes_of(values).window(start_ms, end_ms)
        value = aggregate.value(metric, self.condition.aggregation)
        found = finding(self.condition, dict(zip(names, values, strict=True)), value)
        if self.condition.kind == ConditionKind.STATIC:
            return found
        limits = self._limits_at(values, start_ms)
        if limits is None or value is None:
            return found
        operator = self.condition.operator
        return replace(
            found,
            is_met=dynamic.is_unusual(operator, value, *limits),
            threshold=dynamic.threshold(operator, value, limits),
        )

    def _limits_at(self, values: DimensionValues, start_ms: int) -> tuple[float, float] | None:
        key = values, start_ms // HOUR_MS
        if key not in self._limits:
            windows = self._windows_of(values)
            history = {
                at: value
                for at, value in windows.items()
                if start_ms - dynamic.HISTORY_MS <= at < start_ms
            }
            self._limits[key] = dynamic.bounds(
                history,
                start_ms,
                self.condition.sensitivity,
                is_counting=METRICS[self.condition.metric].is_counting,
            )
        return self._limits[key]

    def _windows_of(self, values: DimensionValues) -> dict[int, float]:
        if values not in self._windows:
            metric, step_ms = METRICS[self.condition.metric], self.rule.window_minutes * MINUTE_MS
            minutes = self.minutes_of(values)
            found = {}
            if minutes.at:
                first = minutes.at[0] + -minutes.at[0] % step_ms
                for at in range(first, minutes.at[-1], step_ms):
                    value = minutes.window(at, at + step_ms).value(
                        metric, self.condition.aggregation
                    )
                    if value is not None:
                        found[at] = value
            self._windows[values] = found
        return self._windows[values]


def preview(rule: AlertRule, conditions: Sequence[AlertCondition], now_ms: int) -> dict[str, Any]:
    """The first condition's chart with its threshold, and the alerts that would have fired."""
    step_ms = rule.frequency_minutes * MINUTE_MS
    end_ms = now_ms - now_ms % step_ms
    ends = range(end_ms - DAYS * DAY_MS, end_ms + 1, step_ms)
    known = _combinations(rule, conditions, ends[0], end_ms)
    combinations = known[: max(_MAX_EVALUATIONS // (len(ends) * len(conditions)), 1)]
    histories = [
        history_of(rule, condition, ends[0], end_ms, [values[index] for values in combinations])
        for index, condition in enumerate(conditions)
    ]
    fired: list[dict[str, Any]] = []
    for values in combinations:
        fired += _simulate(rule, conditions, histories, values, ends)
    fired.sort(key=lambda each: -each["firedMs"])
    return {
        "chart": chart_of(histories[0], [values[0] for values in combinations], ends),
        "fired": fired[:_MAX_FIRED],
        "count": len(fired),
        "combinations": len(known),
        "looked": len(combinations),
        "days": DAYS,
    }


def history_of(
    rule: AlertRule,
    condition: AlertCondition,
    start_ms: int,
    end_ms: int,
    combinations: Sequence[DimensionValues],
) -> ConditionHistory:
    metric, filters = METRICS[condition.metric], filters_of(condition)
    history_ms = dynamic.HISTORY_MS if condition.kind == ConditionKind.DYNAMIC else 0
    with_buckets = condition.aggregation in PERCENTILES
    found = queries.read(
        metric,
        resource_id=rule.resource_id,
        start_ms=start_ms - rule.window_minutes * MINUTE_MS - history_ms,
        end_ms=end_ms,
        step_ms=MINUTE_MS,
        by=[each.name for each in filters],
        filters=filters,
        with_buckets=with_buckets,
        only=set(combinations),
    )
    minutes = {
        lowercase(key): MinuteSamples(steps, with_buckets=with_buckets)
        for key, steps in found.items()
    }
    return ConditionHistory(rule, condition, minutes)


def _combinations(
    rule: AlertRule, conditions: Sequence[AlertCondition], start_ms: int, end_ms: int
) -> list[tuple[DimensionValues, ...]]:
    """The values of each condition, for each instance of the rule; the busiest first."""
    named = [explicit_combinations(filters_of(each)) for each in conditions]
    if len(conditions) > 1:
        return [tuple((each or [()])[0] for each in named)]
    filters = filters_of(conditions[0])
    found = queries.read(
        METRICS[conditions[0].metric],
        resource_id=rule.resource_id,
        start_ms=start_ms - start_ms % HOUR_MS,
        end_ms=end_ms,
        step_ms=HOUR_MS,
        by=[each.name for each in filters],
        filters=filters,
    )
    counts = {
        lowercase(values): sum(each.count for each in steps.values())
        for values, steps in found.items()
    }
    known = sorted(found) if named[0] is None else named[0]
    busiest = sorted(known, key=lambda values: -counts.get(lowercase(values), 0))
    return [(values,) for values in busiest]


def _simulate(
    rule: AlertRule,
    conditions: Sequence[AlertCondition],
    histories: Sequence[ConditionHistory],
    values: tuple[DimensionValues, ...],
    ends: Iterable[int],
) -> list[dict[str, Any]]:
    fired: list[dict[str, Any]] = []
    state = AlertState()
    for end_ms in ends:
        found = [
            history.find(each, end_ms) for history, each in zip(histories, values, strict=True)
        ]
        state, is_met = engine.verdict(conditions, state, found)
        state, change = state_machine.advance(state, is_met, auto_mitigate=rule.auto_mitigate)
        if change == "fired":
            where = ", ".join(value for each in values for value in each)
            fired.append(
                {"firedMs": end_ms, "resolvedMs": None, "where": where, "value": found[0].value}
            )
        elif change == "resolved" and fired:
            fired[-1]["resolvedMs"] = end_ms
    return fired


def chart_of(
    history: ConditionHistory, combinations: Sequence[DimensionValues], ends: range
) -> dict[str, Any]:
    metric = METRICS[history.condition.metric]
    # No more points than the chart has room for.
    shown = ends[:: max(len(ends) // _MAX_POINTS, 1)]
    busiest = sorted(
        combinations,
        key=lambda values: -history.minutes_of(values).counts[-1],
    )[:MAX_LINES]
    series, thresholds = [], []
    for index, values in enumerate(busiest):
        found = [history.find(values, end_ms) for end_ms in shown]
        label = ", ".join(values) or metric.label
        series.append({"label": label, "v": [each.value for each in found], "tone": str(index + 1)})
        if index == 0:
            thresholds = [each.threshold for each in found]
    if any(each is not None for each in thresholds):
        series.append({"label": "threshold", "v": thresholds, "tone": "bad"})
    units = {"MilliSeconds": "ms", "Seconds": "s"}
    return {
        "id": "preview",
        "title": f"{metric.label}, {history.condition.aggregation}",
        "kind": "lines",
        "unit": units.get(metric.unit, ""),
        "times": [end_ms // 1000 for end_ms in shown],
        "series": series,
        "empty": "There are no samples in the last seven days.",
    }
