"""What one process at a time does: counting from the database, looking at rules, telling people."""

import logging
import threading
import uuid
from collections.abc import Callable
from functools import partial

from django.db import DatabaseError, close_old_connections, connection

from background import leases
from monitoring import store, usage
from monitoring.alerts import engine, notifying
from monitoring.flusher import flusher
from wire import telemetry
from wire.times import now_ms

logger = logging.getLogger(__name__)

SECONDS = 1.0
LEASE_MS = 15_000
_NAME = "monitoring"

Job = Callable[[int], object]


def count_events(at_ms: int) -> None:
    """Counts all that is new in the event log."""
    while usage.count_events() >= usage.EVENTS_PER_PASS:
        pass


# Each with its pace in milliseconds.
JOBS: tuple[tuple[Job, int], ...] = (
    (count_events, 2_000),
    (usage.sample_gauges, 15_000),
    (usage.count_active, 60_000),
    (usage.sample_totals, 300_000),
    (engine.evaluate_due_rules, 5_000),
)
# In a thread of their own, because receivers may keep them waiting.
TELLING: tuple[tuple[Job, int], ...] = (
    (partial(notifying.send_due, clock=now_ms), 0),
    (notifying.repeat_to_alertmanagers, 5_000),
)


class Shift:
    """Does jobs at their pace, as long as it holds their lease."""

    def __init__(self, lease: str, holder: uuid.UUID, jobs: tuple[tuple[Job, int], ...]) -> None:
        self._lease, self._holder, self._jobs = lease, holder, jobs
        self._due = [0] * len(jobs)
        self._held_until_ms = 0

    def work(self, at_ms: int) -> None:
        """Does what is due, unless another process holds the lease."""
        if self._held_until_ms - at_ms < LEASE_MS // 2:
            if not _guarded(lambda: leases.hold(self._lease, self._holder, at_ms, for_ms=LEASE_MS)):
                return
            self._held_until_ms = at_ms + LEASE_MS
        for place, (job, every_ms) in enumerate(self._jobs):
            if self._due[place] <= at_ms:
                self._due[place] = at_ms + every_ms
                _guarded(partial(job, at_ms))

    def end(self) -> None:
        """Lets others go on at once."""
        _guarded(lambda: leases.let_go(self._lease, self._holder))


def _guarded(work: Callable[[], object]) -> object:
    """What `work` returns; a failure is logged, and things go on."""
    try:
        close_old_connections()
        return work()
    except DatabaseError:
        store.series_cache.forget()
        telemetry.count("StorageErrors", Source="monitoring")
        logger.exception("The database refused what monitoring wanted")
    except Exception:
        logger.exception("A job of the monitoring failed")
    connection.close()
    return None


class Leader:
    """Two threads beside a worker; see `settings.WORKER_PARTS`."""

    def __init__(self) -> None:
        self.id = uuid.uuid4()
        self._stopping = threading.Event()
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        """Begins, and so does the flusher of this process."""
        flusher.start()
        for name, jobs in (("count", JOBS), ("tell", TELLING)):
            shift = Shift(f"{_NAME}-{name}", self.id, jobs)
            thread = threading.Thread(
                target=self._run, args=(shift,), name=f"monitoring-{name}", daemon=True
            )
            self._threads.append(thread)
            thread.start()

    def stop(self) -> None:
        """Ends at the next opportunity; other processes may lead at once."""
        self._stopping.set()
        for thread in self._threads:
            thread.join(15)
        flusher.stop()

    def _run(self, shift: Shift) -> None:
        while not self._stopping.wait(SECONDS):
            shift.work(now_ms())
        shift.end()
        connection.close()
