"""Metrics and their definitions as azure-mgmt-monitor reads them (monitoring contract 3)."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.conf import settings

from azure_management.monitor.values import duration_of, invalid, minutes_of
from monitoring import queries
from monitoring.catalogue import METRICS, PERCENTILES, Metric, find
from monitoring.models import DAY_MS, HOUR_MS, MINUTE_MS
from monitoring.queries import DimensionFilter, Folded
from wire import times
from wire.times import from_ms

_MOST_STEPS = 10_000
# The last year that Python's dates can be widened in.
_LATEST_MS = 253_339_228_800_000
_INTERVALS = (1, 5, 15, 30, 60, 360, 720, 1440)
_TERM = re.compile(r"\s*(\w+)\s+(eq|ne)\s+'((?:[^']|'')*)'\s*", re.IGNORECASE)
_WORD = re.compile(r"(and|or)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Question:
    """What a request for metrics wants to know."""

    metrics: tuple[Metric, ...]
    start_ms: int
    end_ms: int
    step_ms: int
    # Where the first step begins, whether or not anything is asked of it.
    origin_ms: int
    aggregations: tuple[str, ...]
    filters: tuple[DimensionFilter, ...]
    top: int
    wants_data: bool

    @classmethod
    def of(cls, query: Mapping[str, str], now_ms: int) -> "Question":
        """From the query string. Raises ChatError 400."""
        namespace = query.get("metricnamespace", "")
        names = [n.strip() for n in query.get("metricnames", "").split(",") if n.strip()]
        metrics = tuple(_metric(name, namespace) for name in names or ["APIRequestChat"])
        start_ms, end_ms = _timespan(query.get("timespan", ""), now_ms)
        if query.get("interval", "").upper() == "FULL":
            start_ms, end_ms = _whole_steps(start_ms, end_ms, now_ms)
            step_ms, origin_ms = end_ms - start_ms, start_ms
        else:
            step_ms, origin_ms = _interval(query.get("interval", "")), 0
            start_ms -= start_ms % step_ms
        if (end_ms - start_ms) // step_ms > _MOST_STEPS:
            raise invalid(f"More than {_MOST_STEPS} steps: ask for a larger interval.")
        filters = _filters(query.get("$filter", ""))
        for metric in metrics:
            for each in filters:
                if each.name not in metric.dimensions:
                    allowed = ", ".join(metric.dimensions) or "none"
                    raise invalid(
                        f"{metric.name} has no dimension '{each.name}'; it has {allowed}."
                    )
        return cls(
            metrics,
            start_ms,
            end_ms,
            step_ms,
            origin_ms,
            _aggregations(query.get("aggregation", ""), metrics),
            filters,
            _top(query.get("top", "")),
            query.get("resultType", "Data").lower() != "metadata",
        )


def _metric(name: str, namespace: str) -> Metric:
    found = find(name, namespace)
    if found is None:
        raise invalid(f"There is no metric '{name[:100]}'; there are {', '.join(METRICS)}.")
    return found


def _timespan(text: str, now_ms: int) -> tuple[int, int]:
    if not text:
        return now_ms - HOUR_MS, now_ms
    first, separator, last = text.partition("/")
    try:
        if not separator:
            minutes = max(minutes_of(first, "timespan"), 1)
            return max(now_ms - minutes * MINUTE_MS, 0), now_ms
        start_ms, end_ms = times.parse(first), times.parse(last)
    except ValueError:
        raise invalid(
            "'timespan' is <start>/<end>, two times such as 2026-11-23T06:00:00Z."
        ) from None
    if not 0 <= start_ms < end_ms <= _LATEST_MS:
        raise invalid("'timespan' must end after it begins, both after 1970 and before 9999.")
    return start_ms, end_ms


def _whole_steps(start_ms: int, end_ms: int, now_ms: int) -> tuple[int, int]:
    """The time, widened to the smallest steps that are still kept of its beginning."""
    age_ms = now_ms - start_ms
    step_ms = next((each for each, days in kept_days().items() if age_ms < days * DAY_MS), DAY_MS)
    return start_ms - start_ms % step_ms, end_ms + -end_ms % step_ms


def kept_days() -> dict[int, int]:
    """How many days the steps of each size are kept, the smallest first."""
    return {
        MINUTE_MS: settings.CHATSITE_METRICS_MINUTE_DAYS,
        HOUR_MS: settings.CHATSITE_METRICS_HOUR_DAYS,
        DAY_MS: settings.CHATSITE_METRICS_DAY_DAYS,
    }


def _interval(text: str) -> int:
    minutes = minutes_of(text, "interval") if text else 1
    if minutes not in _INTERVALS:
        allowed = ", ".join(duration_of(each) for each in _INTERVALS)
        raise invalid(f"'interval' must be one of {allowed}.")
    return minutes * MINUTE_MS


def _aggregations(text: str, metrics: Sequence[Metric]) -> tuple[str, ...]:
    wanted = [name.strip() for name in text.split(",") if name.strip()]
    if not wanted:
        return (metrics[0].primary_aggregation,)
    known = {name.lower(): name for metric in metrics for name in metric.aggregations}
    for name in wanted:
        if name.lower() not in known:
            raise invalid(f"'aggregation' must be among {', '.join(known.values())}.")
    return tuple(known[name.lower()] for name in wanted)


def _top(text: str) -> int:
    if not text:
        return 1000
    if not text.isascii() or not text.isdigit() or not 0 < int(text[:9]) <= 1000:
        raise invalid("'top' must be a number from 1 to 1000.")
    return int(text)


def _filters(text: str) -> tuple[DimensionFilter, ...]:
    """`Operation eq '*' and StatusCodeClass eq '5xx'`."""
    named: dict[str, tuple[list[str], bool]] = {}
    rest = text.strip()
    while rest:
        found = _TERM.match(rest)
        if found is None:
            raise invalid("'$filter' is written as: Operation eq '*' and StatusCode eq '201'.")
        name, operator, value = found[1], found[2].lower(), found[3].replace("''", "'")
        name = next((each for each in _DIMENSIONS if each.lower() == name.lower()), name)
        values, is_exclusion = named.setdefault(name, ([], operator == "ne"))
        if is_exclusion is not (operator == "ne"):
            raise invalid(f"'$filter' mixes eq and ne for '{name}'.")
        values.append(value)
        rest = rest[found.end() :]
        if rest:
            word = _WORD.match(rest)
            if word is None:
                raise invalid("'$filter' joins its terms with 'and' and 'or'.")
            rest = rest[word.end() :]
            if not rest.strip():
                raise invalid("'$filter' ends with nothing to join.")
    return tuple(
        DimensionFilter(name, tuple(values), is_exclusion)
        for name, (values, is_exclusion) in named.items()
    )


_DIMENSIONS = tuple(name for metric in METRICS.values() for name in metric.dimensions)


def answer(question: Question, resource_id: UUID, scope: str) -> dict[str, Any]:
    """The response to a request for metrics."""
    span = f"{_time(question.start_ms)}/{_time(question.end_ms)}"
    return {
        "cost": 0,
        "timespan": span,
        "interval": duration_of(question.step_ms // MINUTE_MS),
        "namespace": question.metrics[0].namespace,
        "resourceregion": "local",
        "value": [_of_metric(metric, question, resource_id, scope) for metric in question.metrics],
    }


def _of_metric(metric: Metric, question: Question, resource_id: UUID, scope: str) -> dict[str, Any]:
    by = [each.name for each in question.filters]
    found = queries.read(
        metric,
        resource_id=resource_id,
        start_ms=question.start_ms,
        end_ms=question.end_ms,
        step_ms=question.step_ms,
        origin_ms=question.origin_ms,
        by=by,
        filters=question.filters,
        with_buckets=any(name in PERCENTILES for name in question.aggregations),
    )
    if not by:
        # Without dimensions there is always one series, if of zeros.
        found = found or {(): {}}
    ranked = sorted(
        found.items(), key=lambda item: -sum(folded.count for folded in item[1].values())
    )
    return {
        "id": f"/{scope}/providers/Microsoft.Insights/metrics/{metric.name}",
        "type": "Microsoft.Insights/metrics",
        "name": {"value": metric.name, "localizedValue": metric.label},
        "displayDescription": metric.description,
        "unit": metric.unit,
        "errorCode": "Success",
        "timeseries": [
            {
                "metadatavalues": [
                    {"name": {"value": name.lower(), "localizedValue": name}, "value": value}
                    for name, value in zip(by, values, strict=True)
                ],
                "data": _points(metric, question, steps) if question.wants_data else [],
            }
            for values, steps in ranked[: question.top]
        ],
    }


def _points(
    metric: Metric, question: Question, steps: Mapping[int, Folded]
) -> list[dict[str, Any]]:
    points = []
    for at_ms in range(question.start_ms, question.end_ms, question.step_ms):
        point: dict[str, Any] = {"timeStamp": _time(at_ms)}
        folded = steps.get(at_ms, Folded())
        for name in question.aggregations:
            if name in metric.aggregations:
                value = folded.value(metric, name)
                if value is not None:
                    point[name.lower()] = value
        points.append(point)
    return points


def definitions(scope: str, namespace: str) -> dict[str, Any]:
    """The list of metrics that there are; of a namespace, where one is given."""
    return {
        "value": [
            _definition(metric, scope)
            for metric in METRICS.values()
            if namespace.lower() in ("", metric.namespace.lower())
        ]
    }


def _definition(metric: Metric, scope: str) -> dict[str, Any]:
    days = kept_days()
    grains = (1440,) if metric.is_daily else _INTERVALS
    return {
        "id": f"/{scope}/providers/Microsoft.Insights/metricDefinitions/{metric.name}",
        "resourceId": f"/{scope}",
        "namespace": metric.namespace,
        "name": {"value": metric.name, "localizedValue": metric.label},
        "displayDescription": metric.description,
        "category": "Traffic",
        "isDimensionRequired": False,
        "unit": metric.unit,
        "primaryAggregationType": metric.primary_aggregation,
        "supportedAggregationTypes": list(metric.aggregations),
        "metricAvailabilities": [
            {
                "timeGrain": duration_of(minutes),
                "retention": f"P{days[queries.grain_for(minutes * MINUTE_MS)]}D",
            }
            for minutes in grains
        ],
        "dimensions": [{"value": name, "localizedValue": name} for name in metric.dimensions],
    }


def _time(at_ms: int) -> str:
    return from_ms(at_ms).strftime("%Y-%m-%dT%H:%M:%SZ")
