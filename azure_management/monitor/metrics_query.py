"""The query string of a request for metrics, checked (monitoring contract 3)."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.conf import settings

from azure_management.monitor.values import duration, read_minutes
from monitoring.catalogue import DIMENSIONS, METRICS, Metric, find
from monitoring.models import DAY_MS, HOUR_MS, MINUTE_MS
from monitoring.queries import DimensionFilter
from wire import times
from wire.errors import bad_request

_MAX_STEPS = 10_000
# The year 9998: widening a later time to whole steps could exceed Python's dates.
_LATEST_MS = 253_339_228_800_000
INTERVALS = (1, 5, 15, 30, 60, 360, 720, 1440)
_TERM = re.compile(r"\s*(\w+)\s+(eq|ne)\s+'((?:[^']|'')*)'\s*", re.IGNORECASE)
_WORD = re.compile(r"(and|or)\b", re.IGNORECASE)


@dataclass(frozen=True)
class MetricsQuery:
    """Which values a request asks for."""

    metrics: tuple[Metric, ...]
    start_ms: int
    end_ms: int
    step_ms: int
    # Steps begin here and every `step_ms` after it.
    origin_ms: int
    aggregations: tuple[str, ...]
    filters: tuple[DimensionFilter, ...]
    top: int
    wants_data: bool

    @classmethod
    def of(cls, query: Mapping[str, str], now_ms: int) -> "MetricsQuery":
        """Reads the query string. Raises ChatError 400."""
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
        if (end_ms - start_ms) // step_ms > _MAX_STEPS:
            raise bad_request(
                f"'timespan' has more than {_MAX_STEPS} intervals; choose a larger 'interval'."
            )
        filters = _filters(query.get("$filter", ""))
        for metric in metrics:
            for each in filters:
                if each.name not in metric.dimensions:
                    allowed = ", ".join(metric.dimensions) or "none"
                    raise bad_request(
                        f"{metric.name} has no dimension '{each.name}'; its dimensions: {allowed}."
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
        raise bad_request(f"There is no metric '{name[:100]}'; choose from {', '.join(METRICS)}.")
    return found


def _timespan(text: str, now_ms: int) -> tuple[int, int]:
    if not text:
        return now_ms - HOUR_MS, now_ms
    first, separator, last = text.partition("/")
    try:
        if not separator:
            minutes = max(read_minutes(first, "timespan"), 1)
            return max(now_ms - minutes * MINUTE_MS, 0), now_ms
        start_ms, end_ms = times.parse(first), times.parse(last)
    except ValueError:
        raise bad_request(
            "'timespan' must be <start>/<end>, two times such as 2026-11-23T06:00:00Z."
        ) from None
    if not 0 <= start_ms < end_ms <= _LATEST_MS:
        raise bad_request("'timespan' must end after it starts, and lie between 1970 and 9998.")
    return start_ms, end_ms


def _whole_steps(start_ms: int, end_ms: int, now_ms: int) -> tuple[int, int]:
    """The timespan, widened to whole steps of the smallest size that is kept for its start."""
    age_ms = now_ms - start_ms
    step_ms = next((each for each, days in kept_days().items() if age_ms < days * DAY_MS), DAY_MS)
    return start_ms - start_ms % step_ms, end_ms + -end_ms % step_ms


def kept_days() -> dict[int, int]:
    """How many days samples are kept, by their step in milliseconds, smallest first."""
    return {
        MINUTE_MS: settings.CHATSITE_METRICS_MINUTE_DAYS,
        HOUR_MS: settings.CHATSITE_METRICS_HOUR_DAYS,
        DAY_MS: settings.CHATSITE_METRICS_DAY_DAYS,
    }


def _interval(text: str) -> int:
    minutes = read_minutes(text, "interval") if text else 1
    if minutes not in INTERVALS:
        allowed = ", ".join(duration(each) for each in INTERVALS)
        raise bad_request(f"'interval' must be one of {allowed}.")
    return minutes * MINUTE_MS


def _aggregations(text: str, metrics: Sequence[Metric]) -> tuple[str, ...]:
    wanted = [name.strip() for name in text.split(",") if name.strip()]
    if not wanted:
        return (metrics[0].primary_aggregation,)
    known = {name.lower(): name for metric in metrics for name in metric.aggregations}
    for name in wanted:
        if name.lower() not in known:
            raise bad_request(f"'aggregation' must be one of {', '.join(known.values())}.")
    return tuple(known[name.lower()] for name in wanted)


def _top(text: str) -> int:
    if not text:
        return 1000
    if not text.isascii() or not text.isdigit() or not 0 < int(text[:9]) <= 1000:
        raise bad_request("'top' must be a number from 1 to 1000.")
    return int(text)


def _filters(text: str) -> tuple[DimensionFilter, ...]:
    """Reads `Operation eq '*' and StatusCodeClass eq '5xx'`."""
    named: dict[str, tuple[list[str], bool]] = {}
    rest = text.strip()
    while rest:
        found = _TERM.match(rest)
        if found is None:
            raise bad_request("'$filter' must look like: Operation eq '*' and StatusCode eq '201'.")
        name, operator, value = found[1], found[2].lower(), found[3].replace("''", "'")
        name = next((each for each in DIMENSIONS if each.lower() == name.lower()), name)
        values, is_exclusion = named.setdefault(name, ([], operator == "ne"))
        if is_exclusion is not (operator == "ne"):
            raise bad_request(f"'$filter' must not use both eq and ne for '{name}'.")
        values.append(value)
        rest = rest[found.end() :]
        if rest:
            word = _WORD.match(rest)
            if word is None:
                raise bad_request("'$filter' must join its terms with 'and' or 'or'.")
            rest = rest[word.end() :]
            if not rest.strip():
                raise bad_request("'$filter' must not end with 'and' or 'or'.")
    return tuple(
        DimensionFilter(name, tuple(values), is_exclusion)
        for name, (values, is_exclusion) in named.items()
    )
