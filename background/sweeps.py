"""Sweeps: functions that delete or expire a slice of old rows and return how many they handled.

`settings.SWEEPS` lists them with their intervals.
"""

import uuid
from collections.abc import Callable, Mapping
from functools import partial

from django.conf import settings
from django.utils.module_loading import import_string

from background.activity import activity
from background.models import Worker
from background.scheduler import Job, LeasedScheduler

DAY_MS = 86_400_000
# A sweep that returns at least this many runs again at once.
SLICE = 1000
_WORKER_MS = DAY_MS
# Without activity for this long, one sweep runs at a time, this far apart.
_IDLE_AFTER_MS = 10 * 60_000
_IDLE_INTERVAL_MS = 4 * 60_000

Sweep = Callable[[int], int]


def forget_workers(now_ms: int) -> int:
    """Deletes workers that have not been seen for a day."""
    gone = list(Worker.objects.filter(seen_ms__lt=now_ms - _WORKER_MS)[:SLICE])
    # Deleting opens a transaction, which takes SQLite's write lock even if there is nothing.
    if gone:
        Worker.objects.filter(pk__in=[worker.pk for worker in gone]).delete()
    return len(gone)


class Sweeper:
    """Runs every sweep at its interval, on one worker at a time; less often while idle."""

    def __init__(self, holder: uuid.UUID, sweeps: Mapping[str, int] | None = None) -> None:
        jobs = (
            Job(path, partial(_has_more, import_string(path)), every_ms)
            for path, every_ms in (settings.SWEEPS if sweeps is None else sweeps).items()
        )
        self._scheduler = LeasedScheduler("sweep", holder, jobs)
        self._idle_until_ms = 0
        self.end = self._scheduler.end

    def work(self, at_ms: int) -> int:
        """Runs the sweeps that are due; returns how many ran."""
        if activity.idle_ms(at_ms) < _IDLE_AFTER_MS:
            return self._scheduler.work(at_ms)
        if at_ms < self._idle_until_ms:
            return 0
        self._idle_until_ms = at_ms + _IDLE_INTERVAL_MS
        return self._scheduler.work(at_ms, most=1)


def _has_more(sweep: Sweep, at_ms: int) -> bool:
    return sweep(at_ms) >= SLICE
