"""System messages: a thread's records of its own changes (REST contract 6.1, 6.2 and 6.4)."""

from dataclasses import asdict, dataclass
from typing import Any

from events.catalogue import (
    ChatThreadCreated,
    ChatThreadPropertiesUpdated,
    EventParticipant,
    ParticipantsAdded,
    ParticipantsRemoved,
    ThreadEvent,
)
from events.publish import records
from identity.models import CommunicationUser
from messaging.models import ChatMessage, MessageType
from threads.models import ChatThread


@dataclass(frozen=True)
class _SystemMessage:
    type: MessageType
    content: str = ""
    participants: list[dict[str, Any]] | None = None


@records(ChatThreadCreated, ChatThreadPropertiesUpdated, ParticipantsAdded, ParticipantsRemoved)
def record_system_messages(event: ThreadEvent) -> None:
    """Writes the system messages of `event`, in the transaction of the change."""
    match event:
        case ChatThreadCreated():
            # In the order of the real service: participants, then topic.
            added = _about_participants(MessageType.PARTICIPANT_ADDED, event.participants)
            _write(event, added, _about_topic(event.topic))
        case ChatThreadPropertiesUpdated(topic_given=True):
            _write(event, _about_topic(event.topic))
        case ParticipantsAdded():
            _write(event, _about_participants(MessageType.PARTICIPANT_ADDED, event.participants))
        case ParticipantsRemoved():
            _write(
                event,
                _about_participants(MessageType.PARTICIPANT_REMOVED, event.participants),
                # The real service does not change lastMessageReceivedOn here.
                moves_activity=False,
            )


def _about_topic(topic: str) -> _SystemMessage:
    return _SystemMessage(MessageType.TOPIC_UPDATED, content=topic)


def _about_participants(
    message_type: MessageType, participants: tuple[EventParticipant, ...]
) -> _SystemMessage:
    return _SystemMessage(message_type, participants=[asdict(each) for each in participants])


def _write(event: ThreadEvent, *messages: _SystemMessage, moves_activity: bool = True) -> None:
    thread = ChatThread.objects.only("pk", "roster_sequence").get(thread_id=event.thread_id)
    position = ChatThread.objects.advance(
        thread.pk,
        roster_sequence=thread.roster_sequence,
        # The time of the event, so that everything that one change writes has the same time.
        now_ms=event.at_ms,
        messages=len(messages),
        events=0,
        moves_activity=moves_activity,
    )
    assert position is not None, "the publishing service holds the lock of the thread"
    initiator = CommunicationUser.objects.only("pk").filter(raw_id=event.initiator or "").first()
    for ahead, message in zip(reversed(range(len(messages))), messages, strict=True):
        ChatMessage.objects.create(
            thread_id=thread.pk,
            message_id=position.version - ahead,
            version=position.version - ahead,
            sequence=position.message_sequence - ahead,
            sender=initiator,
            type=message.type,
            content=message.content,
            participants=message.participants,
        )
