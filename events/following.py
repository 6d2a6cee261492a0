"""Reads the event log from a cursor, without skipping an event.

How to use it:

    cursor = end()                          # once: only what happens from now on
    cursor = Cursor.parse(text)             # later: where str(cursor) left off
    events, cursor = read_after(cursor, limit=500)

An event is returned once per cursor, and the events of one thread in the order of
their sequence. Use every cursor that you get, even if no events came with it. All resources
share one log: drop events of other resources after reading; do not filter the query. Read again
after each announcement (`EVENT_SINKS`), and periodically, because announcements can be missed.

`id > last` is not enough: PostgreSQL assigns ids before transactions commit, so id 7 can become
visible after id 8 has been read. A cursor therefore contains the missing ids before its position.
Every read looks for them, until no running transaction can still commit them. SQLite has one
writer at a time, so its ids become visible in order.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from django.db import connection
from django.db.models import Q, QuerySet

from events.models import Event
from wire.statements import Statement

# How many ids before the end of the log `end` checks for missing ones.
_LOOK_BACK = 10_000
# The maximum number of gaps in a cursor. A read stops before the event that would exceed it.
_MOST_AWAITED = 100

# Allows more gaps than a new cursor has, because a gap can be split.
_TEXT = re.compile(r"\d{1,18}(?:_\d{1,18}-\d{1,18}-\d{1,19}){0,1000}", re.ASCII)


@dataclass(frozen=True)
class Awaited:
    """A range of missing ids, `first` and `last` included.

    Transactions that may still commit them have a transaction id below `horizon`.
    """

    first: int
    last: int
    horizon: int


@dataclass(frozen=True)
class Cursor:
    """A position in the log: events up to `last_id` have been read, except the awaited ids.

    `str(cursor)` needs no escaping in a URL. It is short unless transactions run for long.
    """

    last_id: int = 0
    awaited: tuple[Awaited, ...] = ()

    def __str__(self) -> str:
        passed = (f"_{gap.first}-{gap.last}-{gap.horizon}" for gap in self.awaited)
        return f"{self.last_id}{''.join(passed)}"

    @classmethod
    def parse(cls, text: str) -> "Cursor":
        """The cursor that `text` was made from. Raises ValueError for any other text."""
        if _TEXT.fullmatch(text) is None:
            raise ValueError("not a cursor of the event log")
        last_id, *passed = text.split("_")
        awaited = tuple(Awaited(*map(int, gap.split("-"))) for gap in passed)
        if any(not gap.first <= gap.last <= int(last_id) for gap in awaited):
            raise ValueError("not a cursor of the event log")
        return cls(int(last_id), awaited)


_LAST_ID = Statement("last event of the log", "SELECT MAX(id) FROM events_event")


def last_event_id() -> int:
    """The highest id in the log; 0 if it is empty."""
    row = _LAST_ID.fetch_one(())
    return row[0] or 0 if row is not None else 0


def end() -> Cursor:
    """The cursor at the end of the log; events that commit later are after it."""
    last_id = last_event_id()
    if not _ids_appear_late():
        return Cursor(last_id)
    first = max(last_id - _LOOK_BACK, 0)
    seen = Event.objects.filter(id__gt=first, id__lte=last_id).order_by("id")
    gaps = list(_gaps(first, seen.values_list("id", flat=True)))
    # The latest gaps, because running transactions are most likely recent.
    return Cursor(last_id, _awaited(gaps[-_MOST_AWAITED:]))


def read_after(cursor: Cursor, limit: int) -> tuple[list[Event], Cursor]:
    """At most `limit` events after `cursor`, and the cursor after these events."""
    if not _ids_appear_late():
        events = list(Event.objects.filter(id__gt=cursor.last_id).order_by("id")[:limit])
        return events, Cursor(events[-1].id if events else cursor.last_id)
    # Queried before the events, so that the events of all ended transactions are visible.
    oldest = _oldest_running_transaction() if cursor.awaited else 0
    events = list(_after(cursor).order_by("id")[:limit])
    seen_up_to = events[-1].id if len(events) == limit else cursor.last_id
    awaited = _still_awaited(cursor.awaited, [event.id for event in events], seen_up_to, oldest)
    events, gaps = _with_few_gaps(cursor.last_id, events, most=_MOST_AWAITED - len(awaited))
    last_id = max(cursor.last_id, events[-1].id if events else 0)
    return events, Cursor(last_id, (*awaited, *_awaited(gaps)))


def ids_appear_in_order() -> bool:
    """Whether the end of the log is simply its last id, as on SQLite."""
    return not _ids_appear_late()


def _ids_appear_late() -> bool:
    return connection.vendor == "postgresql"


def _after(cursor: Cursor) -> QuerySet[Event]:
    # One statement, so one snapshot: a late event comes before the later ones of its thread.
    wanted = Q(id__gt=cursor.last_id)
    for gap in cursor.awaited:
        wanted |= Q(id__range=(gap.first, gap.last))
    return Event.objects.filter(wanted)


def _oldest_running_transaction() -> int:
    """The lowest id of a running transaction."""
    return _number("SELECT pg_snapshot_xmin(pg_current_snapshot())::text")


def _new_transaction() -> int:
    """A new transaction id, which is higher than all others. A snapshot does not contain it."""
    return _number("SELECT pg_current_xact_id()::text")


def _number(statement: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return int(cursor.fetchone()[0])


def _awaited(gaps: list[tuple[int, int]]) -> tuple[Awaited, ...]:
    """The gaps with their horizon: the transactions that took their ids already have a
    transaction id, because they have written (see `publish`).
    """
    if not gaps:
        return ()
    horizon = _new_transaction()
    return tuple(Awaited(first, last, horizon) for first, last in gaps)


def _still_awaited(
    awaited: Iterable[Awaited], ids: list[int], seen_up_to: int, oldest: int
) -> list[Awaited]:
    """What remains of the gaps. `ids` were read, and are all that exist up to `seen_up_to`."""
    left = []
    for gap in awaited:
        if gap.horizon <= oldest and gap.last <= seen_up_to:
            continue
        inside = [found for found in ids if gap.first <= found <= gap.last]
        left += [
            Awaited(first, last, gap.horizon)
            for first, last in _gaps(gap.first - 1, [*inside, gap.last + 1])
        ]
    return left


def _with_few_gaps(
    last_id: int, events: list[Event], *, most: int
) -> tuple[list[Event], list[tuple[int, int]]]:
    """The events before gap number `most + 1`, and the gaps before and between them."""
    gaps: list[tuple[int, int]] = []
    for count, event in enumerate(events):
        new = list(_gaps(last_id, [event.id]))
        if len(gaps) + len(new) > most:
            return events[:count], gaps
        gaps += new
        last_id = max(last_id, event.id)
    return events, gaps


def _gaps(last_id: int, ids: Iterable[int]) -> Iterator[tuple[int, int]]:
    """The missing ranges between `last_id` and the ascending `ids`, as (first, last)."""
    for found in ids:
        if found > last_id + 1:
            yield last_id + 1, found - 1
        last_id = max(last_id, found)
