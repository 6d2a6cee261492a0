"""Lists of any length: counting stops at a limit."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.contrib.admin import ModelAdmin, SimpleListFilter
from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.functional import cached_property

from wire.times import to_ms

# How many rows can be reached by paging. Search and filters cover all rows.
LONGEST_LIST = 10_000

_PERIODS = {
    "day": ("the last day", timedelta(days=1)),
    "week": ("the last 7 days", timedelta(days=7)),
    "month": ("the last 30 days", timedelta(days=30)),
}


class BoundedPaginator(Paginator):
    """A paginator that stops counting, so that a list of millions loads as fast as a short one."""

    @cached_property
    def count(self) -> int:
        """The number of rows, at most `LONGEST_LIST`."""
        return min(self._counted, LONGEST_LIST)

    @cached_property
    def has_more(self) -> bool:
        """Whether there are more rows than the list shows."""
        return self._counted > LONGEST_LIST

    @cached_property
    def _counted(self) -> int:
        rows: Any = self.object_list
        return int(rows[: LONGEST_LIST + 1].count())


def option_filter(
    heading: str, parameter: str, options: Mapping[str, tuple[str, Q]]
) -> type[SimpleListFilter]:
    """A filter with fixed choices: `options` maps each value to its label and condition."""

    class OptionFilter(SimpleListFilter):
        title = heading
        parameter_name = parameter

        def lookups(self, request: HttpRequest, model_admin: ModelAdmin) -> list[tuple[str, str]]:
            return [(value, label) for value, (label, _) in options.items()]

        def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet | None:
            chosen = options.get(self.value() or "")
            return queryset.filter(chosen[1]) if chosen else None

    return OptionFilter


def since_filter(
    heading: str, parameter: str, field: str, *, in_ms: bool = True
) -> type[SimpleListFilter]:
    """A filter by recent periods. `field` contains epoch milliseconds, or datetimes."""

    class SinceFilter(SimpleListFilter):
        title = heading
        parameter_name = parameter

        def lookups(self, request: HttpRequest, model_admin: ModelAdmin) -> list[tuple[str, str]]:
            return [(value, label) for value, (label, _) in _PERIODS.items()]

        def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet | None:
            period = _PERIODS.get(self.value() or "")
            if period is None:
                return None
            since = timezone.now() - period[1]
            return queryset.filter(**{f"{field}__gte": to_ms(since) if in_ms else since})

    return SinceFilter
