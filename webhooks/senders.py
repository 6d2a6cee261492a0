"""Threads that wait for answers of endpoints."""

import queue
import threading
from collections.abc import Callable

Job = Callable[[], None]


class Senders:
    """Runs jobs in threads that never keep the process from ending.

    A thread starts when there is more to do than threads, up to `most`; each ends after being
    idle for a while.
    """

    def __init__(self, most: int, *, idle_seconds: float = 30.0) -> None:
        self._most, self._idle_seconds = most, idle_seconds
        self._jobs: queue.Queue[Job] = queue.Queue()
        self._lock = threading.Lock()
        self._threads = 0
        self._unfinished = 0

    @property
    def free(self) -> int:
        """How many jobs could start at once."""
        return self._most - self._unfinished

    @property
    def is_busy(self) -> bool:
        """Whether a job is waiting or running."""
        return self._unfinished > 0

    def submit(self, job: Job) -> None:
        """Runs the job in one of the threads; it must not raise."""
        with self._lock:
            self._unfinished += 1
            needs_thread = self._threads < min(self._unfinished, self._most)
            self._threads += needs_thread
        self._jobs.put(job)
        if needs_thread:
            threading.Thread(target=self._run, name="webhook-sender", daemon=True).start()

    def _run(self) -> None:
        while True:
            try:
                job = self._jobs.get(timeout=self._idle_seconds)
            except queue.Empty:
                with self._lock:
                    if not self._jobs.empty():
                        continue
                    self._threads -= 1
                return
            try:
                job()
            finally:
                with self._lock:
                    self._unfinished -= 1
