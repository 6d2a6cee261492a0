"""A circuit breaker: an engine that keeps failing is left alone for a while."""

import threading
import time
from collections.abc import Callable

# Failures in a row after which an engine rests, and for how long, in seconds.
FAILURES = 3
REST_S = 30.0


class Breaker:
    """Counts failures in a row; any number of threads may use it.

    After the rest one caller may try, and the others as soon as that succeeded.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._failures = 0
        self._rests_until = 0.0

    def rests_for(self) -> float:
        """How many seconds nobody should ask; 0 when one may, and then one should."""
        with self._lock:
            now = self._clock()
            if self._failures < FAILURES:
                return 0.0
            if now < self._rests_until:
                return self._rests_until - now
            # This caller's attempt; who comes during it waits for its outcome.
            self._rests_until = now + REST_S
            return 0.0

    def succeeded(self) -> None:
        """An answer came: all is well."""
        with self._lock:
            self._failures = 0

    def failed(self) -> None:
        """No answer, or none of use."""
        with self._lock:
            self._failures += 1
            if self._failures >= FAILURES:
                self._rests_until = self._clock() + REST_S
