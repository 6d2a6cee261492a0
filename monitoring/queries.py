"""Reads samples of a metric, split by dimensions and steps, and aggregates them."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from uuid import UUID

from django.db import connection

from monitoring.catalogue import (
    AVERAGE,
    COUNT,
    COUNTING,
    MAXIMUM,
    MINIMUM,
    PERCENTILES,
    TOTAL,
    Metric,
)
from monitoring.histogram import BUCKETS, percentile
from monitoring.models import BUCKET_FIELDS, DAY_MS, GRAINS, HOUR_MS, MINUTE_MS, Sample, Series

DimensionValues = tuple[str, ...]


def lowercase(values: DimensionValues) -> DimensionValues:
    """Dimension values in lower case, by which they are compared."""
    return tuple(value.lower() for value in values)


@dataclass(slots=True)
class Aggregate:
    """The sum of samples."""

    count: int = 0
    total: float = 0.0
    minimum: float | None = None
    maximum: float | None = None
    buckets: list[int] = field(default_factory=lambda: [0] * BUCKETS)

    def add(self, row: Sequence[Any]) -> None:
        """Adds a row of count, total, minimum, maximum and, optionally, buckets."""
        count, total, minimum, maximum, *buckets = row
        self.count += int(count)
        self.total += total
        self.minimum = minimum if self.minimum is None else min(self.minimum, minimum)
        self.maximum = maximum if self.maximum is None else max(self.maximum, maximum)
        if buckets:
            self.buckets = [a + int(b) for a, b in zip(self.buckets, buckets, strict=True)]

    def merge(self, other: "Aggregate") -> None:
        if other.count:
            self.add([other.count, other.total, other.minimum, other.maximum, *other.buckets])

    def value(self, metric: Metric, aggregation: str) -> float | None:
        """The metric's value by an aggregation; None if there are no samples to know it from."""
        if aggregation in PERCENTILES:
            return percentile(
                self.buckets,
                PERCENTILES[aggregation],
                minimum=self.minimum or 0.0,
                maximum=self.maximum,
            )
        if not self.count:
            return 0.0 if aggregation in COUNTING and metric.is_counting else None
        if aggregation == COUNT or (aggregation == TOTAL and metric.is_counting):
            return float(self.count)
        if metric.is_counting:
            return 1.0
        return {
            TOTAL: self.total,
            AVERAGE: self.total / self.count,
            MINIMUM: self.minimum,
            MAXIMUM: self.maximum,
        }[aggregation]


@dataclass(frozen=True)
class DimensionFilter:
    """Which values of a dimension are included; `*` stands for all values."""

    name: str
    values: tuple[str, ...] = ("*",)
    is_exclusion: bool = False

    @property
    def includes_all(self) -> bool:
        """Whether the filter includes every value."""
        return not self.is_exclusion and "*" in self.values

    def allows(self, value: str) -> bool:
        """Whether a series with this value is included. Ignores letter case."""
        if self.includes_all:
            return True
        listed = value.lower() in (one.lower() for one in self.values)
        return listed is not self.is_exclusion


def series_of(
    metric: Metric, resource_id: UUID | None, filters: Iterable[DimensionFilter] = ()
) -> list[Series]:
    """A metric's series that the filters include; of all resources if `resource_id` is None."""
    rows = Series.objects.filter(metric=metric.stored).defer(*BUCKET_FIELDS)
    if resource_id is not None:
        rows = rows.filter(resource_id=resource_id)
    wanted = list(filters)
    return [
        row
        for row in rows
        if all(each.allows(row.dimensions.get(each.name, "")) for each in wanted)
    ]


def grain_for(step_ms: int, origin_ms: int = 0) -> int:
    """The largest stored step that divides `step_ms` and `origin_ms`. Raises ValueError."""
    for grain in (DAY_MS, HOUR_MS, MINUTE_MS):
        if step_ms % grain == 0 and origin_ms % grain == 0:
            return grain
    raise ValueError("the step must be a whole number of minutes")


