"""Requests to open the event stream and their credentials; the same for both transports."""

import hashlib
import secrets
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs

from django.db import connection

from events.following import Cursor
from identity.models import CommunicationUser
from live import credentials
from live.credentials import Credential
from live.event_log import Scope
from live.models import Ticket
from live.stream.events import TYPES
from wire.errors import bad_request, unauthorized
from wire.times import now_ms

TICKET_SECONDS = 60
# A cursor goes into one SQL statement; those of this server have fewer awaited ids.
_MAX_AWAITED = 300
_MAX_FILTERS = 100


@dataclass(frozen=True)
class StreamRequest:
    """`?after=&threadId=&eventType=&ticket=`; `threadId` and `eventType` may be repeated."""

    after: Cursor | None
    threads: frozenset[str] | None
    types: frozenset[str] | None
    ticket: str

    @classmethod
    def read(cls, scope: dict[str, Any]) -> "StreamRequest":
        """Parse the query and the header Last-Event-ID. Raises ChatError 400."""
        query = parse_qs(scope["query_string"].decode("latin-1"), keep_blank_values=True)
        headers = dict(scope["headers"])
        # A client that reconnects repeats its old URL and adds the header.
        text = headers.get(b"last-event-id", b"").decode("latin-1") or query.get("after", [""])[-1]
        if any(len(query.get(name, ())) > _MAX_FILTERS for name in ("threadId", "eventType")):
            raise bad_request(
                f"At most {_MAX_FILTERS} values of threadId and of eventType are allowed."
            )
        if any("\0" in thread for thread in query.get("threadId", ())):
            # PostgreSQL does not store this character.
            raise bad_request("The value of threadId is not a thread ID.", target="threadId")
        return cls(
            after=_cursor(text) if text else None,
            threads=frozenset(query["threadId"]) if "threadId" in query else None,
            types=_types(query["eventType"]) if "eventType" in query else None,
            ticket=query.get("ticket", [""])[-1],
        )

    def scope_of(self, credential: Credential) -> Scope:
        """The events requested, limited to what the credential may see."""
        return Scope(credential.resource_id, credential.user_id, self.threads, self.types)


def _cursor(text: str) -> Cursor:
    try:
        cursor = Cursor.parse(text)
    except ValueError:
        cursor = None
    if cursor is None or len(cursor.awaited) > _MAX_AWAITED:
        raise bad_request("The value of after is not an event ID.", target="after")
    return cursor


def _types(names: list[str]) -> frozenset[str]:
    unknown = [name for name in names if name not in TYPES]
    if unknown:
        raise bad_request(f"'{unknown[0][:100]}' is not an event type.", target="eventType")
    return frozenset(TYPES[name] for name in names)


def identify(scope: dict[str, Any], request: StreamRequest) -> Credential | None:
    """The credential in the Authorization header or the ticket; None if there is neither.

    Raises ChatError and AuthenticationFailed. Queries the database.
    """
    if request.ticket:
        # Raises DisallowedHost, as authentication by header does.
        credentials.host_of(scope)
        return redeem(request.ticket)
    return credentials.of_headers(scope)


def issue_ticket(credential: Credential) -> str:
    """A ticket that opens the stream once, within TICKET_SECONDS, as the user of `credential`."""
    assert credential.user_id is not None, "services authenticate by header"
    secret = secrets.token_urlsafe(32)
    Ticket.objects.filter(until_ms__lt=now_ms()).delete()
    Ticket.objects.create(
        secret_hash=_hash(secret),
        user_id=credential.user_id,
        key_id=credential.key_id,
        generation=credential.generation,
        token_expires=int(credential.expires),
        until_ms=now_ms() + TICKET_SECONDS * 1000,
    )
    return secret


_REDEEM = """
DELETE FROM live_ticket WHERE secret_hash = %s AND until_ms >= %s
RETURNING user_id, key_id, generation, token_expires
"""


def redeem(secret: str) -> Credential:
    """The credential of a ticket, which is valid once. Raises ChatError 401."""
    with connection.cursor() as cursor:
        cursor.execute(_REDEEM, [_hash(secret), now_ms()])
        row = cursor.fetchone()
    if row is None:
        raise unauthorized()
    user_id, key_id, generation, expires = row
    user = CommunicationUser.objects.only("resource_id", "raw_id").get(pk=user_id)
    credential = Credential(
        user.resource_id, user_id, user.raw_id, key_id, generation, float(expires)
    )
    if expires * 1000 <= now_ms() or credentials.revoked([credential]):
        raise unauthorized()
    return credential


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
