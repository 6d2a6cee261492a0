"""Counts events for the metrics of `monitoring`, a higher room.

    telemetry.count("StorageErrors", Source="worker")
    telemetry.observe("CognitiveRequests", 12.5, resource_id=resource.id, Kind="translate")

Names and dimensions are those of `monitoring.catalogue`. A dimension must have few values: never
the id of a thread, user or message. A call takes a few microseconds and no SQL statement. Errors of
a sink are logged and do not reach the caller.
"""

import logging
from collections.abc import Callable
from functools import cache
from uuid import UUID

from django.conf import settings
from django.utils.module_loading import import_string

logger = logging.getLogger(__name__)

# Metric, dimensions, resource (None: the whole server), value, whether the value is a duration in
# milliseconds, and how many times to count it.
Sink = Callable[[str, tuple[tuple[str, str], ...], UUID | None, float, bool, int], None]

# Functions that return the current value of a metric, by its name.
gauges: dict[str, Callable[[], float]] = {}


@cache
def _sinks(paths: tuple[str, ...]) -> tuple[Sink, ...]:
    return tuple(import_string(path) for path in paths)


def count(
    metric: str, *, times: int = 1, resource_id: UUID | None = None, **dimensions: str
) -> None:
    """Counts an event, `times` times."""
    _send(metric, dimensions, resource_id, 1.0, False, times)


def observe(
    metric: str, milliseconds: float, *, resource_id: UUID | None = None, **dimensions: str
) -> None:
    """Counts an event once, with its duration."""
    _send(metric, dimensions, resource_id, milliseconds, True, 1)


def _send(
    metric: str,
    dimensions: dict[str, str],
    resource_id: UUID | None,
    value: float,
    is_duration: bool,
    times: int,
) -> None:
    for sink in _sinks(tuple(settings.METRIC_SINKS)):
        try:
            sink(metric, tuple(dimensions.items()), resource_id, value, is_duration, times)
        except Exception:
            logger.exception("Metric sink failed metric=%s", metric)
