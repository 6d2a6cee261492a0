"""The body of a push: the union of what the three official SDKs read (JavaScript, Android, iOS).

All members are strings except `eventId`; lists and objects are JSON in a string. Clients do not
need the initiator's display name, so it is sent only if the event contains it.
"""

import json
from collections.abc import Sequence
from typing import Any

from events.catalogue import (
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
from wire.times import from_ms

EVENT_IDS: dict[type[ThreadEvent], int] = {
    ChatMessageReceived: 200,
    TypingIndicatorReceived: 245,
    ReadReceiptReceived: 246,
    ChatMessageEdited: 247,
    ChatMessageDeleted: 248,
    ChatThreadCreated: 257,
    ChatThreadPropertiesUpdated: 258,
    ChatThreadDeleted: 259,
    ParticipantsAdded: 260,
    ParticipantsRemoved: 261,
}
_MESSAGE_TYPES = {"text": "Text", "html": "RichText/Html"}


def event_name(event: ThreadEvent) -> str:
    """The SDK's name of the event."""
    return event.type[0].lower() + event.type[1:]


def payload(event: ThreadEvent, recipient: str) -> dict[str, Any]:
    """The body of the push of `event` to the user with the raw id `recipient`."""
    body = {
        "eventId": EVENT_IDS[type(event)],
        "senderId": event.initiator or "",
        "recipientMri": recipient,
        "recipientId": recipient,
        "groupId": event.thread_id,
        "transactionId": "",
        "collapseId": "",
        "priority": "",
        "clientMessageId": "",
        "version": str(event.at_ms),
    }
    return body | _details(event)


def _details(event: ThreadEvent) -> dict[str, Any]:
    match event:
        case ChatMessageEvent():
            return _message(event)
        case TypingIndicatorReceived():
            return {
                "senderDisplayName": event.sender_display_name,
                "originalArrivalTime": _time(event.at_ms),
            }
        case ReadReceiptReceived():
            return _read_receipt(event)
    return {"threadId": event.thread_id} | _of_thread(event)


def _message(event: ChatMessageEvent) -> dict[str, Any]:
    body: dict[str, Any] = {
        "messageId": str(event.message_id),
        "messageType": _MESSAGE_TYPES[event.message_type],
        "senderDisplayName": event.sender_display_name,
        "originalArrivalTime": _time(event.message_id),
    }
    if isinstance(event, ChatMessageDeleted):
        return body | {"deletetime": _time(event.at_ms)}
    assert isinstance(event, ChatMessageReceived | ChatMessageEdited)
    body |= {
        "messageBody": event.content,
        "acsChatMessageMetadata": json.dumps(event.metadata),
        "attachments": "[]",
    }
    if isinstance(event, ChatMessageEdited):
        body["edittime"] = _time(event.at_ms)
    return body


def _read_receipt(event: ReadReceiptReceived) -> dict[str, Any]:
    horizon = f"{event.message_id};{event.at_ms};{event.message_id}"
    body = {
        "user": event.initiator,
        "consumptionhorizon": horizon,
        "messageVisibilityTime": event.at_ms,
        "version": str(event.at_ms),
    }
    return {"messageId": str(event.message_id), "messageBody": json.dumps(body)}


def _of_thread(event: ThreadEvent) -> dict[str, Any]:
    who, when = _initiator(event), _time(event.at_ms)
    match event:
        case ChatThreadCreated():
            return {
                "createTime": when,
                "createdBy": _nested(who),
                "members": _people(event.participants),
                "properties": _properties(event),
            }
        case ChatThreadPropertiesUpdated():
            return {"editTime": when, "editedBy": _nested(who), "properties": _properties(event)}
        case ChatThreadDeleted():
            # The retention policy is not a user.
            by_user = {"deletedBy": _nested(who)} if event.reason == "deletedByUser" else {}
            return {"deleteTime": when, "reason": event.reason} | by_user
        case ParticipantsAdded():
            people = _people(event.participants)
            return {"time": when, "addedBy": _nested(who), "participantsAdded": people}
        case ParticipantsRemoved():
            people = _people(event.participants)
            return {"time": when, "removedBy": _nested(who), "participantsRemoved": people}
    raise TypeError(f"The protocol of the SDKs has no representation of {event.type}")


def _initiator(event: ThreadEvent) -> dict[str, Any]:
    named: Sequence[EventParticipant] = getattr(event, "participants", ())
    found = [person for person in named if person.raw_id == event.initiator]
    return _person(found[0] if found else EventParticipant(event.initiator or "", 0))


def _person(person: EventParticipant) -> dict[str, Any]:
    return {
        "participantId": person.raw_id,
        # Required: if one is missing, one of the SDKs drops the event.
        "displayName": person.display_name,
        "shareHistoryTime": person.share_history_ms,
        "memberMetaData": json.dumps(person.metadata),
    }


def _people(people: Sequence[EventParticipant]) -> str:
    return _nested([_person(person) for person in people])


def _properties(event: ChatThreadCreated | ChatThreadPropertiesUpdated) -> str:
    body = {"topic": event.topic, "acsChatThreadMetadata": json.dumps(event.metadata)}
    policy = event.retention_policy or {}
    if "deleteThreadAfterDays" in policy:
        after = {
            "retentionPolicyType": "DeleteAfterCreationTime",
            "executeAfter": f"{policy['deleteThreadAfterDays']}.00:00:00",
        }
        body["retentionPolicy"] = json.dumps(after)
    return _nested(body)


def _nested(value: Any) -> str:
    """JSON without percent signs, because the JavaScript SDK unescapes %XX before it parses."""
    return json.dumps(value).replace("%", "\\u0025")


def _time(milliseconds: int) -> str:
    """ISO 8601 with exactly three decimals, which the iOS SDK requires."""
    return from_ms(milliseconds).strftime("%Y-%m-%dT%H:%M:%S.") + f"{milliseconds % 1000:03}Z"
