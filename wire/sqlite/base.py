"""Write transactions of this process, in the order in which they were requested.

SQLite itself has no queue: a connection that finds the database locked sleeps, up to 100 ms at a
time, and tries again. While many clients send, the writer thread of `wire.write_queue` hardly
ever leaves the database unlocked, so an ordinary request could wait for a long time.
"""

import threading
from collections import defaultdict, deque

from django.db import OperationalError
from django.db.backends.sqlite3 import base


class FairLock:
    """A lock that is handed to the thread that has waited longest."""

    def __init__(self) -> None:
        self._mutex = threading.Lock()
        self._waiting: deque[threading.Lock] = deque()
        self._is_held = False

    def acquire(self, timeout: float) -> bool:
        """Waits at most `timeout` seconds for the lock; returns whether it was acquired."""
        with self._mutex:
            if not self._is_held:
                self._is_held = True
                return True
            turn = threading.Lock()
            turn.acquire()
            self._waiting.append(turn)
        if turn.acquire(timeout=timeout):
            return True
        with self._mutex:
            if turn in self._waiting:
                self._waiting.remove(turn)
                return False
        # It was handed over just after the timeout.
        return True

    def release(self) -> None:
        """Hands the lock to the next thread."""
        with self._mutex:
            if self._waiting:
                self._waiting.popleft().release()
            else:
                self._is_held = False


# By the path of the database file.
_locks: defaultdict[str, FairLock] = defaultdict(FairLock)


class DatabaseWrapper(base.DatabaseWrapper):
    """A connection whose transactions begin when it is their turn."""

    _held: FairLock | None = None

    def _start_transaction_under_autocommit(self) -> None:
        lock = _locks[str(self.settings_dict["NAME"])]
        timeout = self.settings_dict["OPTIONS"].get("timeout", 5.0)
        if self._held is None:
            if not lock.acquire(timeout):
                raise OperationalError("database is locked")
            self._held = lock
        try:
            super()._start_transaction_under_autocommit()  # type: ignore[misc]
        except BaseException:
            self._leave()
            raise

    def _set_autocommit(self, autocommit: bool) -> None:
        try:
            super()._set_autocommit(autocommit)  # type: ignore[misc]
        finally:
            if autocommit:
                self._leave()

    def _close(self) -> None:
        try:
            super()._close()  # type: ignore[misc]
        finally:
            self._leave()

    def _leave(self) -> None:
        lock, self._held = self._held, None
        if lock is not None:
            lock.release()
