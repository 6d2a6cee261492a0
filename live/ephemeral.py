"""Events that are not stored in the log (typing indicators), as the channel layer carries them."""

import uuid
from typing import Any

from events.catalogue import ThreadEvent
from events.models import Event


def to_message(event: ThreadEvent) -> dict[str, Any]:
    """`{resource, thread, sequence, type, at_ms, data}`, of plain values."""
    row = Event.of(event)
    return {
        "resource": str(row.resource_id),
        "thread": row.thread_id,
        "sequence": row.sequence,
        "type": row.type,
        "at_ms": row.at_ms,
        "data": row.data,
    }


def from_message(message: dict[str, Any]) -> ThreadEvent:
    """The event that `to_message` was given."""
    return Event(
        resource_id=uuid.UUID(message["resource"]),
        thread_id=message["thread"],
        sequence=message["sequence"],
        type=message["type"],
        at_ms=message["at_ms"],
        data=message["data"],
    ).event()
