"""Every change of messages, receipts and typing, with the names that the official SDKs use."""

from datetime import timedelta
from enum import Enum
from typing import Literal

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from events.catalogue import ReadReceiptReceived, TypingIndicatorReceived
from events.publish import announce, publish
from messaging.access import access_own_message, is_visible
from messaging.html import sanitize
from messaging.message_events import (
    MessageOrigin,
    message_deleted,
    message_edited,
)
from messaging.models import ChatMessage, MessageType, Priority, ReadReceipt, RepeatableSend
from messaging.storage import Draft, write_message, write_message_at
from threads.access import ThreadAccess, access_thread, take_position
from threads.models import ChatThread, Position
from wire.errors import bad_request, not_found, too_large, unavailable
from wire.fields import merge_metadata
from wire.statements import Statement
from wire.times import now_ms
from wire.transactions import unit_of_work


class Keep(Enum):
    """The default of an argument whose value None means to remove something."""

    KEEP = "keep"


KEEP = Keep.KEEP

# How many times a send retries if participants join or leave meanwhile.
_ATTEMPTS = 10
# How long the response to a repeatable request is kept.
REPEATABLE_FOR = timedelta(hours=24)


def _storable(content: str, message_type: str) -> str:
    """The content to store: text unchanged, HTML sanitized. Raises ChatError 400."""
    if message_type != MessageType.HTML:
        return content
    clean = sanitize(content)
    if not clean.strip():
        raise bad_request("The content field contains no allowed HTML.", target="content")
    # Sanitizing can lengthen the content: `&` becomes `&amp;`, open elements are closed.
    if len(clean.encode()) > settings.LIMITS.message_bytes:
        raise too_large("The content field", settings.LIMITS.message_bytes)
    return clean


def draft_message(
    *,
    content: str,
    message_type: Literal["text", "html"] = "text",
    sender_display_name: str = "",
    metadata: dict[str, str] | None = None,
    priority: Priority | None = None,
) -> Draft:
    """A message to be sent. Raises ChatError 400 if no HTML remains after sanitizing."""
    return Draft(
        content=_storable(content, message_type),
        message_type=message_type,
        sender_display_name=sender_display_name,
        metadata=metadata or {},
        priority=priority,
    )


def send_message(
    *,
    access: ThreadAccess,
    content: str,
    message_type: Literal["text", "html"] = "text",
    sender_display_name: str = "",
    metadata: dict[str, str] | None = None,
    priority: Priority | None = None,
    request_id: str | None = None,
) -> int:
    """Sends a message; returns its id, epoch milliseconds.

    A repeated request with the same `request_id` (repeatability-request-id) within 24 hours, by the
    same user in the same thread, sends nothing and returns the id of the first message.

    Raises ChatError: 400 if no HTML remains after sanitizing, 403 if the caller was removed
    meanwhile, 404 if the thread was deleted.
    """
    draft = draft_message(
        content=content,
        message_type=message_type,
        sender_display_name=sender_display_name,
        metadata=metadata,
        priority=priority,
    )
    if request_id is not None:
        return _send_once(access, draft, request_id)
    for _ in range(_ATTEMPTS):
        position = write_message(access, draft)
        if position is not None:
            return position.version
        access = access_thread(access.caller, access.thread_id, access.capability)
    raise unavailable()


def _send_once(access: ThreadAccess, draft: Draft, request_id: str) -> int:
    with unit_of_work():
        access, position = take_position(access, messages=1)
        # Under the thread's lock, so that concurrent requests are handled one by one.
        sent = _sent_before(access, request_id, position.version)
        if sent is not None:
            transaction.set_rollback(True)  # Returns the numbers taken.
            return sent
        write_message_at(access, draft, position)
    return position.version


def _sent_before(access: ThreadAccess, request_id: str, message_id: int) -> int | None:
    """The id of the message that this request has sent before, or None after recording this one."""
    now = timezone.now()
    record, is_first = RepeatableSend.objects.get_or_create(
        thread_id=access.thread_pk,
        user_id=access.caller.user_id,
        request_id=request_id,
        defaults={"message_id": message_id, "created_at": now},
    )
    if not is_first and record.created_at >= now - REPEATABLE_FOR:
        return record.message_id
    if not is_first:
        record.message_id, record.created_at = message_id, now
        record.save(update_fields=["message_id", "created_at"])
    return None


