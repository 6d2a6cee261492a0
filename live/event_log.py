"""Queries for live subscribers: the event log from a cursor on, and who takes part where."""

import json
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Exists, Max, Min, OuterRef, Q, QuerySet

from events import following
from events.catalogue import ThreadEvent
from events.following import Awaited, Cursor
from events.models import Event
from threads.models import Participant
from wire.times import now_ms

# How long ago a membership may have ended to matter for delivery; the hub is never so far behind.
_RECENT_MS = 600_000


@dataclass(frozen=True, slots=True)
class Entry:
    """An event of the log, its id there, and the cursor behind it."""

    id: int
    event: ThreadEvent
    cursor: Cursor


@dataclass(slots=True)
class Membership:
    """A period of taking part: from event `joined` to event `removed` of a thread, inclusive."""

    joined: int
    removed: int | None = None


# A user's memberships, by thread id.
Memberships = dict[str, list[Membership]]


@dataclass(frozen=True)
class Scope:
    """Which events a subscriber gets: a user's, or all of a resource if `user_id` is None.

    `threads` and `types` (names of the catalogue) narrow it; None means any.
    """

    resource_id: UUID
    user_id: int | None = None
    threads: frozenset[str] | None = None
    types: frozenset[str] | None = None


def cursor_at(start: Cursor, end: Cursor, event_id: int) -> Cursor:
    """The cursor of a subscriber that was at `start` and has received, of the events before `end`,
    all up to `event_id`, in the order of their ids.
    """
    last_id = max(start.last_id, event_id)
    if not start.awaited and not end.awaited:
        return Cursor(last_id)
    left = [
        Awaited(gap.first, min(gap.last, last_id), gap.horizon)
        for gap in end.awaited
        if gap.first <= last_id
    ]
    left += [
        Awaited(max(gap.first, event_id + 1), gap.last, gap.horizon)
        for gap in start.awaited
        if gap.last > event_id
    ]
    return Cursor(last_id, tuple(_merged(left)))


def _merged(gaps: list[Awaited]) -> Iterable[Awaited]:
    merged: list[Awaited] = []
    for gap in sorted(gaps, key=lambda gap: gap.first):
        if merged and gap.first <= merged[-1].last:
            before = merged.pop()
            gap = Awaited(
                before.first, max(before.last, gap.last), max(before.horizon, gap.horizon)
            )
        merged.append(gap)
    return merged


def entries(start: Cursor, end: Cursor, rows: Iterable[Event]) -> list[Entry]:
    """Rows between two cursors, in the order of their ids."""
    return [Entry(row.id, row.event(), cursor_at(start, end, row.id)) for row in rows]


# Plain SQL because the hub runs it after every message (see `identity.callers`).
_AFTER = """
SELECT id, resource_id, thread_id, sequence, type, at_ms, data
FROM events_event WHERE id > %s ORDER BY id LIMIT %s
"""


def read_after(cursor: Cursor, limit: int) -> tuple[list[Event], Cursor]:
    """The same as `events.following.read_after`, with fewer queries if no id is missing.

    That is if no id is awaited and none is missing among those found; on SQLite a missing id will
    never appear.
    """
    if cursor.awaited:
        return following.read_after(cursor, limit)
    with connection.cursor() as statement:
        statement.execute(_AFTER, [cursor.last_id, limit])
        found = statement.fetchall()
    if not found:
        return [], cursor
    last_id = found[-1][0]
    if connection.vendor == "postgresql" and last_id - cursor.last_id != len(found):
        return following.read_after(cursor, limit)
    return [_event(*row) for row in found], Cursor(last_id)


def _event(
    pk: int, resource: Any, thread: str, sequence: int, kind: str, at_ms: int, data: Any
) -> Event:
    return Event(
        id=pk,
        resource_id=resource if isinstance(resource, UUID) else UUID(resource),
        thread_id=thread,
        sequence=sequence,
        type=kind,
        at_ms=at_ms,
        data=json.loads(data),
    )


def reaches_back_to(cursor: Cursor) -> bool:
    """Whether the log still holds everything after `cursor`.

    Also False for a cursor of another log, such as one before a restored backup.
    """
    ids = Event.objects.aggregate(first=Min("id"), last=Max("id"))
    if ids["first"] is None:
        return cursor.last_id == 0
    # Awaited ids do not matter: most are of events pruned long ago or of rolled-back transactions.
    return bool(ids["first"] <= cursor.last_id + 1 and cursor.last_id <= ids["last"])


def missed(scope: Scope, start: Cursor, end: Cursor, *, beyond: int, limit: int) -> list[Entry]:
    """The events of `scope` after `start` and before `end` whose id is greater than `beyond`."""
    behind = Q(id__lte=end.last_id)
    for gap in end.awaited:
        behind &= ~Q(id__range=(gap.first, gap.last))
    ahead = Q(id__gt=start.last_id)
    for gap in start.awaited:
        ahead |= Q(id__range=(gap.first, gap.last))
    rows = _in_scope(scope).filter(behind, ahead, id__gt=beyond).order_by("id")[:limit]
    return entries(start, end, rows)


def _in_scope(scope: Scope) -> QuerySet[Event]:
    rows = Event.objects.filter(resource=scope.resource_id)
    if scope.threads is not None:
        rows = rows.filter(thread_id__in=scope.threads)
    if scope.types is not None:
        rows = rows.filter(type__in=scope.types)
    if scope.user_id is not None:
        taking_part = Participant.objects.filter(
            Q(removed_sequence=None) | Q(removed_sequence__gte=OuterRef("sequence")),
            thread__thread_id=OuterRef("thread_id"),
            user=scope.user_id,
            joined_sequence__lte=OuterRef("sequence"),
        )
        rows = rows.filter(Exists(taking_part))
    return rows


# The current memberships, and those that ended lately; a thread that was deleted long ago has no
# more events.
_MEMBERSHIPS = """
SELECT p.user_id, t.thread_id, p.joined_sequence, p.removed_sequence
FROM threads_participant p JOIN threads_chatthread t ON t.id = p.thread_id
WHERE p.user_id IN ({users}) AND (p.removed_ms IS NULL OR p.removed_ms >= %s)
    AND (t.deleted_ms IS NULL OR t.deleted_ms >= %s)
"""
_USERS_PER_STATEMENT = 500


def memberships_of(user_ids: Collection[int]) -> dict[int, Memberships]:
    """The current memberships of some users, and those that ended lately."""
    found: dict[int, Memberships] = {pk: defaultdict(list) for pk in user_ids}
    since, users = now_ms() - _RECENT_MS, list(user_ids)
    for start in range(0, len(users), _USERS_PER_STATEMENT):
        some = users[start : start + _USERS_PER_STATEMENT]
        places = ", ".join(["%s"] * len(some))
        with connection.cursor() as cursor:
            cursor.execute(_MEMBERSHIPS.format(users=places), [*some, since, since])
            rows = cursor.fetchall()
        for user, thread, joined, removed in rows:
            found[user][thread].append(Membership(joined, removed))
    return found
