"""Monitoring jobs that one process at a time runs: counting, evaluating rules, notifying.

None of them runs while the server is idle (see `monitoring.idleness`).
"""

import uuid
from collections.abc import Callable
from functools import partial

from django.db import DatabaseError

from background.loops import Loop
from background.parts import Counts
from background.scheduler import Job, LeasedScheduler
from monitoring import store, usage
from monitoring.alerts import engine, notifying
from monitoring.flusher import flusher
from monitoring.idleness import Idleness
from wire.times import now_ms

_TICK_SECONDS = 1.0


def count_events(at_ms: int) -> None:
    """Counts all new events of the log."""
    while usage.count_events() >= usage.EVENTS_PER_PASS:
        pass


def _jobs() -> tuple[Job, ...]:
    return (
        Job("count_events", _storing(count_events), 2_000),
        Job("sample_gauges", _storing(usage.sample_gauges), 15_000),
        Job("count_active", _storing(usage.count_active), 60_000),
        Job("sample_totals", _storing(usage.sample_totals), 300_000),
        Job("evaluate_rules", engine.evaluate_due_rules, 5_000),
    )


def _storing(job: Callable[[int], object]) -> Callable[[int], object]:
    """Clears the cache of series after a database error, because their rows may be missing."""

    def run(at_ms: int) -> object:
        try:
            return job(at_ms)
        except DatabaseError:
            store.series_cache.forget()
            raise

    return run


def _notification_jobs() -> tuple[Job, ...]:
    return (
        Job("send_notifications", partial(notifying.send_due, clock=now_ms), 0),
        Job("repeat_to_alertmanagers", notifying.repeat_to_alertmanagers, 5_000),
    )


class Leader:
    """The monitoring threads of a worker; see `settings.WORKER_PARTS`."""

    def __init__(self, worker_id: uuid.UUID) -> None:
        source = "monitoring"
        self._counting = LeasedScheduler("monitoring-count", worker_id, _jobs(), source=source)
        # In a thread of its own, because receivers may be slow.
        self._notifying = LeasedScheduler(
            "monitoring-notify", worker_id, _notification_jobs(), source=source
        )
        self._idleness = Idleness()
        self.loops = (
            Loop("monitoring-count", self._count, finish=self._counting.end, source=source),
            Loop("monitoring-notify", self._notify, finish=self._notifying.end, source=source),
        )

    def start(self) -> None:
        """Starts the flusher of this process."""
        flusher.start()

    def stop(self) -> None:
        """Stops the flusher, unless the server needs it."""
        flusher.stop()

    def counts(self) -> Counts:
        """Always zero: this part delivers no webhook events."""
        return Counts()

    def _count(self) -> float:
        at_ms = now_ms()
        if not self._idleness.is_idle(at_ms):
            self._counting.work(at_ms)
        return _TICK_SECONDS

    def _notify(self) -> float:
        if not self._idleness.was_idle:
            self._notifying.work(now_ms())
        return _TICK_SECONDS
