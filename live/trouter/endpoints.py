"""What is stored of the SDKs' clients between connections: the user, and what was answered.

All functions query the database; run them with `live.database`.
"""

import hashlib
import secrets
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction

from events.following import Cursor
from live.credentials import Credential
from live.models import TrouterEndpoint
from wire.times import now_ms

# How long after the handshake the socket may open.
_SID_MS = 30_000
# A client that was away longer gets nothing old: applications then list the messages.
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


def create_handshake(credential: Credential, epid: str) -> str:
    """The secret session id with which a socket may open once, and soon."""
    assert credential.user_id is not None, "services do not use this protocol"
    sid = secrets.token_urlsafe(24)
    TrouterEndpoint.objects.bulk_create(
        [
            TrouterEndpoint(
                user_id=credential.user_id,
                epid=epid,
                sid_hash=_hash(sid),
                sid_until_ms=now_ms() + _SID_MS,
                key_id=credential.key_id,
                generation=credential.generation,
                token_expires=int(credential.expires),
            )
        ],
        update_conflicts=True,
        unique_fields=["user", "epid"],
        update_fields=["sid_hash", "sid_until_ms", "key_id", "generation", "token_expires"],
    )
    return sid


def open_endpoint(sid: str, user_id: int | None = None) -> Endpoint | None:
    """The client whose handshake returned `sid`, which is valid once; None for any other `sid`.

    With `user_id` the handshake must be that user's.
    """
    with transaction.atomic():
        rows = TrouterEndpoint.objects.select_for_update(of=("self",)).select_related("user")
        found = rows.filter(sid_hash=_hash(sid), sid_until_ms__gte=now_ms()).first()
        if found is None or user_id not in (None, found.user_id):
            return None
        if found.seen_ms < now_ms() - RESUME_MS:
            found.position = ""
        # The position stays until the connection has one of its own.
        found.sid_hash, found.connection = None, uuid.uuid4()
        found.seen_ms = now_ms()
        found.save(update_fields=["sid_hash", "connection", "seen_ms", "position"])
    return Endpoint(
        id=found.pk,
        credential=_credential(found),
        connection=found.connection,
        position=Cursor.parse(found.position) if found.position else None,
    )


def _credential(row: TrouterEndpoint) -> Credential:
    return Credential(
        resource_id=row.user.resource_id,
        user_id=row.user_id,
        raw_id=row.user.raw_id,
        key_id=row.key_id,
        generation=row.generation,
        expires=row.token_expires,
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
            [(str(place), seen, pk, _uuid_for_database(owner)) for pk, owner, place in positions],
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


def _uuid_for_database(value: uuid.UUID) -> Any:
    return value if connection.features.has_native_uuid_field else value.hex
