"""Pages of messages and of read receipts, read as tuples instead of model objects."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.conf import settings
from django.db.models import Case, F, QuerySet, When

from messaging.access import visible_messages
from messaging.models import ChatMessage, ReadReceipt
from threads.access import ThreadAccess
from wire import paging
from wire.errors import not_found
from wire.paging import Window


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
    # A version is never less than the id, so the bound on the version changes nothing in the result
    # but lets the database stop early in the index.
    messages = visible_messages(access).filter(message_id__gte=from_ms, version__gte=from_ms)
    if cursor is None:
        page = _rows(messages.order_by("-version").annotate(place=F("version")), size)
    else:
        changed = _changed(visible_messages(access), from_ms, cursor)
        page = _rows(_unchanged(messages, cursor), size) + _rows(changed, size)
        page = sorted(page, key=lambda row: row.place, reverse=True)[:size]
    if len(page) < size:
        return page, None
    bound = cursor.bound if cursor else page[0].version
    return page, MessageCursor(bound, page[-1].place)


def _unchanged(messages: QuerySet[ChatMessage], cursor: MessageCursor) -> QuerySet[ChatMessage]:
    return (
        messages.filter(version__lt=cursor.oldest).order_by("-version").annotate(place=F("version"))
    )


def _changed(
    visible: QuerySet[ChatMessage], from_ms: int, cursor: MessageCursor
) -> QuerySet[ChatMessage]:
    """Messages that belong to the following pages but were edited or deleted since the first page.

    There is only one lower bound on the version and no upper bound on the id, although one would be
    correct: with either, SQLite would not use the index that has these few messages at its end.
    """
    place = Case(
        When(previous_version__lte=cursor.bound, then=F("previous_version")),
        default=F("message_id"),
    )
    return (
        visible.filter(version__gt=max(cursor.bound, from_ms - 1), message_id__gte=from_ms)
        .annotate(place=place)
        .filter(place__lt=cursor.oldest)
        .order_by("-place")
    )


def _rows(messages: QuerySet[ChatMessage], size: int) -> list[MessageRow]:
    return [MessageRow._make(row) for row in messages.values_list(*_COLUMNS, "place")[:size]]


def get_message(access: ThreadAccess, message_id: int) -> MessageRow:
    """One message that the caller may see. Raises ChatError 404."""
    one = visible_messages(access).filter(message_id=message_id).annotate(place=F("version"))
    rows = _rows(one, 1)
    if not rows:
        raise not_found()
    return rows[0]


def messages_by_key(keys: Sequence[int]) -> dict[int, MessageRow]:
    """Messages by primary key. The caller is responsible for permissions."""
    found = ChatMessage.objects.filter(pk__in=keys).values_list("pk", *_COLUMNS, "version")
    return {key: MessageRow._make(row) for key, *row in found}


def list_read_receipts(access: ThreadAccess, window: Window) -> tuple[Sequence[ReceiptRow], bool]:
    """The latest receipt of each participant in the window, and whether there are more.

    Empty for a thread with too many participants (REST contract 6.5).
    """
    if access.participant_count > settings.LIMITS.read_receipt_participants:
        return [], False
    rows: list[ReceiptRow] = list(
        ReadReceipt.objects.filter(
            thread=access.thread_pk,
            user__memberships__thread=access.thread_pk,
            user__memberships__removed_ms=None,
        )
        .order_by("user__memberships__id")
        .values_list("user__raw_id", "message_id", "read_ms")[window.skip : window.stop + 1]
    )
    return rows[: window.size], len(rows) > window.size
