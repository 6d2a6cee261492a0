"""The user that sent a request."""

import time
from dataclasses import dataclass
from uuid import UUID

from django.db import connection

from identity import tokens
from identity.hosts import RESOURCE_ID_SQL

# Our tokens have about 600 characters. Longer ones must not fill the caches of `tokens`.
_LONGEST_TOKEN = 2048


@dataclass(frozen=True)
class Caller:
    """A user with a valid token; `request.user` in views of the chat data plane."""

    resource_id: UUID
    user_id: int
    raw_id: str
    scopes: frozenset[str]

    is_authenticated = True


# One statement for everything that a token is checked against: the user, the keys of its resource,
# and the resource of the request's host. Raw SQL because it runs on every request, and compiling it
# in the ORM takes longer than running it.
_LOOK_UP = (
    """
SELECT u.id, u.resource_id, u.token_generation,
       r.primary_key_id, r.primary_key, r.secondary_key_id, r.secondary_key
FROM identity_communicationuser u JOIN identity_resource r ON r.id = u.resource_id
WHERE u.raw_id = %s AND u.deleted_at IS NULL AND r.id = """
    + RESOURCE_ID_SQL
)


def caller_of(token: str, host: str) -> Caller | None:
    """The user of an access token that was sent to `host` (a name without port).

    None if the token is forged, expired, revoked or signed with a regenerated key, or if the user
    is deleted or belongs to another resource than the host.
    """
    claims = tokens.read(token) if len(token) <= _LONGEST_TOKEN else None
    if claims is None or claims.expires <= time.time():
        return None
    with connection.cursor() as cursor:
        cursor.execute(_LOOK_UP, [claims.raw_id, host.lower()])
        row = cursor.fetchone()
    if row is None:
        return None
    user_id, resource_id, generation, *keys = row
    access_key = dict(zip(keys[::2], keys[1::2], strict=True)).get(claims.key_id)
    if access_key is None or generation != claims.generation:
        return None
    if not tokens.signed_by(token, claims.key_id, access_key):
        return None
    resource = resource_id if isinstance(resource_id, UUID) else UUID(resource_id)
    if str(resource) != claims.resource_id:
        return None
    return Caller(resource, user_id, claims.raw_id, claims.scopes)
