"""Events of the log as Azure Event Grid delivers them (events contract 1 and 2).

Pure functions: an event and whom it concerns go in, events of Event Grid come out. An event of the
log becomes events of two levels: once per thread, and once per participant other than the one
who caused it.
"""

import json
import re
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
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
    ThreadEvent,
    TypingIndicatorReceived,
)
from wire.identifiers import communication_user
from wire.times import from_ms

PREFIX = "Microsoft.Communication."
EVENT_GRID_SCHEMA = "EventGridSchema"
CLOUD_EVENTS_SCHEMA = "CloudEventSchemaV1_0"
DATA_VERSION = "1.0"
METADATA_VERSION = "1"

# The live events use the same names.
MESSAGE_TYPES = {"text": "Text", "html": "RichText/Html"}
_TYPING = "Control/Typing"

# The two levels of each event of the log; a level that does not exist is empty.
_LEVELS: dict[type[ThreadEvent], tuple[str, str]] = {
    ChatMessageReceived: ("ChatMessageReceivedInThread", "ChatMessageReceived"),
    ChatMessageEdited: ("ChatMessageEditedInThread", "ChatMessageEdited"),
    ChatMessageDeleted: ("ChatMessageDeletedInThread", "ChatMessageDeleted"),
    ChatThreadCreated: ("ChatThreadCreated", "ChatThreadCreatedWithUser"),
    ChatThreadDeleted: ("ChatThreadDeleted", "ChatThreadWithUserDeleted"),
    ChatThreadPropertiesUpdated: (
        "ChatThreadPropertiesUpdated",
        "ChatThreadPropertiesUpdatedPerUser",
    ),
    ParticipantsAdded: ("ChatThreadParticipantAdded", "ChatParticipantAddedToThreadWithUser"),
    ParticipantsRemoved: (
        "ChatThreadParticipantRemoved",
        "ChatParticipantRemovedFromThreadWithUser",
    ),
    TypingIndicatorReceived: ("ChatTypingIndicatorReceivedInThread", ""),
}
# Delivered only if it is included by name: the published table does not list it.
OPT_IN_EVENT_TYPES = (f"{PREFIX}ChatTypingIndicatorReceivedInThread",)
# The same by the name under which the log knows the event, with the whole names of the types.
LEVELS = {
    event_type.__name__: (
        f"{PREFIX}{in_thread}",
        f"{PREFIX}{per_user}" if per_user else "",
    )
    for event_type, (in_thread, per_user) in _LEVELS.items()
}
EVENT_TYPES = tuple(
    name
    for names in zip(*LEVELS.values(), strict=True)
    for name in names
    if name and name not in OPT_IN_EVENT_TYPES
)

# Event ids are derived from this and the position in the log: a replay has the same ids.
_ID_SPACE = uuid.UUID("6a4e1fd0-3b0f-4d0b-9a3f-6b0c1c7d5b10")


@dataclass(frozen=True)
class GridEvent:
    """An event before it gets the envelope of a subscription's schema."""

    id: str
    type: str
    subject: str
    at_ms: int
    data: dict[str, Any]


def subject_beginning(event: ThreadEvent) -> str:
    """What the subjects of all events about a thread begin with."""
    return f"thread/{event.thread_id}"


def per_thread(event: ThreadEvent) -> Iterator[GridEvent]:
    """The events of the thread: one, or one for each participant who came or went."""
    event_type, _ = LEVELS.get(event.type, ("", ""))
    if not event_type:
        return
    for subject, data in _facts(event):
        yield GridEvent(
            id=_id(event, event_type, subject),
            type=event_type,
            # Only these two are written in lower case, and only per thread.
            subject=subject.replace("/participantAdded/", "/participantadded/").replace(
                "/participantRemoved/", "/participantremoved/"
            ),
            at_ms=event.at_ms,
            data={**data, "reason": event.reason} if isinstance(event, ChatThreadDeleted) else data,
        )


def per_user(event: ThreadEvent, audience: Iterable[str]) -> Iterator[GridEvent]:
    """The events of those in `audience` (raw ids of who took part) who did not cause it."""
    _, event_type = LEVELS.get(event.type, ("", ""))
    if not event_type:
        return
    recipients = [raw_id for raw_id in audience if raw_id != event.initiator]
    for subject, data in _facts(event):
        base = {**data, **_legacy(event)}
        for raw_id in recipients:
            full_subject = f"{subject}/recipient/{raw_id}"
            yield GridEvent(
                id=_id(event, event_type, full_subject),
                type=event_type,
                subject=full_subject,
                at_ms=event.at_ms,
                data={**base, **_recipient(event, raw_id)},
            )


