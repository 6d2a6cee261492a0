"""What is stored about the SDKs' clients: the user, and which pushes were acknowledged.

All functions query the database; run them with `live.database`.
"""

import hashlib
import secrets
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import connection, transaction

from events import following
from events.following import Cursor
from live.credentials import Credential
from live.models import TrouterEndpoint
from wire.statements import Statement
from wire.times import now_ms
from wire.transactions import unit_of_work
from wire.values import as_uuid, uuid_value

# How long after the handshake the socket may open.
_SID_MS = 30_000
# A client that was disconnected longer gets no old events: applications list the messages.
RESUME_MS = 5 * 60_000
# When a client that has not come back is deleted.
_DELETE_AFTER_MS = 24 * 3_600_000
MAX_EPID_LENGTH = 100


@dataclass(frozen=True)
class Endpoint:
    """A client with a connection that may open. `position` None: it starts with new events."""

    id: int
    credential: Credential
    connection: uuid.UUID
    position: Cursor | None


_UPSERT = Statement(
    "store a handshake",
    """
INSERT INTO live_trouterendpoint (user_id, epid, sid_hash, sid_until_ms, key_id, generation,
    token_expires, position, seen_ms)
VALUES (%s, %s, %s, %s, %s, %s, %s, '', 0)
ON CONFLICT (user_id, epid) DO UPDATE SET sid_hash = excluded.sid_hash,
    sid_until_ms = excluded.sid_until_ms, key_id = excluded.key_id,
    generation = excluded.generation, token_expires = excluded.token_expires
""",
    inserts=TrouterEndpoint,
)
# The position stays until the connection has one of its own; a client that is new, or was away for
# long, starts with new events.
_OPEN = Statement(
    "open the connection of a handshake",
    """
UPDATE live_trouterendpoint SET sid_hash = NULL, connection = %s, seen_ms = %s,
    position = CASE WHEN seen_ms < %s OR position = '' THEN %s ELSE position END
WHERE sid_hash = %s AND sid_until_ms >= %s AND (%s = 0 OR user_id = %s)
RETURNING id, user_id, position, key_id, generation, token_expires
""",
)
_USER = Statement(
    "user of a connection",
    "SELECT resource_id, raw_id FROM identity_communicationuser WHERE id = %s",
)


def create_handshake(credential: Credential, epid: str) -> str:
    """The secret session id with which a socket may open once, and soon."""
    assert credential.user_id is not None, "services do not use this protocol"
    sid = secrets.token_urlsafe(24)
    _UPSERT.execute(
        (
            credential.user_id,
            epid,
            _hash(sid),
            now_ms() + _SID_MS,
            credential.key_id,
            credential.generation,
            int(credential.expires),
        )
    )
    return sid


def open_endpoint(sid: str, user_id: int | None = None) -> Endpoint | None:
    """The client whose handshake returned `sid`, which is valid once; None for any other `sid`.

    With `user_id` the handshake must be that user's.
    """
    now, owner, last_id = now_ms(), uuid.uuid4(), following.last_event_id()
    # On PostgreSQL the end of the log is more than a number, which only the hub knows.
    log_end = str(Cursor(last_id)) if following.ids_appear_in_order() else ""
    with unit_of_work():
        row = _OPEN.fetch_one(
            (
                *(uuid_value(owner), now, now - RESUME_MS, log_end),
                *(_hash(sid), now, user_id or 0, user_id or 0),
            )
        )
        user = _USER.fetch_one((row[1],)) if row is not None else None
    if row is None or user is None:
        return None
    pk, owner_id, text, key_id, generation, expires = row
    resource_id, raw_id = user
    position = Cursor.parse(text) if text else None
    if position is not None and position.last_id > last_id:
        # It belongs to another log: a backup was restored since.
        position = None
    return Endpoint(
        id=pk,
        credential=Credential(
            resource_id=as_uuid(resource_id),
            user_id=owner_id,
            raw_id=raw_id,
            key_id=key_id,
            generation=generation,
            expires=expires,
        ),
        connection=owner,
        position=position,
    )


_SAVE = """
UPDATE live_trouterendpoint SET position = %s, seen_ms = %s WHERE id = %s AND connection = %s
"""


def save_positions(positions: Sequence[tuple[int, uuid.UUID, Cursor]]) -> None:
    """Store `(endpoint id, connection, position)` of connections, except of replaced ones."""
    seen = now_ms()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.executemany(
            _SAVE,
            [(str(place), seen, pk, uuid_value(owner)) for pk, owner, place in positions],
        )


def replaced(held: Sequence[tuple[int, uuid.UUID]]) -> set[int]:
    """The ids among `held` whose endpoint has a newer connection or no longer exists."""
    owners = dict(
        TrouterEndpoint.objects.filter(pk__in=[pk for pk, _ in held]).values_list(
            "pk", "connection"
        )
    )
    return {pk for pk, owner in held if owners.get(pk) != owner}


def delete_old() -> None:
    """Delete clients that have not connected for a day."""
    TrouterEndpoint.objects.filter(
        seen_ms__lt=now_ms() - _DELETE_AFTER_MS, sid_until_ms__lt=now_ms()
    ).delete()


def _hash(sid: str) -> str:
    return hashlib.sha256(sid.encode()).hexdigest()
