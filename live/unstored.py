"""Events that no log holds, as the channel layer carries them."""

import uuid
from typing import Any

from events.catalogue import ThreadEvent
from events.models import Event


def packed(event: ThreadEvent) -> dict[str, Any]:
    """A message that says the same as the event."""
    row = Event.of(event)
    return {
        "resource": str(row.resource_id),
        "thread": row.thread_id,
        "sequence": row.sequence,
        "type": row.type,
        "at_ms": row.at_ms,
        "data": row.data,
    }


def unpacked(message: dict[str, Any]) -> ThreadEvent:
    """The event that `packed` packed."""
    return Event(
        resource_id=uuid.UUID(message["resource"]),
        thread_id=message["thread"],
        sequence=message["sequence"],
        type=message["type"],
        at_ms=message["at_ms"],
        data=message["data"],
    ).event()
