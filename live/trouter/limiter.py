"""How often a client may open connections.

The SDKs retry without a pause if a connection ends right after it began; after a refusal they wait
longer each time.
"""

import threading
import time
from collections import OrderedDict, deque

MAX_CONNECTIONS = 5
WINDOW_SECONDS = 10.0
# Clients kept in memory; the least recent one is dropped first.
_MAX_CLIENTS = 20_000


class RateLimiter:
    """At most MAX_CONNECTIONS within WINDOW_SECONDS for each key. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._times: OrderedDict[tuple[int, str], deque[float]] = OrderedDict()

    def allows(self, key: tuple[int, str]) -> bool:
        """Whether the key may connect now. Only allowed connections are counted."""
        now = time.monotonic()
        with self._lock:
            times = self._times.setdefault(key, deque())
            self._times.move_to_end(key)
            while times and times[0] <= now - WINDOW_SECONDS:
                times.popleft()
            if len(times) >= MAX_CONNECTIONS:
                return False
            times.append(now)
            if len(self._times) > _MAX_CLIENTS:
                self._times.popitem(last=False)
            return True
