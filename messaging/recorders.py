"""The messages that a thread writes about itself (REST contract 6.1, 6.2 and 6.4)."""

from dataclasses import asdict
from typing import Any

from events.catalogue import (
    ChatThreadCreated,
    ChatThreadPropertiesUpdated,
    EventParticipant,
    ParticipantsAdded,
    ParticipantsRemoved,
    ThreadEvent,
)
from identity.models import CommunicationUser
from messaging.models import ChatMessage, MessageType
from threads.models import ChatThread


def record_system_messages(event: ThreadEvent) -> None:
    """Writes the system messages that `event` causes, in the transaction of its change."""
    match event:
        case ChatThreadCreated():
            # Their order is the real service's: who is there, then what it is about.
            joined = _about_people(MessageType.PARTICIPANT_ADDED, event.participants)
            _write(event, joined, _about_topic(event.topic))
        case ChatThreadPropertiesUpdated(topic_given=True):
            _write(event, _about_topic(event.topic))
        case ParticipantsAdded():
            _write(event, _about_people(MessageType.PARTICIPANT_ADDED, event.participants))
        case ParticipantsRemoved():
            _write(
                event,
                _about_people(MessageType.PARTICIPANT_REMOVED, event.participants),
                # The real service leaves lastMessageReceivedOn alone here.
                moves_activity=False,
            )


def _about_topic(topic: str) -> dict[str, Any]:
    return {"type": MessageType.TOPIC_UPDATED, "content": topic}


def _about_people(
    message_type: MessageType, participants: tuple[EventParticipant, ...]
) -> dict[str, Any]:
    return {"type": message_type, "participants": [asdict(person) for person in participants]}


def _write(event: ThreadEvent, *messages: dict[str, Any], moves_activity: bool = True) -> None:
    thread = ChatThread.objects.only("pk", "roster_sequence").get(thread_id=event.thread_id)
    position = ChatThread.objects.advance(
        thread.pk,
        roster_sequence=thread.roster_sequence,
        # The event's own moment: all that one change writes shows one time.
        now_ms=event.at_ms,
        messages=len(messages),
        events=0,
        moves_activity=moves_activity,
    )
    assert position is not None, "the service that publishes holds the thread's row"
    initiator = CommunicationUser.objects.only("pk").filter(raw_id=event.initiator or "").first()
    for ahead, message in zip(reversed(range(len(messages))), messages, strict=True):
        ChatMessage.objects.create(
            thread_id=thread.pk,
            message_id=position.version - ahead,
            version=position.version - ahead,
            sequence=position.message_sequence - ahead,
            sender=initiator,
            **message,
        )
