"""Reading samples: of one metric, split by dimensions, in steps, and aggregated."""

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
    """What values are compared by: letter case does not count, and no two differ by it alone."""
    return tuple(value.lower() for value in values)


@dataclass(slots=True)
class Aggregate:
    """Samples added up."""

    count: int = 0
    total: float = 0.0
    minimum: float | None = None
    maximum: float | None = None
    buckets: list[int] = field(default_factory=lambda: [0] * BUCKETS)

    def add(self, row: Sequence[Any]) -> None:
        """Adds count, total, minimum, maximum and, where there are, buckets."""
        count, total, minimum, maximum, *buckets = row
        self.count += int(count)
        self.total += total
        self.minimum = minimum if self.minimum is None else min(self.minimum, minimum)
        self.maximum = maximum if self.maximum is None else max(self.maximum, maximum)
        if buckets:
            self.buckets = [a + int(b) for a, b in zip(self.buckets, buckets, strict=True)]

    def merge(self, other: "Aggregate") -> None:
        """Adds another one."""
        if other.count:
            self.add([other.count, other.total, other.minimum, other.maximum, *other.buckets])

    def value(self, metric: Metric, aggregation: str) -> float | None:
        """What the metric is by this aggregation; None when nobody can know."""
        if aggregation in PERCENTILES:
            return percentile(
                self.buckets,
                PERCENTILES[aggregation],
                least=self.minimum or 0.0,
                most=self.maximum,
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
    """Which values of a dimension are looked at; `*` among them stands for any."""

    name: str
    values: tuple[str, ...] = ("*",)
    is_exclusion: bool = False

    @property
    def includes_all(self) -> bool:
        """Whether it narrows nothing."""
        return not self.is_exclusion and "*" in self.values

    def allows(self, value: str) -> bool:
        """Whether a series with this value is looked at. Letter case does not count."""
        if self.includes_all:
            return True
        listed = value.lower() in (one.lower() for one in self.values)
        return listed is not self.is_exclusion


def series_of(
    metric: Metric, resource_id: UUID | None, filters: Iterable[DimensionFilter] = ()
) -> list[Series]:
    """The series of a metric; of all resources together when `resource_id` is None."""
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
    """The largest step that is kept and fits into `step_ms`, counted from `origin_ms`."""
    for grain in (DAY_MS, HOUR_MS, MINUTE_MS):
        if step_ms % grain == 0 and origin_ms % grain == 0:
            return grain
    raise ValueError("the step is no whole number of minutes")


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
    """Samples by the values of the dimensions `by` and by the beginning of the step.

    From `start_ms` up to and without `end_ms`. Steps begin at `origin_ms`, at or before
    `start_ms`, and every `step_ms` after it. Values that have no sample are not there, nor those
    that are not among `only`, in whatever letter case.
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
    """The same without steps, from the smallest ones: windows begin and end at any minute."""
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
    # Whole numbers of our own only, and so in `step`.
    places = ", ".join(str(int(pk)) for pk in series)
    # What belongs together is added up where it is stored: many series make one row.
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
    """All groups together, step by step."""
    together: dict[int, Aggregate] = {}
    for steps in groups.values():
        for at_ms, aggregate in steps.items():
            together.setdefault(at_ms, Aggregate()).merge(aggregate)
    return together
