"""The time ranges of the dashboard, and a reader of metrics for one of them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from monitoring.catalogue import METRICS
from monitoring.models import DAY_MS, HOUR_MS, MINUTE_MS
from monitoring.queries import Aggregate, DimensionValues, read

# Label, length and step of each range.
RANGES: dict[str, tuple[str, int, int]] = {
    "1h": ("1 hour", HOUR_MS, MINUTE_MS),
    "6h": ("6 hours", 6 * HOUR_MS, 5 * MINUTE_MS),
    "24h": ("24 hours", DAY_MS, 15 * MINUTE_MS),
    "7d": ("7 days", 7 * DAY_MS, HOUR_MS),
    "30d": ("30 days", 30 * DAY_MS, 6 * HOUR_MS),
    "90d": ("90 days", 90 * DAY_MS, DAY_MS),
}
DEFAULT_RANGE = "24h"


@dataclass(frozen=True)
class TimeRange:
    """A time range, divided into steps."""

    name: str
    start_ms: int
    end_ms: int
    step_ms: int

    @classmethod
    def of(cls, name: str, now_ms: int) -> "TimeRange":
        """The named range that ends with the current step, which is not complete yet."""
        _, length, step = RANGES[name]
        end_ms = now_ms - now_ms % step + step
        return cls(name, end_ms - length, end_ms, step)

    @property
    def times(self) -> list[int]:
        """The start of each step, in epoch milliseconds."""
        return list(range(self.start_ms, self.end_ms, self.step_ms))


Groups = dict[DimensionValues, dict[int, Aggregate]]


@dataclass(frozen=True)
class MetricReader:
    """Reads metrics for a time range and a resource (None: all resources)."""

    time_range: TimeRange
    resource_id: UUID | None
    # The operation whose durations are shown; empty for all.
    operation: str = ""

    def read(self, name: str, by: Sequence[str] = (), *, with_buckets: bool = False) -> Groups:
        """A metric's aggregates by dimension values and step."""
        return read(
            METRICS[name],
            resource_id=self.resource_id,
            start_ms=self.time_range.start_ms,
            end_ms=self.time_range.end_ms,
            step_ms=self.time_range.step_ms,
            by=by,
            with_buckets=with_buckets,
        )

    def counts(self, groups: Iterable[Mapping[int, Aggregate]]) -> list[int]:
        """The number of samples in each step, summed over all groups."""
        all_groups = list(groups)
        return [
            sum(steps[at].count for steps in all_groups if at in steps)
            for at in self.time_range.times
        ]
