"""What one process at a time does: counting from the database, looking at rules, telling people."""

import logging
import threading
import uuid
from collections.abc import Callable

from django.db import DatabaseError, close_old_connections, connection

from events import leases
from monitoring import usage
from monitoring.alerts import engine, notifying
from monitoring.flusher import flusher
from wire import telemetry
from wire.times import now_ms

logger = logging.getLogger(__name__)

SECONDS = 1.0
LEASE_MS = 15_000
_NAME = "monitoring"

Job = Callable[[int], object]


def count_events(now_ms: int) -> None:
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
    (lambda now_ms: notifying.send_due(now_ms, clock=_clock), 0),
    (notifying.repeat_to_alertmanagers, 5_000),
)


def _clock() -> int:
    return now_ms()


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
            thread = threading.Thread(
                target=self._run, args=(f"{_NAME}-{name}", jobs), name=f"monitoring-{name}"
            )
            thread.daemon = True
            self._threads.append(thread)
            thread.start()

    def stop(self) -> None:
        """Ends at the next opportunity; other processes may lead at once."""
        self._stopping.set()
        for thread in self._threads:
            thread.join(15)
        flusher.stop()

    def _run(self, lease: str, jobs: tuple[tuple[Job, int], ...]) -> None:
        due = dict.fromkeys(range(len(jobs)), 0)
        held_until_ms = 0
        while not self._stopping.wait(SECONDS):
            at_ms = now_ms()
            if held_until_ms - at_ms < LEASE_MS // 2:
                if not self._guarded(
                    lambda: leases.hold(lease, self.id, now_ms(), for_ms=LEASE_MS)
                ):
                    continue
                held_until_ms = at_ms + LEASE_MS
            for index, (job, every_ms) in enumerate(jobs):
                if due[index] <= at_ms and not self._stopping.is_set():
                    due[index] = at_ms + every_ms
                    self._guarded(lambda job=job: job(now_ms()))  # type: ignore[misc]
        self._guarded(lambda: leases.let_go(lease, self.id))
        connection.close()

    def _holds(self, lease: str) -> bool:
        return leases.hold(lease, self.id, now_ms(), for_ms=LEASE_MS)

    def _guarded(self, work: Callable[[], object]) -> object:
        """What `work` returns; a failure is logged, and things go on."""
        try:
            close_old_connections()
            return work()
        except DatabaseError:
            telemetry.count("StorageErrors", Source="monitoring")
            logger.exception("The database refused what monitoring wanted")
        except Exception:
            logger.exception("A job of the monitoring failed")
        connection.close()
        return None
