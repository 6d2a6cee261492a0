"""The JSON of the native event stream: the names and fields of the REST models.

`{"id", "type", "threadId", "version", "sequence"?, ...}`: `id` is the cursor behind the event,
`version` the epoch milliseconds of the change (unique in its thread), `sequence` its place among
the stored events of its thread. What follows depends on the type:

| type | members |
|---|---|
| chatMessageReceived, chatMessageEdited, chatMessageDeleted | `message`: ChatMessage |
| typingIndicatorReceived | `senderCommunicationIdentifier`, `senderDisplayName`, `receivedOn` |
| readReceiptReceived | `readReceipt`: ChatMessageReadReceipt |
| chatThreadCreated | `thread`: ChatThreadProperties, `participants`: ChatParticipant[] |
| chatThreadPropertiesUpdated | `thread`, `updatedOn`, `updatedByCommunicationIdentifier` |
| chatThreadDeleted | `deletedOn`, `deletedByCommunicationIdentifier`, `reason` |
| participantsAdded | `participants`, `addedOn`, `addedByCommunicationIdentifier` |
| participantsRemoved | `participants`, `removedOn`, `removedByCommunicationIdentifier` |

`…ByCommunicationIdentifier` is left out if the server made the change.
"""

from collections.abc import Iterable
from typing import Any

from asgi_server.frames import Frame
from events.catalogue import (
    EVENT_TYPES,
    ChatMessageDeleted,
    ChatMessageEdited,
    ChatMessageEvent,
    ChatMessageReceived,
    ChatThreadCreated,
    ChatThreadDeleted,
    ChatThreadPropertiesUpdated,
    EventParticipant,
    ParticipantsAdded,
    ParticipantsRemoved,
    ReadReceiptReceived,
    ThreadEvent,
    TypingIndicatorReceived,
)
from live.outgoing import OutgoingEvent
from messaging.listing import MessageRow
from messaging.priority import extract_priority
from messaging.serializers import message as message_model
from messaging.serializers import read_receipt
from threads.serializers import participant as participant_model
from threads.serializers import thread_properties
from wire import times
from wire.identifiers import communication_user
from wire.strict_json import render
from wire.versions import NEWEST

# The names of the stream by those of the catalogue: chatMessageReceived and so on.
NAMES = {name: name[0].lower() + name[1:] for name in EVENT_TYPES}
TYPES = {name: event_type for event_type, name in NAMES.items()}


def event_body(outgoing: OutgoingEvent) -> dict[str, Any]:
    """The JSON object of an event, as described above."""
    event = outgoing.event
    body: dict[str, Any] = {
        "id": str(outgoing.cursor),
        "type": NAMES[event.type],
        "threadId": event.thread_id,
        "version": str(event.at_ms),
    }
    if event.is_stored:
        body["sequence"] = event.sequence
    return body | _details(event)


def _details(event: ThreadEvent) -> dict[str, Any]:
    match event:
        case ChatMessageEvent():
            return {"message": message_model(NEWEST, _row(event))}
        case TypingIndicatorReceived():
            return _typing(event)
        case ReadReceiptReceived():
            receipt = read_receipt(event.initiator or "", event.message_id, event.at_ms)
            return {"readReceipt": receipt}
        case ChatThreadCreated():
            thread = _thread(event, created_ms=event.at_ms, created_by=event.initiator)
            return {"thread": thread, "participants": _participants(event.participants)}
        case ChatThreadPropertiesUpdated():
            thread = _thread(event, created_ms=event.created_ms, created_by=None)
            return {"thread": thread, **_done("updated", event)}
        case ChatThreadDeleted():
            return {**_done("deleted", event), "reason": event.reason}
        case ParticipantsAdded():
            people = _participants(event.participants)
            return {"participants": people, **_done("added", event)}
        case ParticipantsRemoved():
            people = _participants(event.participants)
            return {"participants": people, **_done("removed", event)}
    raise TypeError(f"The event stream has no representation of {event.type}")


def _row(event: ChatMessageEvent) -> MessageRow:
    is_deleted = isinstance(event, ChatMessageDeleted)
    with_content = event if isinstance(event, ChatMessageReceived | ChatMessageEdited) else None
    # Events carry the priority as a key of the metadata only.
    given = extract_priority({"metadata": with_content.metadata if with_content else {}})
    return MessageRow(
        message_id=event.message_id,
        type=event.message_type,
        sequence=event.message_sequence,
        version=event.at_ms,
        content=with_content.content if with_content else "",
        sender=event.initiator,
        sender_display_name=event.sender_display_name,
        metadata=given["metadata"],
        priority=given.get("priority"),
        participants=None,
        edited_ms=event.at_ms if isinstance(event, ChatMessageEdited) else None,
        deleted_ms=event.at_ms if is_deleted else None,
        place=event.at_ms,
    )


def _typing(event: TypingIndicatorReceived) -> dict[str, Any]:
    body: dict[str, Any] = {
        "senderCommunicationIdentifier": communication_user(event.initiator or "")
    }
    if event.sender_display_name:
        body["senderDisplayName"] = event.sender_display_name
    return {**body, "receivedOn": times.to_wire(event.at_ms)}


def _thread(
    event: ChatThreadCreated | ChatThreadPropertiesUpdated,
    *,
    created_ms: int,
    created_by: str | None,
) -> dict[str, Any]:
    body = thread_properties(
        NEWEST,
        thread_id=event.thread_id,
        topic=event.topic,
        created_ms=created_ms,
        created_by=created_by or "",
        metadata=event.metadata,
        retention_policy=event.retention_policy,
    )
    if created_by is None:
        del body["createdByCommunicationIdentifier"]
    return body


def _participants(people: Iterable[EventParticipant]) -> list[dict[str, Any]]:
    return [
        participant_model(
            NEWEST,
            person.raw_id,
            person.display_name,
            person.share_history_ms,
            person.metadata,
        )
        for person in people
    ]


def _done(verb: str, event: ThreadEvent) -> dict[str, Any]:
    body: dict[str, Any] = {f"{verb}On": times.to_wire(event.at_ms)}
    if event.initiator:
        body[f"{verb}ByCommunicationIdentifier"] = communication_user(event.initiator)
    return body


def socket_frame(outgoing: OutgoingEvent) -> Frame:
    """The event as a WebSocket message."""
    return Frame(render(event_body(outgoing)))


def sse_frame(outgoing: OutgoingEvent) -> Frame:
    """The event as a block of Server-Sent Events."""
    return sse_block(event_body(outgoing))


def sse_block(body: dict[str, Any]) -> Frame:
    """A JSON object as a block with its `id`. `render` writes one line, as the format needs."""
    return Frame(b"id: %s\ndata: %s\n\n" % (str(body["id"]).encode(), render(body)))
