"""How a sent message is written: the one place where SQLite and PostgreSQL differ.

A send writes three things: the thread's counters, the message and the event. On SQLite these
are three statements, because a statement costs little there. On PostgreSQL they are one, because
each costs a round trip, and the lock on the thread's row lasts until the commit.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import orjson
from django.db import OperationalError, connection

from events.catalogue import ChatMessageReceived
from events.models import event_data
from events.publish import announce_after_commit, publish, recorders_of
from messaging.models import ChatMessage, Priority
from messaging.priority import with_priority
from threads.access import ThreadAccess
from threads.models import ChatThread, Position
from wire.statements import Statement, insert_statement
from wire.times import now_ms
from wire.transactions import OutcomeUnknown, unit_of_work
from wire.values import uuid_value

_MESSAGE_COLUMNS = (
    "thread_id",
    "message_id",
    "sequence",
    "version",
    "previous_version",
    "type",
    "content",
    "sender_id",
    "sender_display_name",
    "metadata",
    "priority",
    "participants",
    "edited_ms",
    "deleted_ms",
)
_INSERT_MESSAGE = insert_statement("insert a message", ChatMessage, _MESSAGE_COLUMNS)

# PostgreSQL only. It adds the members that depend on the position to the event's data.
_SEND = Statement(
    "send a message in one statement",
    """
WITH place AS (
    UPDATE threads_chatthread SET
        last_version = GREATEST(last_version + 1, %s),
        last_message_sequence = last_message_sequence + 1,
        last_event_sequence = last_event_sequence + 1,
        last_message_ms = GREATEST(last_version + 1, %s)
    WHERE id = %s AND deleted_ms IS NULL AND roster_sequence = %s
    RETURNING last_version, last_message_sequence, last_event_sequence
), message AS (
    INSERT INTO messaging_chatmessage (thread_id, message_id, sequence, version, type, content,
        sender_id, sender_display_name, metadata, priority)
    SELECT %s, last_version, last_message_sequence, last_version, %s, %s, %s, %s, %s::jsonb, %s
    FROM place
), event AS (
    INSERT INTO events_event (resource_id, thread_id, sequence, type, at_ms, data)
    SELECT %s, %s, last_event_sequence, %s, last_version,
        %s::jsonb || jsonb_build_object(
            'message_id', last_version, 'message_sequence', last_message_sequence)
    FROM place
)
SELECT last_version, last_message_sequence, last_event_sequence FROM place
""",
    engines=("postgresql",),
)


@dataclass(frozen=True, slots=True)
class Draft:
    """A message that has no position in its thread yet; `content` is stored as it is."""

    content: str
    message_type: Literal["text", "html"]
    sender_display_name: str
    metadata: dict[str, str]
    priority: Priority | None


def write_message(access: ThreadAccess, draft: Draft) -> Position | None:
    """Writes a message and its event in one transaction, and announces the event.

    None, with nothing written, if participants joined or left since `access` was read, or the
    thread was deleted.
    """
    return write_messages([(access, draft)])[0]


def write_messages(
    messages: Sequence[tuple[ThreadAccess, Draft]],
) -> list[Position | None]:
    """The same for several messages: those of a thread are written in the order given."""
    if connection.vendor == "postgresql" and not recorders_of(ChatMessageReceived):
        return _write_at_once(messages)
    return [_write_in_steps(access, draft) for access, draft in messages]


def _write_in_steps(access: ThreadAccess, draft: Draft) -> Position | None:
    with unit_of_work():
        position = ChatThread.objects.advance(
            access.thread_pk,
            roster_sequence=access.roster_sequence,
            now_ms=now_ms(),
            messages=1,
        )
        if position is not None:
            write_message_at(access, draft, position)
    return position


def write_message_at(access: ThreadAccess, draft: Draft, position: Position) -> None:
    """Writes a message and its event at a position that the transaction has taken."""
    _INSERT_MESSAGE.execute(
        (
            access.thread_pk,
            position.version,
            position.message_sequence,
            position.version,
            None,
            draft.message_type,
            draft.content,
            access.caller.user_id,
            draft.sender_display_name,
            _json(draft.metadata),
            draft.priority,
            None,
            None,
            None,
        )
    )
    publish(_received(access, draft, position))


def _write_at_once(messages: Sequence[tuple[ThreadAccess, Draft]]) -> list[Position | None]:
    # Every process locks threads in the same order, which prevents deadlocks.
    places = sorted(range(len(messages)), key=lambda place: messages[place][0].thread_pk)
    # One statement is its own transaction, and so is one pipeline.
    try:
        rows = _SEND.fetch_each([_send_parameters(*messages[place]) for place in places])
    except OperationalError as error:
        if connection.connection is None or connection.connection.closed:
            raise OutcomeUnknown from error
        raise
    positions: list[Position | None] = [None] * len(messages)
    events = []
    for place, row in zip(places, rows, strict=True):
        if row is not None:
            positions[place] = position = Position(*row)
            events.append(_received(*messages[place], position))
    if events:
        announce_after_commit(*events)
    return positions


def _send_parameters(access: ThreadAccess, draft: Draft) -> tuple[Any, ...]:
    now, caller = now_ms(), access.caller
    event = _received(access, draft, Position(0, 0, 0))
    data = event_data(event)
    del data["message_id"], data["message_sequence"]
    return (
        *(now, now, access.thread_pk, access.roster_sequence),
        *(access.thread_pk, draft.message_type, draft.content, caller.user_id),
        *(draft.sender_display_name, _json(draft.metadata), draft.priority),
        *(uuid_value(caller.resource_id), access.thread_id, event.type, _json(data)),
    )


def _received(access: ThreadAccess, draft: Draft, position: Position) -> ChatMessageReceived:
    return ChatMessageReceived(
        resource_id=access.caller.resource_id,
        thread_id=access.thread_id,
        sequence=position.event_sequence,
        at_ms=position.version,
        initiator=access.caller.raw_id,
        message_id=position.version,
        message_sequence=position.message_sequence,
        message_type=draft.message_type,
        sender_display_name=draft.sender_display_name,
        content=draft.content,
        metadata=with_priority(draft.metadata, draft.priority),
    )


def _json(value: Any) -> str:
    return orjson.dumps(value).decode() if value else "{}"
