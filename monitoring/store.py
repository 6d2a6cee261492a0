"""Adds samples to the stored ones, in steps of a minute, an hour and a day at once.

The database does the addition, so that counts of several processes add up and larger steps are
never behind smaller ones.
"""

import hashlib
import threading
from collections.abc import Iterable, Mapping
from functools import cache
from urllib.parse import urlencode
from uuid import UUID

from django.db import connection, transaction

from monitoring.collector import ActiveKey, Dimensions, SeriesKey, Tallies, Tally
from monitoring.histogram import BUCKETS
from monitoring.models import (
    ADDED_FIELDS,
    BUCKET_FIELDS,
    GRAINS,
    MINUTE_MS,
    DailyActive,
    Sample,
    Series,
)

_NO_BUCKETS = [0] * BUCKETS
# The length of the column.
_MAX_TEXT_LENGTH = 400


class SeriesCache:
    """Primary keys of the series that this process has used."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: dict[SeriesKey, int] = {}

    def forget(self) -> None:
        """Empties the cache, because rows may have been deleted or rolled back."""
        with self._lock:
            self._known = {}

    def ids(self, keys: Iterable[SeriesKey]) -> dict[SeriesKey, int]:
        """The primary keys of these series; missing series are created."""
        wanted, known = set(keys), self._known
        found = {key: known[key] for key in wanted if key in known}
        missing = [key for key in wanted if key not in found]
        if missing:
            created = self._create(missing)
            found |= created
            # Cached only after the commit, because a rollback would remove the new rows.
            transaction.on_commit(lambda: self._remember(created))
        return found

    def _remember(self, created: Mapping[SeriesKey, int]) -> None:
        with self._lock:
            self._known = {**self._known, **created}

    def _create(self, keys: list[SeriesKey]) -> dict[SeriesKey, int]:
        Series.objects.bulk_create(
            [
                Series(
                    metric=metric,
                    resource_id=resource_id,
                    dimensions=dict(dimensions),
                    dimensions_text=dimensions_text(dimensions),
                )
                for metric, resource_id, dimensions in keys
            ],
            ignore_conflicts=True,
        )
        rows = Series.objects.filter(metric__in={key[0] for key in keys}).values_list(
            "id", "metric", "resource_id", "dimensions_text"
        )
        found = {(metric, resource, text): pk for pk, metric, resource, text in rows}
        return {key: found[key[0], key[1], dimensions_text(key[2])] for key in keys}


series_cache = SeriesCache()


def dimensions_text(dimensions: Dimensions | Mapping[str, str]) -> str:
    """Dimensions as a unique text that does not depend on their order."""
    pairs = dimensions.items() if isinstance(dimensions, Mapping) else dimensions
    text = urlencode(sorted(pairs))
    if len(text) <= _MAX_TEXT_LENGTH:
        return text
    digest = hashlib.sha256(text.encode()).hexdigest()
    return f"{text[: _MAX_TEXT_LENGTH - len(digest) - 1]}~{digest}"


def add(tallies: Tallies) -> None:
    """Adds all tallies to the stored samples, or none if it raises."""
    ids = series_cache.ids(key for key, _ in tallies)
    with transaction.atomic():
        for step_ms, model in GRAINS.items():
            _add(model, _in_steps(tallies, ids, step_ms))
        _add_to_series(_in_steps(tallies, ids, None))


def _in_steps(
    tallies: Tallies, ids: Mapping[SeriesKey, int], step_ms: int | None
) -> list[tuple[int, int, Tally]]:
    """Series, step and tally, in the same order in every process, which prevents deadlocks."""
    if step_ms == MINUTE_MS:
        steps = {(ids[key], at_ms): tally for (key, at_ms), tally in tallies.items()}
    else:
        steps = {}
        for (key, at_ms), tally in tallies.items():
            place = ids[key], at_ms - at_ms % step_ms if step_ms else 0
            steps.setdefault(place, Tally()).merge(tally)
    return [(series, at_ms, tally) for (series, at_ms), tally in sorted(steps.items(), key=_place)]


def _place(item: tuple[tuple[int, int], Tally]) -> tuple[int, int]:
    return item[0]


@cache
def _upsert(model: type[Sample], vendor: str) -> str:
    table = model._meta.db_table
    columns = ("series_id", "at_ms", *ADDED_FIELDS, "minimum", "maximum")
    least, most = ("MIN", "MAX") if vendor == "sqlite" else ("LEAST", "GREATEST")
    changes = [f"{name} = {table}.{name} + excluded.{name}" for name in ADDED_FIELDS]
    changes.append(f"minimum = {least}({table}.minimum, excluded.minimum)")
    changes.append(f"maximum = {most}({table}.maximum, excluded.maximum)")
    # Interpolates names of models only, no values.
    return (
        f"INSERT INTO {table} ({', '.join(columns)}) "  # noqa: S608
        f"VALUES ({', '.join(['%s'] * len(columns))}) "
        f"ON CONFLICT (series_id, at_ms) DO UPDATE SET {', '.join(changes)}"
    )


def _values(tally: Tally) -> list[float]:
    return [tally.count, tally.total, *(tally.buckets or _NO_BUCKETS)]


def _add(model: type[Sample], steps: list[tuple[int, int, Tally]]) -> None:
    with connection.cursor() as cursor:
        cursor.executemany(
            _upsert(model, connection.vendor),
            [
                [series, at_ms, *_values(tally), tally.minimum, tally.maximum]
                for series, at_ms, tally in steps
            ],
        )


def _add_to_series(steps: list[tuple[int, int, Tally]]) -> None:
    table = Series._meta.db_table
    changes = ", ".join(f"{name} = {name} + %s" for name in ADDED_FIELDS)
    with connection.cursor() as cursor:
        cursor.executemany(
            f"UPDATE {table} SET {changes} WHERE id = %s",  # noqa: S608 - no value
            [[*_values(tally), series] for series, _, tally in steps],
        )


def set_day(metric: str, resource_id: UUID, day_ms: int, value: float) -> None:
    """Sets the sample of a day, for metrics that are recounted each time."""
    key: SeriesKey = (metric, resource_id, ())
    series = series_cache.ids([key])[key]
    GRAINS[max(GRAINS)]._default_manager.update_or_create(
        series_id=series,
        at_ms=day_ms,
        defaults={
            "count": 1,
            "total": value,
            "minimum": value,
            "maximum": value,
            **dict.fromkeys(BUCKET_FIELDS, 0),
        },
    )


def add_active(active: Iterable[ActiveKey]) -> None:
    """Stores active users and threads; those already stored are ignored."""
    DailyActive.objects.bulk_create(
        [
            DailyActive(day_ms=day_ms, metric=metric, resource_id=resource_id, subject=subject)
            for day_ms, metric, resource_id, subject in sorted(active)
        ],
        ignore_conflicts=True,
        batch_size=200,
    )
