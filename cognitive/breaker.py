"""A circuit breaker: an engine that keeps failing is not called for a while."""

import threading
import time
from collections.abc import Callable

# Consecutive failures that open the circuit breaker, and for how many seconds.
FAILURES = 3
OPEN_S = 30.0


class CircuitBreaker:
    """Opens after consecutive failures; thread-safe.

    When the time is over, one caller may try; the others may as soon as that call succeeds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._failures = 0
        self._open_until = 0.0

    def seconds_until_retry(self) -> float:
        """Seconds to wait before the next call; 0 means that the caller must call now."""
        with self._lock:
            now = self._clock()
            if self._failures < FAILURES:
                return 0.0
            if now < self._open_until:
                return self._open_until - now
            # This caller tries; others wait for the outcome.
            self._open_until = now + OPEN_S
            return 0.0

    def record_success(self) -> None:
        with self._lock:
            self._failures = 0

    def record_failure(self) -> None:
        with self._lock:
            self._failures += 1
            if self._failures >= FAILURES:
                self._open_until = self._clock() + OPEN_S
