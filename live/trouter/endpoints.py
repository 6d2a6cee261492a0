"""The clients of the dialect between their connections: who they are, what they have answered.

Functions of the database, for the threads of `live.database`.
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

# From the handshake until the socket comes.
_SID_MS = 30_000
# A client that was away no longer than this gets what it missed; after that, applications list.
RESUME_MS = 5 * 60_000
# When nobody will ask any more.
_FORGET_MS = 24 * 3_600_000
LONGEST_EPID = 100


@dataclass(frozen=True)
class Claim:
    """A connection that may open: whose, and where it left off (None: from now on)."""

    credential: Credential
    epid: str
    endpoint_id: int
    connection: uuid.UUID
    position: Cursor | None


def prepare(credential: Credential, epid: str) -> str:
    """Notes a handshake; returns the secret id under which the socket may open once, and soon."""
    assert credential.user_id is not None, "only users speak this dialect"
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


def claim(sid: str, user_id: int | None = None) -> Claim | None:
    """The connection that a handshake prepared, used up by this; None for any other `sid`.

    With `user_id` only a handshake of this user counts.
    """
    with transaction.atomic():
        rows = TrouterEndpoint.objects.select_for_update(of=("self",)).select_related("user")
        found = rows.filter(sid_hash=_hash(sid), sid_until_ms__gte=now_ms()).first()
        if found is None or user_id not in (None, found.user_id):
            return None
        was_seen_lately = found.seen_ms >= now_ms() - RESUME_MS
        position = found.position if was_seen_lately else ""
        found.sid_hash, found.connection = None, uuid.uuid4()
        found.seen_ms = now_ms()
        # Until the connection has a place of its own, the old one is where it would begin.
        found.position = position
        found.save(update_fields=["sid_hash", "connection", "seen_ms", "position"])
    user = found.user
    return Claim(
        credential=Credential(
            resource_id=user.resource_id,
            user_id=user.pk,
            raw_id=user.raw_id,
            key_id=found.key_id,
            generation=found.generation,
            expires=found.token_expires,
        ),
        epid=found.epid,
        endpoint_id=found.pk,
        connection=found.connection,
        position=Cursor.parse(position) if position else None,
    )


_SAVE = """
UPDATE live_trouterendpoint SET position = %s, seen_ms = %s WHERE id = %s AND connection = %s
"""


def save_positions(positions: Sequence[tuple[int, uuid.UUID, Cursor]]) -> None:
    """Notes how far connections are. Those that have been replaced change nothing."""
    seen = now_ms()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.executemany(
            _SAVE,
            [(str(place), seen, pk, _uuid_for_database(owner)) for pk, owner, place in positions],
        )


def replaced(held: Sequence[tuple[int, uuid.UUID]]) -> set[int]:
    """The endpoints among `held` that another connection has taken over, or that are gone."""
    owners = dict(
        TrouterEndpoint.objects.filter(pk__in=[pk for pk, _ in held]).values_list(
            "pk", "connection"
        )
    )
    return {pk for pk, owner in held if owners.get(pk) != owner}


def forget_old() -> None:
    """Deletes the clients that will hardly come back."""
    TrouterEndpoint.objects.filter(
        seen_ms__lt=now_ms() - _FORGET_MS, sid_until_ms__lt=now_ms()
    ).delete()


def _hash(sid: str) -> str:
    return hashlib.sha256(sid.encode()).hexdigest()


def _uuid_for_database(value: uuid.UUID) -> Any:
    return value if connection.features.has_native_uuid_field else value.hex
