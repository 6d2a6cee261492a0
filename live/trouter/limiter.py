"""How often a client may open connections.

Clients whose connection ends right after it has begun try again without any pause; a refusal makes
them wait longer each time.
"""

import threading
import time
from collections import OrderedDict, deque

MOST = 5
WITHIN_SECONDS = 10.0
# Clients remembered; the one that has been quiet longest is forgotten first.
_MOST_CLIENTS = 20_000


class Limiter:
    """So many times within so many seconds, for each key. Safe in threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._times: OrderedDict[tuple[int, str], deque[float]] = OrderedDict()

    def allows(self, key: tuple[int, str]) -> bool:
        """Whether the key may once more; counts only when it may."""
        now = time.monotonic()
        with self._lock:
            times = self._times.setdefault(key, deque())
            self._times.move_to_end(key)
            while times and times[0] <= now - WITHIN_SECONDS:
                times.popleft()
            if len(times) >= MOST:
                return False
            times.append(now)
            if len(self._times) > _MOST_CLIENTS:
                self._times.popitem(last=False)
            return True