def _id(event: ThreadEvent, event_type: str, subject: str) -> str:
    # Typing is not stored, so it has no position in the log.
    place = event.sequence if event.is_stored else f"{event.sequence}@{event.at_ms}"
    return str(uuid.uuid5(_ID_SPACE, f"{place} {event_type} {subject}"))


def _facts(event: ThreadEvent) -> Iterator[tuple[str, dict[str, Any]]]:
    """Subject and data that both levels share; one pair for each participant concerned."""
    thread = subject_beginning(event)
    who = _initiator(event)
    base = {"threadId": event.thread_id, "transactionId": _transaction(event)}
    match event:
        case ChatMessageEvent():
            yield f"{thread}/sender/{who}", {**base, **_message(event, who)}
        case TypingIndicatorReceived():
            yield f"{thread}/sender/{who}", {**base, **_typing(event, who)}
        case ChatThreadCreated():
            yield f"{thread}/createdBy/{who}", {**base, **_created(event, who)}
        case ChatThreadPropertiesUpdated():
            yield f"{thread}/editedBy/{who}", {**base, **_updated(event, who)}
        case ChatThreadDeleted():
            yield f"{thread}/deletedBy/{who}", {**base, **_deleted(event, who)}
        case ParticipantsAdded():
            for person in event.participants:
                facts = {"participantAdded": _participant(person)}
                yield (
                    f"{thread}/participantAdded/{person.raw_id}",
                    {**base, **_moved(event, "addedBy", who), **facts},
                )
        case ParticipantsRemoved():
            for person in event.participants:
                facts = {"participantRemoved": _participant(person)}
                yield (
                    f"{thread}/participantRemoved/{person.raw_id}",
                    {**base, **_moved(event, "removedBy", who), **facts},
                )


def _message(event: ChatMessageEvent, sender: str) -> dict[str, Any]:
    data = {
        "messageId": str(event.message_id),
        "senderCommunicationIdentifier": _identifier(sender),
        "senderDisplayName": event.sender_display_name,
        "composeTime": time_text(event.message_id),
        "type": MESSAGE_TYPES[event.message_type],
        "version": event.at_ms,
        "sequenceId": event.message_sequence,
    }
    if not event.sender_display_name:
        del data["senderDisplayName"]
    match event:
        case ChatMessageReceived():
            return {**data, "messageBody": event.content, "metadata": event.metadata}
        case ChatMessageEdited():
            edited = {"messageBody": event.content, "metadata": event.metadata}
            return {**data, **edited, "editTime": time_text(event.at_ms)}
    return {**data, "deleteTime": time_text(event.at_ms)}


def _typing(event: TypingIndicatorReceived, sender: str) -> dict[str, Any]:
    return {
        # There is no message, but the SDKs' models have no event without.
        "messageId": str(event.at_ms),
        "senderCommunicationIdentifier": _identifier(sender),
        **({"senderDisplayName": event.sender_display_name} if event.sender_display_name else {}),
        "composeTime": time_text(event.at_ms),
        "type": _TYPING,
        "version": event.at_ms,
        "messageBody": "",
        "metadata": {},
    }


def _created(event: ChatThreadCreated, creator: str) -> dict[str, Any]:
    return {
        "createTime": time_text(event.at_ms),
        "version": event.at_ms,
        "createdByCommunicationIdentifier": _identifier(creator),
        "properties": {"topic": event.topic},
        "metadata": event.metadata,
        "participants": [_participant(person) for person in event.participants],
        **_retention(event.retention_policy),
    }


def _updated(event: ChatThreadPropertiesUpdated, editor: str) -> dict[str, Any]:
    return {
        "createTime": time_text(event.created_ms),
        "version": event.at_ms,
        "editedByCommunicationIdentifier": _identifier(editor),
        "editTime": time_text(event.at_ms),
        "properties": {"topic": event.topic},
        "metadata": event.metadata,
        **_retention(event.retention_policy),
    }


