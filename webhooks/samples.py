"""One sample event of each type, for test events and previews."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from events.catalogue import (
    ChatMessageDeleted,
    ChatMessageEdited,
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
from webhooks import eventgrid
from webhooks.eventgrid import GridEvent

THREAD_ID = "19:00000000000000000000000000test00@thread.v2"


def _user(resource_id: UUID, number: int) -> str:
    return f"8:acs:{resource_id}_{UUID(int=number)}"


def sample_events(resource_id: UUID, at_ms: int) -> Iterator[ThreadEvent]:
    """One event of each type, with a thread and users that do not exist."""
    alice, bob = (
        EventParticipant(_user(resource_id, number), 0, name, {})
        for number, name in ((1, "Alice"), (2, "Bob"))
    )
    base: dict[str, Any] = {
        "resource_id": resource_id,
        "thread_id": THREAD_ID,
        "sequence": at_ms,
        "at_ms": at_ms,
        "initiator": alice.raw_id,
    }
    message: dict[str, Any] = {
        **base,
        "message_id": at_ms,
        "message_sequence": 1,
        "message_type": "text",
        "sender_display_name": alice.display_name,
    }
    content: dict[str, Any] = {"content": "This is a test event.", "metadata": {"test": "true"}}
    thread: dict[str, Any] = {
        "topic": "Test events",
        "metadata": {"test": "true"},
        "retention_policy": None,
    }
    changed: dict[str, Any] = {**base, "created_ms": at_ms - 60_000}
    yield ChatMessageReceived(**message, **content)
    yield ChatMessageEdited(**message, **content)
    yield ChatMessageDeleted(**message, deleted_by=alice.raw_id)
    yield ChatThreadCreated(**base, **thread, participants=(alice, bob))
    yield ChatThreadPropertiesUpdated(**changed, **thread, topic_given=True)
    yield ChatThreadDeleted(**changed, reason="deletedByUser")
    yield ParticipantsAdded(**changed, participants=(bob,))
    yield ParticipantsRemoved(**changed, participants=(bob,))
    yield TypingIndicatorReceived(**base, sender_display_name=alice.display_name)


def sample_grid_events(resource_id: UUID, at_ms: int) -> Iterator[GridEvent]:
    """One Event Grid event of each type."""
    for event in sample_events(resource_id, at_ms):
        yield from eventgrid.per_thread(event)
        yield from eventgrid.per_user(event, [_user(resource_id, 2)])
