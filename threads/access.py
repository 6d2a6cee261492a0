"""Fetching a thread and deciding who may, in one step."""

from collections.abc import Callable
from dataclasses import dataclass

from django.db import connection

from identity.access import Capability, require
from identity.callers import Caller
from threads.models import ChatThread, Position
from wire.errors import forbidden, thread_not_found, unavailable
from wire.identifiers import check_thread_id
from wire.times import now_ms

# How often a write looks again when participants come and go while it waits for the thread.
_ATTEMPTS = 10


@dataclass(frozen=True)
class ThreadAccess:
    """A caller who takes part in a thread, as of one look at the database."""

    caller: Caller
    capability: Capability
    thread_id: str
    thread_pk: int
    participant_pk: int
    participant_count: int
    roster_sequence: int
    last_event_sequence: int
    deleted_ms: int | None
    # The earliest message that the caller may see.
    visible_from_ms: int


# Written out because it runs on every request (see identity.callers). The join with the user
# hides threads of other resources.
_LOOK_UP = """
SELECT t.id, p.id, t.participant_count, t.roster_sequence, t.last_event_sequence,
       t.deleted_ms, p.share_history_ms, p.joined_ms
FROM threads_chatthread t
JOIN identity_communicationuser u ON u.id = %s AND u.resource_id = t.resource_id
LEFT JOIN threads_participant p
    ON p.thread_id = t.id AND p.user_id = u.id AND p.removed_ms IS NULL
WHERE t.thread_id = %s
"""


def access_thread(
    caller: Caller,
    thread_id: str,
    capability: Capability = Capability.TAKE_PART,
    *,
    even_deleted: bool = False,
    refusal: str | None = None,
) -> ThreadAccess:
    """The caller's place in a thread.

    Raises ChatError: 403 when the token's scopes or the lack of membership forbid it (`refusal`
    replaces the usual text), 404 when the thread does not exist, belongs to another resource or,
    unless `even_deleted`, is deleted.
    """
    require(caller, capability)
    check_thread_id(thread_id)
    with connection.cursor() as cursor:
        cursor.execute(_LOOK_UP, [caller.user_id, thread_id])
        row = cursor.fetchone()
    if row is None:
        raise thread_not_found()
    thread_pk, participant_pk, count, roster_sequence, event_sequence, *times = row
    deleted_ms, shared_ms, joined_ms = times
    if deleted_ms is not None and not (even_deleted and participant_pk):
        raise thread_not_found()
    if participant_pk is None:
        raise forbidden(refusal)
    return ThreadAccess(
        caller=caller,
        capability=capability,
        thread_id=thread_id,
        thread_pk=thread_pk,
        participant_pk=participant_pk,
        participant_count=count,
        roster_sequence=roster_sequence,
        last_event_sequence=event_sequence,
        deleted_ms=deleted_ms,
        # Whatever a client set: one always sees what comes after one's own joining.
        visible_from_ms=min(shared_ms, joined_ms),
    )


def take_position(
    access: ThreadAccess,
    *,
    messages: int = 0,
    events: Callable[[ThreadAccess], int] = lambda access: 1,
) -> tuple[ThreadAccess, Position]:
    """Locks the thread for the rest of the transaction and takes the next numbers from it.

    Returns them with the access that is true from now on: participants may have come and gone
    since `access` was made. `events` says how many events the change makes, given that access.
    Raises ChatError as `access_thread` does when the caller was removed or the thread deleted.
    """
    for _ in range(_ATTEMPTS):
        position = ChatThread.objects.advance(
            access.thread_pk,
            roster_sequence=access.roster_sequence,
            now_ms=now_ms(),
            messages=messages,
            events=events(access),
        )
        if position is not None:
            return access, position
        access = access_thread(access.caller, access.thread_id, access.capability)
    raise unavailable()