def read(
    metric: Metric,
    *,
    resource_id: UUID | None,
    start_ms: int,
    end_ms: int,
    step_ms: int,
    by: Sequence[str] = (),
    filters: Iterable[DimensionFilter] = (),
    with_buckets: bool = False,
    origin_ms: int = 0,
    only: Collection[DimensionValues] | None = None,
) -> dict[DimensionValues, dict[int, Aggregate]]:
    """Aggregates by the values of the dimensions `by`, and by the start of the step.

    Covers `start_ms` (included) to `end_ms` (excluded). Steps start at `origin_ms`, which is not
    after `start_ms`, and every `step_ms` from there. Combinations without samples are missing, and
    so are those that `only` does not contain in any letter case.
    """
    wanted = {lowercase(values) for values in only} if only else None
    groups: dict[int, DimensionValues] = {}
    for series in series_of(metric, resource_id, filters):
        values = tuple(series.dimensions.get(name, "") for name in by)
        if wanted is None or lowercase(values) in wanted:
            groups[series.pk] = values
    found: dict[DimensionValues, dict[int, Aggregate]] = {}
    model = GRAINS[DAY_MS if metric.is_daily else grain_for(step_ms, origin_ms)]
    step = f"at_ms - (at_ms - {int(origin_ms)}) %% {int(step_ms)}"
    is_one = len(set(groups.values())) == 1
    rows = _rows(model, list(groups), start_ms, end_ms, step, with_buckets, is_one)
    for pk, at_ms, *row in rows:
        steps = found.setdefault(groups[pk], {})
        steps.setdefault(at_ms, Aggregate()).add(row)
    return found


def total(
    metric: Metric,
    *,
    resource_id: UUID | None,
    start_ms: int,
    end_ms: int,
    by: Sequence[str] = (),
    filters: Iterable[DimensionFilter] = (),
    with_buckets: bool = False,
) -> dict[DimensionValues, Aggregate]:
    """Aggregates like `read`, without steps. Start and end can be any minute."""
    groups = {
        series.pk: tuple(series.dimensions.get(name, "") for name in by)
        for series in series_of(metric, resource_id, filters)
    }
    model = GRAINS[DAY_MS if metric.is_daily else MINUTE_MS]
    found: dict[DimensionValues, Aggregate] = {}
    is_one = len(set(groups.values())) == 1
    rows = _rows(model, list(groups), start_ms, end_ms, "0", with_buckets, is_one)
    for series, _, *row in rows:
        found.setdefault(groups[series], Aggregate()).add(row)
    return found


@cache
def _columns(with_buckets: bool) -> str:
    sums = ["SUM(count)", "SUM(total)", "MIN(minimum)", "MAX(maximum)"]
    if with_buckets:
        sums += [f"SUM({name})" for name in BUCKET_FIELDS]
    return ", ".join(sums)


def _rows(
    model: type[Sample],
    series: Sequence[int],
    start_ms: int,
    end_ms: int,
    step: str,
    with_buckets: bool,
    is_one_group: bool,
) -> list[Sequence[Any]]:
    if not series:
        return []
    # Interpolates whole numbers only, here and in `step`.
    places = ", ".join(str(int(pk)) for pk in series)
    # A single group is summed in the database, so that many series become one row.
    each = "MIN(series_id)" if is_one_group else "series_id"
    by = "step" if is_one_group else "series_id, step"
    statement = (
        f"SELECT {each}, {step} AS step, {_columns(with_buckets)} "  # noqa: S608
        f"FROM {model._meta.db_table} "
        f"WHERE series_id IN ({places}) AND at_ms >= %s AND at_ms < %s "
        f"GROUP BY {by}"
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, [start_ms, end_ms])
        return cursor.fetchall()


def merged(groups: Mapping[DimensionValues, Mapping[int, Aggregate]]) -> dict[int, Aggregate]:
    """The sum of all groups, by step."""
    together: dict[int, Aggregate] = {}
    for steps in groups.values():
        for at_ms, aggregate in steps.items():
            together.setdefault(at_ms, Aggregate()).merge(aggregate)
    return together
