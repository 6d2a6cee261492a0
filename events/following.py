"""Following the whole event log from a cursor, without ever skipping an event.

How to use it:

    cursor = end()                          # once: only what happens from now on
    cursor = Cursor.parse(text)             # later: where str(cursor) left off
    events, cursor = read_after(cursor, limit=500)

An event is returned once per cursor, and the events of one thread in the order of
their sequence. Use every cursor that you get, even if no events came with it. All resources
share one log: drop events of other resources after reading, never by a filter before. Commits are
not announced to readers; read again after an announcement (`EVENT_SINKS`), and from time to time
without one.

Why it is not just `id > last`: PostgreSQL hands ids out before transactions commit, so id 7 can
appear after id 8 has been read. A cursor remembers the ids it has passed without seeing them,
looks for them in every read, and forgets them when no transaction is left that could bring them.
SQLite has one writer at a time, so ids appear in their order there.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from django.db import connection
from django.db.models import Max, Q, QuerySet

from events.models import Event

# How far back the end of the log looks for events whose transaction is still running.
_LOOK_BACK = 10_000
# More passed ids than that are waited for: the cursor stays small, and goes on a little later.
_MOST_AWAITED = 100

# Longer than any of ours: a gap can break into pieces.
_TEXT = re.compile(r"\d{1,18}(?:_\d{1,18}-\d{1,18}-\d{1,19}){0,1000}", re.ASCII)


@dataclass(frozen=True)
class Awaited:
    """Ids that were passed without being seen, the first and the last one included.

    Whatever transaction may still bring them has a number below `horizon`.
    """

    first: int
    last: int
    horizon: int


@dataclass(frozen=True)
class Cursor:
    """A position in the log: all events up to `last_id` are behind it, except the awaited ones.

    `str(cursor)` is safe in a URL and short as long as writers are quick.
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


def end() -> Cursor:
    """The end of the log: events that commit from now on are after it."""
    last_id = Event.objects.aggregate(last=Max("id"))["last"] or 0
    if not _ids_appear_late():
        return Cursor(last_id)
    first = max(last_id - _LOOK_BACK, 0)
    seen = Event.objects.filter(id__gt=first, id__lte=last_id).order_by("id")
    gaps = list(_gaps(first, seen.values_list("id", flat=True)))
    # Not the earliest gaps: what is still running is most likely recent.
    return Cursor(last_id, _awaited(gaps[-_MOST_AWAITED:]))


def read_after(cursor: Cursor, limit: int) -> tuple[list[Event], Cursor]:
    """At most `limit` events after `cursor`, and the cursor behind them."""
    if not _ids_appear_late():
        events = list(Event.objects.filter(id__gt=cursor.last_id).order_by("id")[:limit])
        return events, Cursor(events[-1].id if events else cursor.last_id)
    # Asked before reading: what was over by then, the reading has seen.
    oldest = _oldest_running_transaction() if cursor.awaited else 0
    events = list(_after(cursor).order_by("id")[:limit])
    seen_up_to = events[-1].id if len(events) == limit else cursor.last_id
    awaited = _still_awaited(cursor.awaited, [event.id for event in events], seen_up_to, oldest)
    events, gaps = _with_few_gaps(cursor.last_id, events, most=_MOST_AWAITED - len(awaited))
    last_id = max(cursor.last_id, events[-1].id if events else 0)
    return events, Cursor(last_id, (*awaited, *_awaited(gaps)))


def _ids_appear_late() -> bool:
    return connection.vendor == "postgresql"


def _after(cursor: Cursor) -> QuerySet[Event]:
    # One statement, so one snapshot: a late event comes before the later ones of its thread.
    wanted = Q(id__gt=cursor.last_id)
    for gap in cursor.awaited:
        wanted |= Q(id__range=(gap.first, gap.last))
    return Event.objects.filter(wanted)


def _oldest_running_transaction() -> int:
    """Every transaction with a lower number is over."""
    return _number("SELECT pg_snapshot_xmin(pg_current_snapshot())::text")


def _new_transaction() -> int:
    """A number above that of every transaction that has one; a snapshot does not tell it."""
    return _number("SELECT pg_current_xact_id()::text")


def _number(statement: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return int(cursor.fetchone()[0])


def _awaited(gaps: list[tuple[int, int]]) -> tuple[Awaited, ...]:
    """New gaps. Whoever took an id of theirs writes already (see `publish`), so has a number."""
    if not gaps:
        return ()
    horizon = _new_transaction()
    return tuple(Awaited(first, last, horizon) for first, last in gaps)


def _still_awaited(
    awaited: Iterable[Awaited], ids: list[int], seen_up_to: int, oldest: int
) -> list[Awaited]:
    """What is left of the gaps after `ids` were read, which are all there are to `seen_up_to`."""
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
    """The events before gap number `most + 1`, and the gaps between them."""
    gaps: list[tuple[int, int]] = []
    for count, event in enumerate(events):
        new = list(_gaps(last_id, [event.id]))
        if len(gaps) + len(new) > most:
            return events[:count], gaps
        gaps += new
        last_id = max(last_id, event.id)
    return events, gaps


def _gaps(last_id: int, ids: Iterable[int]) -> Iterator[tuple[int, int]]:
    """What is missing between `last_id` and the growing `ids`: first and last."""
    for found in ids:
        if found > last_id + 1:
            yield last_id + 1, found - 1
        last_id = max(last_id, found)
