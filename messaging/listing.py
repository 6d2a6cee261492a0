"""Pages of messages and of read receipts, read as tuples instead of model objects."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import orjson
from django.conf import settings

from messaging.access import visible_messages
from messaging.models import ChatMessage
from threads.access import ThreadAccess
from wire import paging
from wire.errors import not_found
from wire.paging import Window
from wire.statements import Statement


class MessageRow(NamedTuple):
    """The columns of a message that responses show, and its `place`: the version to sort by."""

    message_id: int
    type: str
    sequence: int
    version: int
    content: str
    sender: str | None
    sender_display_name: str
    metadata: dict[str, str]
    priority: int | None
    participants: list[dict[str, Any]] | None
    edited_ms: int | None
    deleted_ms: int | None
    place: int


_COLUMNS = (
    "message_id",
    "type",
    "sequence",
    "version",
    "content",
    "sender__raw_id",
    "sender_display_name",
    "metadata",
    "priority",
    "participants",
    "edited_ms",
    "deleted_ms",
)
_NO_METADATA: dict[str, str] = {}
# raw id of the reader, message id, read_ms
ReceiptRow = tuple[str, int, int]


@dataclass(frozen=True)
class MessageCursor:
    """The position of a client in the list: the newest version at the first page, and the oldest
    version listed so far.
    """

    bound: int
    oldest: int

    def pack(self) -> str:
        """The cursor as `syncState`."""
        return paging.pack((self.bound, self.oldest))

    @classmethod
    def unpack(cls, token: str) -> "MessageCursor":
        """The cursor in a `syncState`. Raises ChatError 400."""
        return cls(*paging.unpack(token, 2))


# The keyset query walks the index of (thread, version). A version is never less than the id, so its
# lower bound changes nothing in the result but lets the database stop early in that index.
_JOINED = """
    m.message_id, m.type, m.sequence, m.version, m.content, u.raw_id, m.sender_display_name,
    m.metadata, m.priority, m.participants, m.edited_ms, m.deleted_ms"""
_PAGE = Statement(
    "page of messages",
    f"""
SELECT {_JOINED}, m.version
FROM messaging_chatmessage m LEFT JOIN identity_communicationuser u ON u.id = m.sender_id
WHERE m.thread_id = %s AND m.version >= %s AND m.version < %s AND m.message_id >= %s
ORDER BY m.version DESC LIMIT %s
""",  # noqa: S608 - column names of our own
)
# There is only one lower bound on the version and no upper bound on the id, although one would be
# correct: with either, SQLite would not use the index that has these few messages at its end.
_CHANGED = Statement(
    "messages changed since a walk began",
    f"""
SELECT {_JOINED}, m.place
FROM (
    SELECT *, CASE WHEN previous_version <= %s THEN previous_version ELSE message_id END AS place
    FROM messaging_chatmessage WHERE thread_id = %s AND version > %s
) m LEFT JOIN identity_communicationuser u ON u.id = m.sender_id
WHERE m.message_id >= %s AND m.place < %s
ORDER BY m.place DESC LIMIT %s
""",  # noqa: S608 - column names of our own
)


def list_messages(
    access: ThreadAccess, *, start_ms: int | None, size: int, cursor: MessageCursor | None
) -> tuple[Sequence[MessageRow], MessageCursor | None]:
    """A page of the messages that the caller may see, and the cursor of the next page.

    The most recently changed come first. Following pages keep the order of the first page: they
    leave out messages that arrived since, and edited messages keep their place, so that each
    message is listed once (but see docs/decisions/0002). As in the real service, a full page is
    always followed by another one (REST contract 7).
    """
    from_ms = max(access.visible_from_ms, start_ms or 0)
    oldest = cursor.oldest if cursor else paging.LARGEST
    page = _rows(_PAGE, (access.thread_pk, from_ms, oldest, from_ms, size))
    if cursor and (changed := _changed(access, from_ms, cursor, size)):
        page = sorted(page + changed, key=lambda row: row.place, reverse=True)[:size]
    if len(page) < size:
        return page, None
    bound = cursor.bound if cursor else page[0].version
    return page, MessageCursor(bound, page[-1].place)


def _changed(
    access: ThreadAccess, from_ms: int, cursor: MessageCursor, size: int
) -> list[MessageRow]:
    """Messages that belong to the following pages but were edited or deleted since the first."""
    changed_after = max(cursor.bound, from_ms - 1)
    return _rows(
        _CHANGED,
        (cursor.bound, access.thread_pk, changed_after, from_ms, cursor.oldest, size),
    )


def _rows(statement: Statement, parameters: Sequence[Any]) -> list[MessageRow]:
    return [_parsed(row) for row in statement.fetch_all(parameters)]


def _parsed(row: tuple[Any, ...]) -> MessageRow:
    """A row of a raw statement, in which JSON is text."""
    metadata, participants = row[7], row[9]
    if metadata == "{}" and participants is None:
        # Almost every message.
        return MessageRow._make((*row[:7], _NO_METADATA, *row[8:]))
    found = orjson.loads(participants) if participants is not None else None
    return MessageRow._make((*row[:7], orjson.loads(metadata), row[8], found, *row[10:]))


def get_message(access: ThreadAccess, message_id: int) -> MessageRow:
    """One message that the caller may see. Raises ChatError 404."""
    found = visible_messages(access).filter(message_id=message_id)
    row = found.values_list(*_COLUMNS, "version").first()
    if row is None:
        raise not_found()
    return MessageRow._make(row)


def messages_by_key(keys: Sequence[int]) -> dict[int, MessageRow]:
    """Messages by primary key. The caller is responsible for permissions."""
    found = ChatMessage.objects.filter(pk__in=keys).values_list("pk", *_COLUMNS, "version")
    return {key: MessageRow._make(row) for key, *row in found}


_RECEIPTS = Statement(
    "read receipts of a thread",
    """
SELECT u.raw_id, r.message_id, r.read_ms
FROM messaging_readreceipt r
JOIN identity_communicationuser u ON u.id = r.user_id
JOIN threads_participant p
    ON p.thread_id = r.thread_id AND p.user_id = r.user_id AND p.removed_ms IS NULL
WHERE r.thread_id = %s
ORDER BY p.id LIMIT %s OFFSET %s
""",
)


def list_read_receipts(access: ThreadAccess, window: Window) -> tuple[Sequence[ReceiptRow], bool]:
    """The latest receipt of each participant in the window, and whether there are more.

    Empty for a thread with too many participants (REST contract 6.5).
    """
    if access.participant_count > settings.LIMITS.read_receipt_participants:
        return [], False
    rows: list[Any] = _RECEIPTS.fetch_all((access.thread_pk, window.size + 1, window.skip))
    return rows[: window.size], len(rows) > window.size
