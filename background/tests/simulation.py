"""A worker whose loops run in the test's thread, on a clock that jumps from call to call."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connection

from background.activity import activity
from background.worker import Worker
from monitoring.flusher import Flusher, flusher

MINUTE = 60.0


@dataclass
class Simulation:
    """`statements` holds the time of each statement, in seconds since the start."""

    started: float
    now: float = 0.0
    statements: list[tuple[float, str]] = field(default_factory=list)
    _calls: list[Callable[[], float]] = field(default_factory=list)
    _due: list[float] = field(default_factory=list)
    _pending: list[Any] = field(default_factory=list)

    def add(self, work: Callable[[], float], pending: Any = None) -> None:
        """Calls `work` from now on."""
        self._calls.append(work)
        self._due.append(self.now)
        self._pending.append(pending)

    def run(self, seconds: float) -> None:
        """Lets that much time pass."""
        end = self.now + seconds
        with connection.execute_wrapper(self._note):
            while (place := self._next()) is not None and self._due[place] <= end:
                self.now = max(self.now, self._due[place])
                self.turn(place)
        self.now = end

    def turn(self, place: int) -> None:
        """One call."""
        if self._pending[place]:
            self._pending[place].clear()
        # A loop that has more to do continues a moment later, since no time passes in a call.
        self._due[place] = self.now + max(self._calls[place](), 0.001)

    def woken(self) -> int:
        """How many loops were woken since their last call."""
        return sum(bool(pending and pending.is_set()) for pending in self._pending)

    def busiest_minute(self, since: float) -> list[tuple[float, str]]:
        """The statements of the 60 seconds after `since` that have the most of them."""
        late = [each for each in self.statements if each[0] >= since]
        minutes = (
            [each for each in late[place:] if each[0] < at + MINUTE]
            for place, (at, _) in enumerate(late)
        )
        return max(minutes, key=len, default=[])

    def _next(self) -> int | None:
        for place, pending in enumerate(self._pending):
            if pending and pending.is_set():
                self._due[place] = min(self._due[place], self.now)
        return min(range(len(self._due)), key=self._due.__getitem__, default=None)

    def _note(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        self.statements.append((self.now, sql))
        return execute(sql, params, many, context)


def simulate(monkeypatch: pytest.MonkeyPatch) -> Simulation:
    """A worker with all its parts in a process that has had no activity."""
    running = Simulation(started=time.time())

    def now() -> float:
        return running.started + running.now

    clock = SimpleNamespace(
        time_ns=lambda: int(now() * 1e9), strftime=time.strftime, gmtime=time.gmtime
    )
    monkeypatch.setattr("wire.times.time", clock)
    monkeypatch.setattr("webhooks.matching.time", SimpleNamespace(monotonic=now))
    monkeypatch.setattr(activity, "last_ms", 0)
    for method in ("start", "stop"):
        monkeypatch.setattr(flusher, method, lambda: None)
    worker = Worker()
    for part in worker.parts:
        part.start()
    for loop in worker.loops:
        running.add(loop.work, loop.pending)
    running.add(Flusher().work)
    return running
