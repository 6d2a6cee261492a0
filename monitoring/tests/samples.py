"""Stores samples for tests the way the server stores real ones."""

from uuid import UUID

from monitoring import store
from monitoring.collector import Collector

# A Wednesday, 12:00 UTC.
NOON = 1_763_553_600_000
MINUTE = 60_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR


def put(
    metric: str,
    resource_id: UUID,
    at_ms: int,
    value: float = 1.0,
    *,
    times: int = 1,
    is_duration: bool = False,
    **dimensions: str,
) -> None:
    """Store `times` samples of one series."""
    counted = Collector()
    key = (metric, resource_id, tuple(dimensions.items()))
    counted.record(key, at_ms, value, times=times, is_duration=is_duration)
    store.add(counted.take()[0])


def requests(
    resource_id: UUID,
    at_ms: int,
    operation: str = "SendChatMessage",
    status: int = 201,
    *,
    times: int = 1,
    milliseconds: float = 5.0,
) -> None:
    """Store samples of requests to the chat API."""
    put(
        "APIRequestChat",
        resource_id,
        at_ms,
        milliseconds,
        times=times,
        is_duration=True,
        Operation=operation,
        StatusCode=str(status),
        StatusCodeClass=f"{status // 100}xx",
    )
