"""What a client asks the event stream for, and who it is; the same over both transports."""

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
from live.log import Scope
from live.models import Ticket
from live.stream.events import TYPES
from wire.errors import bad_request, unauthorized
from wire.times import now_ms

TICKET_SECONDS = 60
# More than any cursor of ours: it goes into one SQL statement.
_MOST_AWAITED = 300
_MOST_FILTERS = 100


@dataclass(frozen=True)
class StreamRequest:
    """`?after=&threadId=&eventType=&ticket=`; the filters may be repeated."""

    after: Cursor | None
    threads: frozenset[str] | None
    types: frozenset[str] | None
    ticket: str

    @classmethod
    def read(cls, scope: dict[str, Any]) -> "StreamRequest":
        """What the query and the header Last-Event-ID ask for. Raises ChatError 400."""
        query = parse_qs(scope["query_string"].decode("latin-1"), keep_blank_values=True)
        headers = dict(scope["headers"])
        # A client that reconnects sends the header, and still has its old address.
        text = headers.get(b"last-event-id", b"").decode("latin-1") or query.get("after", [""])[-1]
        if any(len(query.get(name, ())) > _MOST_FILTERS for name in ("threadId", "eventType")):
            raise bad_request(f"No more than {_MOST_FILTERS} filters of a kind are possible.")
        if any("\0" in thread for thread in query.get("threadId", ())):
            # PostgreSQL takes no text with it.
            raise bad_request("The value of threadId is not a thread's id.", target="threadId")
        return cls(
            after=_cursor(text) if text else None,
            threads=frozenset(query["threadId"]) if "threadId" in query else None,
            types=_types(query["eventType"]) if "eventType" in query else None,
            ticket=query.get("ticket", [""])[-1],
        )

    def scope_of(self, credential: Credential) -> Scope:
        """Which events that is, for this client."""
        return Scope(credential.resource_id, credential.user_id, self.threads, self.types)


def _cursor(text: str) -> Cursor:
    try:
        cursor = Cursor.parse(text)
    except ValueError:
        cursor = None
    if cursor is None or len(cursor.awaited) > _MOST_AWAITED:
        raise bad_request("The value of after is not an event's id.", target="after")
    return cursor


def _types(names: list[str]) -> frozenset[str]:
    unknown = [name for name in names if name not in TYPES]
    if unknown:
        raise bad_request(f"There is no event type '{unknown[0][:100]}'.", target="eventType")
    return frozenset(TYPES[name] for name in names)


def identify(scope: dict[str, Any], request: StreamRequest) -> Credential | None:
    """Who asks, by header or ticket; None when the client has not said yet.

    Raises ChatError and AuthenticationFailed. A query that touches the database.
    """
    if request.ticket:
        # The host is checked as everywhere.
        credentials.host_of(scope)
        return redeem(request.ticket)
    return credentials.of_headers(scope)


def issue_ticket(credential: Credential) -> str:
    """A ticket that opens the stream once, within a minute, as the user of `credential`."""
    assert credential.user_id is not None, "services set headers"
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
    """The credential behind a ticket, which is used up by this. Raises ChatError 401."""
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