def update_message(
    *,
    access: ThreadAccess,
    message_id: int,
    content: str | None = None,
    metadata: dict[str, str | None] | None = None,
    priority: Priority | None | Keep = KEEP,
) -> None:
    """Changes `content`, `metadata` (merged) or `priority` (None removes it) of an own message.

    Raises ChatError: 404 for a message that is not visible or deleted, 403 for another user's, 400
    for content or metadata that is not allowed or too large.
    """
    access_own_message(access, message_id)
    if content is None and metadata is None and priority is KEEP:
        return
    with transaction.atomic(durable=True):
        access, position = take_position(access)
        # Read again under the lock.
        message = access_own_message(access, message_id)
        if message.deleted_ms is not None:
            raise not_found()
        if content is not None:
            message.content = _storable(content, message.type)
        message.metadata = merge_metadata(message.metadata, metadata or {})
        if not isinstance(priority, Keep):
            message.priority = priority
        _set_version(message, position)
        message.edited_ms = position.version
        message.save(
            update_fields=[
                "content",
                "metadata",
                "priority",
                "version",
                "previous_version",
                "edited_ms",
            ]
        )
        publish(message_edited(message, position, MessageOrigin.of_caller(access)))


def delete_message(*, access: ThreadAccess, message_id: int) -> None:
    """Deletes an own message; it remains in the list. Does nothing if it is deleted already.

    Raises ChatError: 404 for a message that is not visible, 403 for another user's.
    """
    access_own_message(access, message_id)
    with transaction.atomic(durable=True):
        access, position = take_position(access)
        message = access_own_message(access, message_id)
        if message.deleted_ms is not None:
            # Returns the sequence number: the event log has no gaps.
            transaction.set_rollback(True)
            return
        _erase(message, position)
        origin = MessageOrigin.of_caller(access)
        publish(message_deleted(message, position, origin, deleted_by=origin.sender))


def delete_message_as_operator(*, message: ChatMessage) -> None:
    """Deletes a message, without a user who did it. Ignores deleted and system messages."""
    with transaction.atomic(durable=True):
        locked = ChatThread.objects.take_lock(message.thread_id)
        current = ChatMessage.objects.select_related("sender").get(pk=message.pk)
        is_deletable = current.is_sent and current.deleted_ms is None
        if locked is None or current.sender is None or not is_deletable:
            transaction.set_rollback(True)  # Returns the sequence number.
            return
        thread, position = locked
        _erase(current, position)
        origin = MessageOrigin(thread.resource_id, thread.thread_id, current.sender.raw_id)
        publish(message_deleted(current, position, origin, deleted_by=None))


def _set_version(message: ChatMessage, position: Position) -> None:
    message.previous_version, message.version = message.version, position.version


def _erase(message: ChatMessage, position: Position) -> None:
    """Removes everything that the sender wrote, and marks the message as deleted."""
    _set_version(message, position)
    message.content = ""
    message.metadata, message.priority = {}, None
    message.edited_ms, message.deleted_ms = None, position.version
    message.save()


_LAST_RECEIPT = Statement(
    "last read receipt of a user",
    "SELECT message_id FROM messaging_readreceipt WHERE thread_id = %s AND user_id = %s",
)
_UPSERT_RECEIPT = Statement(
    "store a read receipt",
    """
INSERT INTO messaging_readreceipt (thread_id, user_id, message_id, read_ms)
VALUES (%s, %s, %s, %s)
ON CONFLICT (thread_id, user_id) DO UPDATE
    SET message_id = excluded.message_id, read_ms = excluded.read_ms
    WHERE excluded.message_id > messaging_readreceipt.message_id
RETURNING id
""",
    inserts=ReadReceipt,
)


def _receipt_events(access: ThreadAccess) -> int:
    """How many events a receipt publishes: none in a large thread."""
    return int(access.participant_count <= settings.LIMITS.read_receipt_participants)


def send_read_receipt(*, access: ThreadAccess, message_id: int) -> None:
    """Records that the caller has read up to a message. Ignores older messages than before.

    In threads with too many participants it is stored but publishes no event. Raises ChatError 404
    for a message that is not visible.
    """
    if not is_visible(access, message_id):
        raise not_found()
    reader = (access.thread_pk, access.caller.user_id)
    with unit_of_work():
        last = _LAST_RECEIPT.fetch_one(reader)
        if last is not None and last[0] >= message_id:
            return
        access, position = take_position(access, events=_receipt_events)
        if _UPSERT_RECEIPT.fetch_one((*reader, message_id, position.version)) is None:
            # On PostgreSQL a later receipt may have been stored while this one waited.
            transaction.set_rollback(True)  # Returns the sequence number.
            return
        if not _receipt_events(access):
            return
        publish(
            ReadReceiptReceived(
                resource_id=access.caller.resource_id,
                thread_id=access.thread_id,
                sequence=position.event_sequence,
                at_ms=position.version,
                initiator=access.caller.raw_id,
                message_id=message_id,
            )
        )


def send_typing_notification(*, access: ThreadAccess, sender_display_name: str = "") -> None:
    """Announces that the caller is typing, without storing it. Does nothing in large threads."""
    if access.participant_count > settings.LIMITS.typing_participants:
        return
    announce(
        TypingIndicatorReceived(
            resource_id=access.caller.resource_id,
            thread_id=access.thread_id,
            sequence=access.last_event_sequence,
            at_ms=now_ms(),
            initiator=access.caller.raw_id,
            sender_display_name=sender_display_name,
        )
    )
