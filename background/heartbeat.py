"""The row by which a worker shows that it is alive, and what it has done."""

import os
import socket
import uuid
from collections.abc import Callable

from django.db.models import F

from background.guard import LastError
from background.models import Worker
from background.parts import Counts

# Between two writes: while the counts change, and otherwise.
BUSY_MS = 5_000
IDLE_MS = 60_000
# A worker that has not been seen for this long counts as dead.
GONE_MS = 150_000


class Heartbeat:
    """Keeps one worker's row up to date."""

    def __init__(self, worker_id: uuid.UUID, counts: Callable[[], Counts]) -> None:
        self._id, self._counts = worker_id, counts
        self._beat_ms = 0
        self._told: tuple[Counts, str] | None = None

    def work(self, at_ms: int) -> None:
        """Writes the row if that is due at `at_ms`."""
        has_news = self._told != (self._counts(), LastError.text)
        if at_ms - self._beat_ms >= (BUSY_MS if has_news else IDLE_MS):
            self._beat(at_ms)

    def end(self, at_ms: int) -> None:
        """Writes the row for the last time: the worker has stopped."""
        self._beat(at_ms, stopped_ms=at_ms)

    def _beat(self, at_ms: int, **more: int) -> None:
        counts, error = self._counts(), LastError.text
        before = self._told[0] if self._told else Counts()
        rows = Worker.objects.filter(pk=self._id)
        values = {
            "seen_ms": at_ms,
            "delivered": F("delivered") + counts.delivered - before.delivered,
            "failed": F("failed") + counts.failed - before.failed,
            "last_error": error,
            **more,
        }
        if not rows.update(**values):
            Worker.objects.create(pk=self._id, name=f"{socket.gethostname()}:{os.getpid()}")
            rows.update(**values)
        self._beat_ms, self._told = at_ms, (counts, error)
