"""Counting what happens, for whoever watches: the way up from the rooms to the monitoring.

    telemetry.count("StorageErrors", Source="worker")
    telemetry.observe("CognitiveRequests", 12.5, resource_id=resource.id, Kind="translate")

A metric's name and dimensions are those of `monitoring.catalogue`. Values of dimensions must be
few: never the id of a thread, user or message. Whatever is counted here costs a few microseconds
and no statement, and a sink that fails does not concern the caller.
"""

import logging
from collections.abc import Callable
from functools import cache
from uuid import UUID

from django.conf import settings
from django.utils.module_loading import import_string

logger = logging.getLogger(__name__)

# Metric, dimensions, resource (None: the whole server), value, whether it is a duration, and how
# many times it happened.
Sink = Callable[[str, tuple[tuple[str, str], ...], UUID | None, float, bool, int], None]

# Values that are asked for now and then, by the metric's name.
gauges: dict[str, Callable[[], float]] = {}


@cache
def _sinks(paths: tuple[str, ...]) -> tuple[Sink, ...]:
    return tuple(import_string(path) for path in paths)


def count(
    metric: str, *, times: int = 1, resource_id: UUID | None = None, **dimensions: str
) -> None:
    """Notes that it happened, once or several times."""
    _send(metric, dimensions, resource_id, 1.0, False, times)


def observe(
    metric: str, milliseconds: float, *, resource_id: UUID | None = None, **dimensions: str
) -> None:
    """Notes that it happened once, and how long it took."""
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
            logger.exception("A metric could not be counted")
