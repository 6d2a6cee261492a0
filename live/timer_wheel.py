"""A timer wheel: one timer for many objects."""

import time
from collections import defaultdict
from typing import Generic, TypeVar

T = TypeVar("T")


class TimerWheel(Generic[T]):
    """Objects by the time at which they are due, in slots of `resolution` seconds.

    Adding an object takes constant time, and so does finding each that is due. Objects cannot be
    removed: callers check whether one that is due is still needed.
    """

    def __init__(self, resolution: float) -> None:
        self._resolution = resolution
        self._slots: dict[int, list[T]] = defaultdict(list)
        self._next = self._slot(time.monotonic())

    def _slot(self, at: float) -> int:
        return int(at / self._resolution)

    def add(self, item: T, due: float) -> None:
        """Make `item` due at `due`, a `time.monotonic()`; at the next slot if that has passed."""
        self._slots[max(self._slot(due) + 1, self._next)].append(item)

    def pop_due(self, now: float) -> list[T]:
        """The objects that are due by `now`, each as often as it was added."""
        last = self._slot(now)
        if last - self._next > len(self._slots):
            # After a long time without a call, for example with no objects.
            passed = sorted(slot for slot in self._slots if slot <= last)
        else:
            passed = [slot for slot in range(self._next, last + 1) if slot in self._slots]
        self._next = max(self._next, last + 1)
        return [item for slot in passed for item in self._slots.pop(slot)]
