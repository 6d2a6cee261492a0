"""A thread that repeats work at intervals, or when it is woken."""

import threading
import time
from collections.abc import Callable

from django.db import connection

from background.guard import run_guarded

_PAUSE_AFTER_FAILURE = 1.0


class Loop:
    """Calls `work` in a thread of its own until it is stopped, then `finish` once.

    `work` returns how many seconds to wait before the next call; setting `pending` ends the wait.
    0 means that more work is left. Calls that were woken begin at least `spacing` seconds apart,
    so that several events share one call.
    """

    def __init__(
        self,
        name: str,
        work: Callable[[], float],
        *,
        finish: Callable[[], object] | None = None,
        pending: threading.Event | None = None,
        spacing: float = 0.0,
        source: str = "worker",
    ) -> None:
        self.name, self.work = name, work
        self.pending = pending or threading.Event()
        self._finish, self._spacing, self._source = finish, spacing, source
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Starts the thread."""
        self._thread.start()

    def stop(self) -> None:
        """Asks the thread to end; `join` waits for it."""
        self._stopping.set()
        self.pending.set()

    def join(self, seconds: float) -> None:
        """Waits at most `seconds` for the thread to end."""
        self._thread.join(seconds)

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._turn()
        if self._finish:
            run_guarded(self._finish, job=f"{self.name}-finish", source=self._source)
        connection.close()

    def _turn(self) -> None:
        self.pending.clear()
        started = time.monotonic()
        seconds = run_guarded(self.work, job=self.name, source=self._source)
        if seconds is None:
            self._stopping.wait(_PAUSE_AFTER_FAILURE)
        elif seconds > 0 and not self._stopping.is_set():
            self.pending.wait(seconds)
            too_early = started + self._spacing - time.monotonic()
            if too_early > 0:
                self._stopping.wait(too_early)
