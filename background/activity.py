"""When this process last had work from outside, so that background work can slow down when idle.

Reading it costs no statement. The monitoring notes requests and open connections here, including
those of other processes; webhooks note that there are subscriptions.
"""

from wire.times import now_ms


class Activity:
    """The time of the last activity, in epoch milliseconds; 0 if there was none."""

    def __init__(self) -> None:
        self.last_ms = 0

    def note(self, at_ms: int | None = None) -> None:
        """Marks the process as active at `at_ms` (default: now)."""
        self.last_ms = max(self.last_ms, now_ms() if at_ms is None else at_ms)

    def idle_ms(self, at_ms: int) -> int:
        """Milliseconds without activity."""
        return at_ms - self.last_ms


activity = Activity()