def _deleted(event: ChatThreadDeleted, who: str) -> dict[str, Any]:
    return {
        "createTime": time_text(event.created_ms),
        "version": event.at_ms,
        "deletedByCommunicationIdentifier": _identifier(who),
        "deleteTime": time_text(event.at_ms),
    }


def _moved(event: ParticipantsAdded | ParticipantsRemoved, by: str, who: str) -> dict[str, Any]:
    return {
        "createTime": time_text(event.created_ms),
        "version": event.at_ms,
        "time": time_text(event.at_ms),
        f"{by}CommunicationIdentifier": _identifier(who),
    }


def _retention(policy: dict[str, Any] | None) -> dict[str, Any]:
    return {"retentionPolicy": policy} if policy else {}


def _participant(person: EventParticipant) -> dict[str, Any]:
    return {
        **({"displayName": person.display_name} if person.display_name else {}),
        "participantCommunicationIdentifier": _identifier(person.raw_id),
        "metadata": person.metadata,
    }


def _recipient(event: ThreadEvent, raw_id: str) -> dict[str, Any]:
    recipient: dict[str, Any] = {"recipientCommunicationIdentifier": _identifier(raw_id)}
    if not isinstance(event, ParticipantsAdded | ParticipantsRemoved):
        recipient["recipientId"] = raw_id
    return recipient


def _legacy(event: ThreadEvent) -> dict[str, Any]:
    """Members from API versions with string identifiers; only events per user have them."""
    who = _initiator(event)
    match event:
        case ChatMessageEvent():
            return {"senderId": who}
        case ChatThreadCreated():
            members = [
                {"displayName": person.display_name, "memberId": person.raw_id}
                for person in event.participants
            ]
            return {"createdBy": who, "members": members}
        case ChatThreadPropertiesUpdated():
            return {"editedBy": who}
        case ChatThreadDeleted():
            return {"deletedBy": who}
    return {}


def _initiator(event: ThreadEvent) -> str:
    """The initiator; for changes by policy, the user with the empty GUID."""
    return event.initiator or f"8:acs:{event.resource_id}_{uuid.UUID(int=0)}"


def _identifier(raw_id: str) -> dict[str, Any]:
    return {"kind": "communicationUser", **communication_user(raw_id)}


def _transaction(event: ThreadEvent) -> str:
    return str(uuid.uuid5(_ID_SPACE, f"{event.thread_id} {event.sequence} {event.at_ms}"))


def time_text(at_ms: int) -> str:
    """ISO 8601 in UTC with the seven digits of the real service."""
    return f"{from_ms(at_ms):%Y-%m-%dT%H:%M:%S}.{at_ms % 1000:03}0000Z"


# --- Envelopes -----------------------------------------------------------------------------------


def envelope(event: GridEvent, *, topic: str, schema: str) -> dict[str, Any]:
    """The whole event in a subscription's schema; `topic` names the resource it comes from."""
    time = time_text(event.at_ms)
    return _whole(schema, (event.id, topic, event.subject, event.type, time, event.data))


# The members that both envelopes have, under these names, in one order.
_SHARED = {
    EVENT_GRID_SCHEMA: ("id", "topic", "subject", "eventType", "eventTime", "data"),
    CLOUD_EVENTS_SCHEMA: ("id", "source", "subject", "type", "time", "data"),
}
_OWN = {
    EVENT_GRID_SCHEMA: {"dataVersion": DATA_VERSION, "metadataVersion": METADATA_VERSION},
    CLOUD_EVENTS_SCHEMA: {"specversion": "1.0"},
}
_CLOUD_EVENT = re.compile(r'\{"id":"[0-9a-f-]{36}","source":')


def _whole(schema: str, shared: Iterable[Any]) -> dict[str, Any]:
    return {**dict(zip(_SHARED[schema], shared, strict=True)), **_OWN[schema]}


def in_schema(body: str, schema: str) -> str:
    """The text of an event in the envelope of `schema`, whichever of the two it was written in.

    A subscription may get another schema while events are on their way to it, or are dead letters.
    """
    # The beginning decides: no user content comes before the second member.
    written = CLOUD_EVENTS_SCHEMA if _CLOUD_EVENT.match(body) else EVENT_GRID_SCHEMA
    if written == schema:
        return body
    event = json.loads(body)
    return text(_whole(schema, [event[name] for name in _SHARED[written]]))


def text(value: Any) -> str:
    """Compact JSON."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
