"""Limits how many audio streams are recognized at the same time."""

from collections import Counter
from dataclasses import dataclass
from functools import cache
from uuid import UUID

from django.conf import settings


@dataclass(frozen=True)
class StreamOwner:
    """To whom a stream is counted; `user_id` is None for an application."""

    resource_id: UUID
    user_id: int | None


class StreamLimiter:
    """Counts the streams of this process. Used by the event loop only."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._streams: Counter[StreamOwner] = Counter()

    def acquire(self, owner: StreamOwner, *, owner_limit: int) -> bool:
        """Counts a new stream of an owner. False if that would exceed a limit."""
        if self.active >= self._limit or self._streams[owner] >= owner_limit:
            return False
        self._streams[owner] += 1
        return True

    def release(self, owner: StreamOwner) -> None:
        """Counts the end of a stream."""
        self._streams[owner] -= 1
        if not self._streams[owner]:
            del self._streams[owner]

    @property
    def active(self) -> int:
        """The number of streams."""
        return self._streams.total()


@cache
def stream_limiter() -> StreamLimiter:
    """The limiter of this process."""
    return StreamLimiter(settings.CHATSITE_COGNITIVE_STREAMS)
