"""Every change of messages, receipts and typing, named as the official SDKs name them."""

from datetime import timedelta
from enum import Enum
from typing import Literal

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from events.catalogue import ReadReceiptReceived, TypingIndicatorReceived
from events.publish import announce, publish
from messaging.access import access_message, access_own_message
from messaging.html import sanitize
from messaging.message_events import (
    MessageOrigin,
    message_deleted,
    message_edited,
    message_received,
)
from messaging.models import ChatMessage, MessageType, Priority, ReadReceipt, RepeatableSend
from threads.access import ThreadAccess, take_position
from threads.models import ChatThread, Position
from wire.errors import bad_request, not_found, too_large
from wire.fields import merge_metadata
from wire.rows import insert
from wire.times import now_ms


class Keep(Enum):
    """Says of a change that a value stays as it is, where None says that it goes."""

    KEEP = "keep"


KEEP = Keep.KEEP

# How long the answer to a repeatable request is kept.
REPEATABLE_FOR = timedelta(hours=24)


def _storable(content: str, message_type: str) -> str:
    """The content to keep: text byte for byte, html sanitized. Raises ChatError 400."""
    if message_type != MessageType.HTML:
        return content
    clean = sanitize(content)
    if not clean.strip():
        raise bad_request("The content field holds no html that is allowed.", target="content")
    # What is kept may be longer than what was sent: `&` becomes `&amp;`, open elements are closed.
    if len(clean.encode()) > settings.LIMITS.message_bytes:
        raise too_large("The content field", settings.LIMITS.message_bytes)
    return clean


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

    With `request_id` (the repeatability-request-id) a repetition within a day, by the same user in
    the same thread, sends nothing and returns the id of what the first request sent.

    Raises ChatError: 400 for html of which nothing is allowed, 403 and 404 when the caller was
    removed or the thread deleted meanwhile.
    """
    content = _storable(content, message_type)
    with transaction.atomic(durable=True):
        access, position = take_position(access, messages=1)
        if request_id is not None:
            # The thread is locked: of two such requests at the same time one is second here.
            sent = _sent_before(access, request_id, position.version)
            if sent is not None:
                transaction.set_rollback(True)  # Gives the numbers back that were taken.
                return sent
        message = ChatMessage(
            thread_id=access.thread_pk,
            message_id=position.version,
            version=position.version,
            sequence=position.message_sequence,
            type=message_type,
            content=content,
            sender_id=access.caller.user_id,
            sender_display_name=sender_display_name,
            metadata=metadata or {},
            priority=priority,
        )
        insert(message)
        publish(message_received(message, position, MessageOrigin.of_caller(access)))
    return position.version


def _sent_before(access: ThreadAccess, request_id: str, message_id: int) -> int | None:
    """The id of the message that this request has sent already; else notes the one it sends now."""
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

    Nothing given changes nothing. Raises ChatError: 404 for a message that is not visible or was
    deleted, 403 for one of somebody else, 400 for content or metadata that cannot be kept.
    """
    access_own_message(access, message_id)
    if content is None and metadata is None and priority is KEEP:
        return
    with transaction.atomic(durable=True):
        access, position = take_position(access)
        # Again, now that nobody else can change it.
        message = access_own_message(access, message_id)
        if message.deleted_ms is not None:
            raise not_found()
        if content is not None:
            message.content = _storable(content, message.type)
        message.metadata = merge_metadata(message.metadata, metadata or {})
        if not isinstance(priority, Keep):
            message.priority = priority
        _move(message, position)
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
    """Deletes an own message; its place in the list stays. Deleting it again changes nothing.

    Raises ChatError: 404 for a message that is not visible, 403 for one of somebody else.
    """
    access_own_message(access, message_id)
    with transaction.atomic(durable=True):
        access, position = take_position(access)
        message = access_own_message(access, message_id)
        if message.deleted_ms is not None:
            # The number that was taken must not be missing from the log.
            transaction.set_rollback(True)
            return
        _empty(message, position)
        origin = MessageOrigin.of_caller(access)
        publish(message_deleted(message, position, origin, deleted_by=origin.sender))


def delete_message_as_operator(*, message: ChatMessage) -> None:
    """Deletes a message in nobody's name. A deleted or a system message stays as it is."""
    with transaction.atomic(durable=True):
        locked = ChatThread.objects.take_lock(message.thread_id)
        current = ChatMessage.objects.select_related("sender").get(pk=message.pk)
        is_there = current.is_sent and current.deleted_ms is None
        if locked is None or current.sender is None or not is_there:
            transaction.set_rollback(True)  # As above: gives the number back.
            return
        thread, position = locked
        _empty(current, position)
        origin = MessageOrigin(thread.resource_id, thread.thread_id, current.sender.raw_id)
        publish(message_deleted(current, position, origin, deleted_by=None))


def _move(message: ChatMessage, position: Position) -> None:
    message.previous_version, message.version = message.version, position.version


def _empty(message: ChatMessage, position: Position) -> None:
    """Takes everything out of a message that its sender put in."""
    _move(message, position)
    message.content = ""
    message.metadata, message.priority = {}, None
    message.edited_ms, message.deleted_ms = None, position.version
    message.save()


def _receipt_events(access: ThreadAccess) -> int:
    """How many events a receipt makes: none in a large thread."""
    return int(access.participant_count <= settings.LIMITS.read_receipt_participants)


def send_read_receipt(*, access: ThreadAccess, message_id: int) -> None:
    """Notes that the caller has read up to a message. An older one than before is ignored.

    In threads above the limit of participants it is kept but makes no event. Raises ChatError
    404 for a message that is not visible.
    """
    access_message(access, message_id)
    with transaction.atomic(durable=True):
        access, position = take_position(access, events=_receipt_events)
        mine = ReadReceipt.objects.filter(thread=access.thread_pk, user=access.caller.user_id)
        last = mine.values_list("message_id", flat=True).first()
        if last is not None and last >= message_id:
            transaction.set_rollback(True)  # As above: gives the number back.
            return
        receipt = ReadReceipt(
            thread_id=access.thread_pk,
            user_id=access.caller.user_id,
            message_id=message_id,
            read_ms=position.version,
        )
        ReadReceipt.objects.bulk_create(
            [receipt],
            update_conflicts=True,
            unique_fields=["thread", "user"],
            update_fields=["message_id", "read_ms"],
        )
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
    """Announces that the caller is typing; nothing is stored, and nothing said in large threads."""
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
