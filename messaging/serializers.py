"""Bodies of the message, receipt and typing operations (REST contract 4 and 5)."""

from typing import Any, Literal, Required, TypedDict, cast

from messaging.listing import MessageRow
from messaging.models import SENT_TYPES, MessageType, Priority
from messaging.priority import extract_priority, with_priority
from messaging.priority import parse as parse_priority
from threads.serializers import participant
from wire import fields, times
from wire.identifiers import communication_user, parse_message_id
from wire.versions import ApiVersion

# As plain texts: looking one up among enumeration members is slow.
_SENT_TYPES = frozenset(map(str, SENT_TYPES))


class SendableType(fields.InputField):
    """`text` or `html`; the server alone writes the other types."""

    default_error_messages = {"invalid": "it must be 'text' or 'html'."}

    def to_internal_value(self, data: Any) -> str:
        if data not in SENT_TYPES:
            self.fail("invalid")
        return str(data)


class PriorityField(fields.InputField):
    """`normal` or `high`, in any case."""

    def to_internal_value(self, data: Any) -> Priority:
        return parse_priority(data)


class MessageRequest(fields.WireSerializer):
    """The members that sending and updating share."""

    metadata = fields.Metadata(required=False)
    priority = PriorityField(required=False)

    @classmethod
    def _read_members(cls, version: ApiVersion, body: dict[str, Any]) -> dict[str, Any]:
        """The members that `version` has; others are ignored."""
        if not version.message_metadata:
            body = {name: value for name, value in body.items() if name != "metadata"}
        return extract_priority(cls.read(body))


class NewMessage(TypedDict, total=False):
    """Arguments of `services.send_message`."""

    content: Required[str]
    message_type: Literal["text", "html"]
    sender_display_name: str
    metadata: dict[str, str]
    priority: Priority | None


class SendMessageRequest(MessageRequest):
    """`POST /chat/threads/{id}/messages`."""

    content = fields.Text(size="message_bytes")
    senderDisplayName = fields.DisplayName("sender_display_name")
    type = SendableType(source="message_type", required=False)

    @classmethod
    def read_for(cls, version: ApiVersion, body: dict[str, Any]) -> NewMessage:
        """The members that `version` has. Raises ChatError 400."""
        given = cls._read_members(version, body)
        if "metadata" in given:
            given["metadata"] = fields.without_nulls(given["metadata"])
        return cast(NewMessage, given)


class MessageChanges(TypedDict, total=False):
    """Arguments of `services.update_message`."""

    content: str
    metadata: dict[str, str | None]
    priority: Priority | None


class UpdateMessageRequest(MessageRequest):
    """`PATCH /chat/threads/{id}/messages/{id}`, a merge patch."""

    content = fields.Text(size="message_bytes", required=False)

    @classmethod
    def read_for(cls, version: ApiVersion, body: dict[str, Any]) -> MessageChanges:
        """The members that `version` has. Raises ChatError 400."""
        return cast(MessageChanges, cls._read_members(version, body))


class SendReadReceiptRequest(fields.WireSerializer):
    """`POST /chat/threads/{id}/readReceipts`."""

    chatMessageId = fields.Text()

    @classmethod
    def read_id(cls, body: dict[str, Any]) -> int:
        """The id of the message that was read. Raises ChatError 400."""
        return parse_message_id(cls.read(body)["chatMessageId"])


class TypingRequest(fields.WireSerializer):
    """`POST /chat/threads/{id}/typing`; the body may be missing."""

    senderDisplayName = fields.DisplayName("sender_display_name")

    @classmethod
    def read_name(cls, version: ApiVersion, body: dict[str, Any]) -> str:
        """The sender's display name, or an empty text. Raises ChatError 400."""
        # 2021-03-07 sent no body here; the name came with message metadata.
        given = cls.read(body) if version.message_metadata else {}
        return str(given.get("sender_display_name", ""))


def message(version: ApiVersion, row: MessageRow) -> dict[str, Any]:
    """ChatMessage, with its members in the order of the real service."""
    body: dict[str, Any] = {
        "id": str(row.message_id),
        "type": row.type,
        "sequenceId": str(row.sequence),
        "version": str(row.version),
        "content": _content(version, row),
    }
    is_sent = row.type in _SENT_TYPES
    if is_sent and row.sender_display_name:
        body["senderDisplayName"] = row.sender_display_name
    body["createdOn"] = times.to_wire(row.message_id)
    if is_sent and row.sender:
        body["senderCommunicationIdentifier"] = communication_user(row.sender)
    if row.deleted_ms is not None:
        body["deletedOn"] = times.to_wire(row.deleted_ms)
    elif row.edited_ms is not None:
        body["editedOn"] = times.to_wire(row.edited_ms)
    if version.message_metadata and (row.metadata or row.priority is not None):
        body["metadata"] = with_priority(row.metadata, row.priority)
    if row.priority is not None:
        body["priority"] = Priority(row.priority).label
    return body


def _content(version: ApiVersion, row: MessageRow) -> dict[str, Any]:
    if row.type in _SENT_TYPES:
        content: dict[str, Any] = {"message": row.content}
        if row.type in version.attachments:
            content["attachments"] = []
        return content
    content = (
        {"topic": row.content}
        if row.type == MessageType.TOPIC_UPDATED
        else {"participants": [participant(version, **person) for person in row.participants or ()]}
    )
    if row.sender:
        content["initiatorCommunicationIdentifier"] = communication_user(row.sender)
    return content


def read_receipt(reader: str, message_id: int, read_ms: int) -> dict[str, Any]:
    """ChatMessageReadReceipt."""
    return {
        "senderCommunicationIdentifier": communication_user(reader),
        "chatMessageId": str(message_id),
        "readOn": times.to_wire(read_ms),
    }
