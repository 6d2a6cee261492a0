"""The events of a message, built from its row."""

from dataclasses import dataclass
from typing import Literal, TypedDict, cast
from uuid import UUID

from events.catalogue import ChatMessageDeleted, ChatMessageEdited, ChatMessageReceived
from messaging.models import ChatMessage
from messaging.priority import with_priority
from threads.access import ThreadAccess
from threads.models import Position


@dataclass(frozen=True)
class MessageOrigin:
    """The resource and thread of a message, and the raw id of its sender."""

    resource_id: UUID
    thread_id: str
    sender: str

    @classmethod
    def of_caller(cls, access: ThreadAccess) -> "MessageOrigin":
        """The origin of a message that the caller sent."""
        return cls(access.caller.resource_id, access.thread_id, access.caller.raw_id)


class _CommonFields(TypedDict):
    """The fields of ChatMessageEvent, so that mypy checks them where they are unpacked."""

    resource_id: UUID
    thread_id: str
    sequence: int
    at_ms: int
    initiator: str
    message_id: int
    message_sequence: int
    message_type: Literal["text", "html"]
    sender_display_name: str


def _common_fields(
    message: ChatMessage, position: Position, origin: MessageOrigin
) -> _CommonFields:
    return {
        "resource_id": origin.resource_id,
        "thread_id": origin.thread_id,
        "sequence": position.event_sequence,
        "at_ms": position.version,
        "initiator": origin.sender,
        "message_id": message.message_id,
        "message_sequence": message.sequence,
        "message_type": cast(Literal["text", "html"], message.type),
        "sender_display_name": message.sender_display_name,
    }


def message_received(
    message: ChatMessage, position: Position, origin: MessageOrigin
) -> ChatMessageReceived:
    return ChatMessageReceived(
        **_common_fields(message, position, origin),
        content=message.content,
        metadata=with_priority(message.metadata, message.priority),
    )


def message_edited(
    message: ChatMessage, position: Position, origin: MessageOrigin
) -> ChatMessageEdited:
    return ChatMessageEdited(
        **_common_fields(message, position, origin),
        content=message.content,
        metadata=with_priority(message.metadata, message.priority),
    )


def message_deleted(
    message: ChatMessage, position: Position, origin: MessageOrigin, *, deleted_by: str | None
) -> ChatMessageDeleted:
    """`deleted_by` is a raw id, or None if an operator deleted the message."""
    return ChatMessageDeleted(**_common_fields(message, position, origin), deleted_by=deleted_by)
