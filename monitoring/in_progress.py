"""The number of requests that this process is handling."""

import threading
from types import TracebackType

from monitoring.operations import AUTHENTICATION, CHAT


class InProgress:
    """A thread-safe context manager that counts how often it is entered and not yet left."""

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


# By the metric that counts the answered requests.
in_progress = {CHAT: InProgress(), AUTHENTICATION: InProgress()}
# The names of the gauges in `ProcessReport.gauges`.
GAUGES = {CHAT: "ChatRequestsInProgress", AUTHENTICATION: "AuthenticationRequestsInProgress"}


def gauge_of(metric: str) -> float:
    return float(in_progress[metric].count)
