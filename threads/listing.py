"""Pages of threads and of participants, read as tuples instead of model objects."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from django.db.models import Exists, OuterRef, Q

from identity.access import Capability, require
from identity.callers import Caller
from threads.access import ThreadAccess
from threads.models import Participant
from wire import paging
from wire.paging import Window
from wire.statements import Statement

# thread id, topic, deleted_ms, last_message_ms, key
ThreadRow = tuple[str, str, int | None, int, int]
# thread id, topic at the time, left_ms, key
LeftRow = tuple[str, str, int, int]
# raw id, display name, share_history_ms, metadata
ParticipantRow = tuple[str, str, int, dict[str, str]]


@dataclass(frozen=True)
class ThreadCursor:
    """The position of a client in the list of threads.

    Paging goes down from `bound_ms`, the newest activity at the first page. Threads that become
    active meanwhile leave the part that is still to come; they are listed at the end (`is_again`),
    so that none is missed. The real service lists them again in the same way.
    """

    bound_ms: int
    activity_ms: int
    key: int
    is_again: bool = False

    def pack(self) -> str:
        """The cursor as `syncState`."""
        return paging.pack((self.bound_ms, self.activity_ms, self.key, int(self.is_again)))

    @classmethod
    def unpack(cls, token: str) -> "ThreadCursor":
        """The cursor in a `syncState`. Raises ChatError 400."""
        bound_ms, activity_ms, key, is_again = paging.unpack(token, 4)
        return cls(bound_ms, activity_ms, key, bool(is_again))


def list_chat_threads(
    caller: Caller, *, start_ms: int | None, size: int, cursor: ThreadCursor | None
) -> tuple[Sequence[ThreadRow], ThreadCursor | None]:
    """A page of the caller's threads, most recent activity first, and the cursor of the next page.

    `start_ms` leaves out threads without activity since then. Raises ChatError 403 if the token's
    scopes do not allow it.
    """
    require(caller, Capability.TAKE_PART)
    since = (start_ms if start_ms is not None else 0) - 1
    rows = _threads_after(caller, since, cursor or _START, size + 1)
    page, more = rows[:size], rows[size:]
    if more:
        *_, activity_ms, key = page[-1]
        bound_ms = cursor.bound_ms if cursor else page[0][3]
        is_again = cursor.is_again if cursor else False
        return page, ThreadCursor(bound_ms, activity_ms, key, is_again)
    if cursor and not cursor.is_again:
        again = ThreadCursor(cursor.bound_ms, paging.LARGEST, paging.LARGEST, is_again=True)
        if _threads_after(caller, since, again, 1):
            return page, again
    return page, None


_START = ThreadCursor(0, paging.LARGEST, paging.LARGEST)
_PAGE = Statement(
    "page of threads",
    """
SELECT t.thread_id, t.topic, t.deleted_ms, t.last_message_ms, t.id
FROM threads_participant p JOIN threads_chatthread t ON t.id = p.thread_id
WHERE p.user_id = %s AND p.removed_ms IS NULL AND t.last_message_ms > %s
    AND (t.last_message_ms < %s OR t.last_message_ms = %s AND t.id < %s)
ORDER BY t.last_message_ms DESC, t.id DESC LIMIT %s
""",
)


def _threads_after(
    caller: Caller, since: int, cursor: ThreadCursor, size: int
) -> Sequence[ThreadRow]:
    """The next threads with activity later than `since`, in epoch milliseconds."""
    if cursor.is_again:
        since = max(since, cursor.bound_ms)
    activity_ms = cursor.activity_ms
    rows: Any = _PAGE.fetch_all((caller.user_id, since, activity_ms, activity_ms, cursor.key, size))
    return rows


@dataclass(frozen=True)
class LeftCursor:
    """The position of a client in the list of threads that it has left."""

    left_ms: int
    key: int

    def pack(self) -> str:
        """The cursor as `syncState`."""
        return paging.pack((self.left_ms, self.key))

    @classmethod
    def unpack(cls, token: str) -> "LeftCursor":
        """The cursor in a `syncState`. Raises ChatError 400."""
        return cls(*paging.unpack(token, 2))


def list_left_threads(
    caller: Caller, *, size: int, cursor: LeftCursor | None
) -> tuple[Sequence[LeftRow], LeftCursor | None]:
    """A page of the threads that the caller is no longer in, and the cursor of the next page.

    The most recently left first, each once, without anything that happened since. Raises ChatError
    403 if the token's scopes do not allow it.
    """
    require(caller, Capability.TAKE_PART)
    mine = Participant.objects.filter(user=caller.user_id)
    # The latest membership in each thread, if it has ended.
    later = mine.filter(thread=OuterRef("thread"), pk__gt=OuterRef("pk"))
    left = mine.filter(~Exists(later), removed_ms__isnull=False)
    if cursor:
        left = left.filter(
            Q(removed_ms__lt=cursor.left_ms) | Q(removed_ms=cursor.left_ms, pk__lt=cursor.key)
        )
    rows: Any = left.order_by("-removed_ms", "-pk").values_list(
        "thread__thread_id", "last_topic", "removed_ms", "pk"
    )[: size + 1]
    page: list[LeftRow] = list(rows)[:size]
    return page, LeftCursor(*page[-1][2:]) if len(rows) > size else None


_PARTICIPANTS = Statement(
    "participants of a thread",
    """
SELECT u.raw_id, p.display_name, p.share_history_ms, p.metadata
FROM threads_participant p JOIN identity_communicationuser u ON u.id = p.user_id
WHERE p.thread_id = %s AND p.removed_ms IS NULL
ORDER BY p.id LIMIT %s OFFSET %s
""",
)


def list_participants(
    access: ThreadAccess, window: Window
) -> tuple[Sequence[ParticipantRow], bool]:
    """The participants in the window, creator first, and whether there are more."""
    found = _PARTICIPANTS.fetch_all((access.thread_pk, window.size + 1, window.skip))
    rows = [(*row[:3], orjson.loads(row[3])) for row in found]
    return rows[: window.size], len(rows) > window.size
