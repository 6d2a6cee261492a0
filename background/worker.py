"""The worker: background work of all rooms.

`manage.py worker` runs it as a process of its own, `manage.py serve` as threads beside the server.
Any number of workers may run: rows are claimed one by one, and jobs that only one worker may do
run under a lease.
"""

import time
import uuid
from collections.abc import Callable

from django.conf import settings
from django.utils.module_loading import import_string

from background.heartbeat import Heartbeat
from background.loops import Loop
from background.parts import Counts, WorkerPart
from background.sweeps import Sweeper
from wire.times import now_ms

_TICK_SECONDS = 1.0
# Longer than any part needs to end: requests to receivers of alerts may take ten seconds.
STOP_SECONDS = 15.0


class Worker:
    """Runs the loops of all parts, writes the heartbeat, and runs the sweeps."""

    def __init__(self) -> None:
        self.id = uuid.uuid4()
        make: list[Callable[[uuid.UUID], WorkerPart]] = [
            import_string(path) for path in settings.WORKER_PARTS
        ]
        self.parts = [each(self.id) for each in make]
        self._heartbeat = Heartbeat(self.id, self._counts)
        self._sweeper = Sweeper(self.id)
        upkeep = Loop("worker-upkeep", self._upkeep, finish=self._finish)
        self.loops = [upkeep, *(loop for part in self.parts for loop in part.loops)]

    def start(self) -> None:
        """Starts all threads."""
        for part in self.parts:
            part.start()
        for loop in self.loops:
            loop.start()

    def stop(self) -> None:
        """Ends all threads; requests to endpoints get a few seconds to finish."""
        for loop in self.loops:
            loop.stop()
        deadline = time.monotonic() + STOP_SECONDS
        for loop in self.loops:
            loop.join(max(0.0, deadline - time.monotonic()))
        for part in self.parts:
            part.stop()

    def _upkeep(self) -> float:
        at_ms = now_ms()
        self._heartbeat.work(at_ms)
        self._sweeper.work(at_ms)
        return _TICK_SECONDS

    def _finish(self) -> None:
        self._sweeper.end()
        self._heartbeat.end(now_ms())

    def _counts(self) -> Counts:
        counts = [part.counts() for part in self.parts]
        return Counts(sum(each.delivered for each in counts), sum(each.failed for each in counts))
