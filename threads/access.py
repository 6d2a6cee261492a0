"""Fetches a thread and checks the caller's permission, in one step."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from identity.access import Capability, require
from identity.callers import (
    IDENTITY_COLUMNS,
    IDENTITY_CONDITION,
    Caller,
    unverified_claims,
    verified_caller,
)
from threads.models import ChatThread, Position
from wire.errors import forbidden, thread_not_found, unavailable
from wire.identifiers import check_thread_id
from wire.statements import Statement
from wire.times import now_ms

# How many times a write retries if participants join or leave while it waits for the thread's lock.
_ATTEMPTS = 10


@dataclass(frozen=True)
class ThreadAccess:
    """A caller's membership in a thread, as read from the database at one moment."""

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


_THREAD_COLUMNS = """t.id, p.id, t.participant_count, t.roster_sequence, t.last_event_sequence,
       t.deleted_ms, p.share_history_ms, p.joined_ms"""
# The join with the user hides threads of other resources.
_LOOK_UP = Statement(
    "access to a thread",
    f"""
SELECT {_THREAD_COLUMNS}
FROM threads_chatthread t
JOIN identity_communicationuser u ON u.id = %s AND u.resource_id = t.resource_id
LEFT JOIN threads_participant p
    ON p.thread_id = t.id AND p.user_id = u.id AND p.removed_ms IS NULL
WHERE t.thread_id = %s
""",  # noqa: S608 - column names of our own
)
_LOOK_UP_WITH_IDENTITY = Statement(
    "identity of a token and access to a thread",
    f"""
SELECT {_THREAD_COLUMNS}, {IDENTITY_COLUMNS}
FROM identity_communicationuser u
JOIN identity_resource r ON r.id = u.resource_id
JOIN threads_chatthread t ON t.thread_id = %s AND t.resource_id = u.resource_id
JOIN threads_participant p
    ON p.thread_id = t.id AND p.user_id = u.id AND p.removed_ms IS NULL
WHERE {IDENTITY_CONDITION}
""",  # noqa: S608 - column names of our own
)


def access_thread(
    caller: Caller,
    thread_id: str,
    capability: Capability = Capability.TAKE_PART,
    *,
    even_deleted: bool = False,
    refusal: str | None = None,
) -> ThreadAccess:
    """The caller's membership in a thread.

    Raises ChatError: 403 if the token's scopes do not allow it or the caller is not a participant
    (`refusal` replaces the usual text); 404 if the thread does not exist, belongs to another
    resource or, unless `even_deleted`, is deleted.
    """
    require(caller, capability)
    check_thread_id(thread_id)
    row = _LOOK_UP.fetch_one([caller.user_id, thread_id])
    if row is None:
        raise thread_not_found()
    participant_pk, deleted_ms = row[1], row[5]
    if deleted_ms is not None and not (even_deleted and participant_pk):
        raise thread_not_found()
    if participant_pk is None:
        raise forbidden(refusal)
    return _access(caller, capability, thread_id, row)


@dataclass(frozen=True, slots=True)
class TokenRequest:
    """A request as its access is checked: its token, the name of its host, its thread."""

    token: str
    host: str
    thread_id: str


def access_by_token(
    request: TokenRequest, capability: Capability = Capability.TAKE_PART
) -> ThreadAccess | None:
    """Who a token belongs to and the membership in a thread, in one statement.

    For the short path (`wire.short_path`): None for every reason to refuse, which `caller_of` and
    `access_thread` then name.
    """
    return accesses_by_token([request], capability)[0]


def accesses_by_token(
    requests: Sequence[TokenRequest], capability: Capability = Capability.TAKE_PART
) -> list[ThreadAccess | None]:
    """The same for several requests, on PostgreSQL in one round trip."""
    found: list[ThreadAccess | None] = [None] * len(requests)
    able = []
    for place, request in enumerate(requests):
        claims = unverified_claims(request.token)
        if claims is not None and not claims.scopes.isdisjoint(capability.value):
            able.append((place, request, claims))
    rows = _LOOK_UP_WITH_IDENTITY.fetch_each(
        [(request.thread_id, claims.raw_id, request.host.lower()) for _, request, claims in able]
    )
    for (place, request, claims), row in zip(able, rows, strict=True):
        if row is not None and row[5] is None:
            caller = verified_caller(request.token, claims, row[8:])
            if caller is not None:
                found[place] = _access(caller, capability, request.thread_id, row)
    return found


def _access(
    caller: Caller, capability: Capability, thread_id: str, row: Sequence[Any]
) -> ThreadAccess:
    thread_pk, participant_pk, count, roster_sequence, event_sequence = row[:5]
    deleted_ms, shared_ms, joined_ms = row[5:8]
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
        # Regardless of shareHistoryTime, a participant sees everything since joining.
        visible_from_ms=min(shared_ms, joined_ms),
    )


def take_position(
    access: ThreadAccess,
    *,
    messages: int = 0,
    events: Callable[[ThreadAccess], int] = lambda access: 1,
) -> tuple[ThreadAccess, Position]:
    """Locks the thread until the end of the transaction and takes the next numbers from it.

    Returns the access as of the lock, because participants may have joined or left since `access`
    was read. `events` returns how many events the change publishes, given that access.
    Raises ChatError as `access_thread` does if the caller was removed or the thread deleted, and
    503 if the participants keep changing.
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
