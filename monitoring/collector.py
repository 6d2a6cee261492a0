"""In-memory counts of this process, until `monitoring.flusher` stores them every few seconds.

Recording takes a few microseconds and no database query. Counts that are not yet stored are lost
with the process.
"""

import threading
from collections.abc import Iterable
from uuid import UUID

from monitoring.answered_requests import AnsweredRequest
from monitoring.catalogue import SERVER
from monitoring.histogram import BUCKETS, bucket_of
from monitoring.models import DAY_MS, MINUTE_MS
from wire.times import now_ms

Dimensions = tuple[tuple[str, str], ...]
# Metric, resource, dimensions.
SeriesKey = tuple[str, UUID, Dimensions]
# Day, metric, resource, user or thread.
ActiveKey = tuple[int, str, UUID, str]

# Limits while the database is unavailable; what exceeds them is dropped.
MAX_RECORDS = 20_000
MAX_SAMPLES = 50_000
# Limit of the users and threads remembered for today; beyond it, some are stored twice.
MAX_SEEN = 100_000


class Tally:
    """The samples of one series within one minute."""

    __slots__ = ("buckets", "count", "maximum", "minimum", "total")

    def __init__(self) -> None:
        self.count, self.total = 0, 0.0
        self.minimum, self.maximum = float("inf"), float("-inf")
        self.buckets: list[int] | None = None

    def add(self, value: float, *, times: int = 1, is_duration: bool = False) -> None:
        """Adds `times` samples of `value`."""
        self.count += times
        self.total += value * times
        if value < self.minimum:
            self.minimum = value
        if value > self.maximum:
            self.maximum = value
        if is_duration:
            if self.buckets is None:
                self.buckets = [0] * BUCKETS
            self.buckets[bucket_of(value)] += times

    def merge(self, other: "Tally") -> None:
        """Adds another tally's samples."""
        self.count += other.count
        self.total += other.total
        self.minimum = min(self.minimum, other.minimum)
        self.maximum = max(self.maximum, other.maximum)
        if other.buckets is not None:
            mine = self.buckets or [0] * BUCKETS
            self.buckets = [a + b for a, b in zip(mine, other.buckets, strict=True)]


Tallies = dict[tuple[SeriesKey, int], Tally]


class Collector:
    """Thread-safe counts."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._tallies: Tallies = {}
        self._active: set[ActiveKey] = set()
        self._seen: set[ActiveKey] = set()
        self._seen_day = 0
        self._records: list[AnsweredRequest] = []

    def record(
        self,
        key: SeriesKey,
        at_ms: int,
        value: float = 1.0,
        *,
        times: int = 1,
        is_duration: bool = False,
    ) -> None:
        """Records `times` samples of `value`; `at_ms` is in epoch milliseconds."""
        slot = (key, at_ms - at_ms % MINUTE_MS)
        with self._lock:
            tally = self._tallies.get(slot)
            if tally is None:
                tally = self._tallies[slot] = Tally()
            tally.add(value, times=times, is_duration=is_duration)

    def record_active(self, metric: str, resource_id: UUID, subject: str, at_ms: int) -> None:
        """Records that a user or thread was active on the day of `at_ms`."""
        day_ms = at_ms - at_ms % DAY_MS
        key = (day_ms, metric, resource_id, subject)
        if key in self._seen:
            return
        with self._lock:
            if day_ms > self._seen_day or len(self._seen) >= MAX_SEEN:
                self._seen_day = max(day_ms, self._seen_day)
                self._seen.clear()
            if len(self._active) >= MAX_SEEN:
                return
            self._seen.add(key)
            self._active.add(key)

    def log(self, record: AnsweredRequest) -> None:
        with self._lock:
            if len(self._records) < MAX_RECORDS:
                self._records.append(record)

    def take(self) -> tuple[Tallies, set[ActiveKey], list[AnsweredRequest]]:
        """Removes and returns all counts, activity and request records."""
        with self._lock:
            taken = self._tallies, self._active, self._records
            self._tallies, self._active, self._records = {}, set(), []
        return taken

    def give_back(
        self,
        tallies: Tallies,
        active: Iterable[ActiveKey] = (),
        records: Iterable[AnsweredRequest] = (),
    ) -> None:
        """Takes back what could not be stored."""
        with self._lock:
            for slot, tally in tallies.items():
                mine = self._tallies.get(slot)
                if mine is not None:
                    mine.merge(tally)
                elif len(self._tallies) < MAX_SAMPLES:
                    self._tallies[slot] = tally
            self._active.update(active)
            self._records = [*records, *self._records][:MAX_RECORDS]


collector = Collector()


def record(
    metric: str,
    dimensions: Dimensions,
    resource_id: UUID | None = None,
    value: float = 1.0,
    is_duration: bool = False,
    times: int = 1,
) -> None:
    """The sink of `wire.telemetry`, which lower rooms count with."""
    key = (metric, resource_id or SERVER, dimensions)
    collector.record(key, now_ms(), value, times=times, is_duration=is_duration)
