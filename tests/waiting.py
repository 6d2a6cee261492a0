"""Waiting in tests: for a condition, never for a fixed time."""

import time
from collections.abc import Callable


def wait_until(
    condition: Callable[[], object], seconds: float = 40, failure: str = "timed out"
) -> None:
    """Return when `condition()` is true; fail with `failure` after so many seconds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, failure
        time.sleep(0.02)


def wait_for_the_next_second() -> None:
    """Return when the clock shows another second: times on the wire are whole seconds."""
    began = int(time.time())
    wait_until(lambda: int(time.time()) > began, seconds=2)
