"""How many requests this process is working on."""

import threading
from types import TracebackType

from monitoring.operations import AUTHENTICATION, CHAT


class InProgress:
    """Counts those who are inside its `with`; from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.count = 0

    def __enter__(self) -> None:
        with self._lock:
            self.count += 1

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        with self._lock:
            self.count -= 1


# By the metric that counts the requests once they are answered.
in_progress = {CHAT: InProgress(), AUTHENTICATION: InProgress()}
# What a process says of itself; see `ProcessReport.gauges`.
GAUGES = {CHAT: "ChatRequestsInProgress", AUTHENTICATION: "AuthenticationRequestsInProgress"}


def gauge_of(metric: str) -> float:
    """How many requests of that API are being worked on."""
    return float(in_progress[metric].count)
