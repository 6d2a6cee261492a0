"""The user that sent a request."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from identity import tokens
from identity.hosts import RESOURCE_ID_SQL
from identity.tokens import Claims
from wire.statements import Statement

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


# Everything that a token is checked against: the user and the keys of the user's resource.
IDENTITY_COLUMNS = """u.id, u.resource_id, u.token_generation,
       r.primary_key_id, r.primary_key, r.secondary_key_id, r.secondary_key"""
# Whether that resource is the one of the request's host.
IDENTITY_CONDITION = """u.raw_id = %s AND u.deleted_at IS NULL AND r.id = """ + RESOURCE_ID_SQL
_LOOK_UP = Statement(
    "identity of a token",
    f"""
SELECT {IDENTITY_COLUMNS}
FROM identity_communicationuser u JOIN identity_resource r ON r.id = u.resource_id
WHERE {IDENTITY_CONDITION}
""",  # noqa: S608 - column names of our own
)


def unverified_claims(token: str) -> Claims | None:
    """What a token claims; None if it is not from this server or has expired."""
    claims = tokens.read(token) if len(token) <= _LONGEST_TOKEN else None
    return claims if claims is not None and claims.expires > time.time() else None


def verified_caller(token: str, claims: Claims, identity: Sequence[Any]) -> Caller | None:
    """The user of a token, given the values of `IDENTITY_COLUMNS`; None if it is not valid."""
    user_id, resource_id, generation, *keys = identity
    access_key = dict(zip(keys[::2], keys[1::2], strict=True)).get(claims.key_id)
    if access_key is None or generation != claims.generation:
        return None
    if not tokens.signed_by(token, claims.key_id, access_key):
        return None
    resource = resource_id if isinstance(resource_id, UUID) else UUID(resource_id)
    if str(resource) != claims.resource_id:
        return None
    return Caller(resource, user_id, claims.raw_id, claims.scopes)


def caller_of(token: str, host: str) -> Caller | None:
    """The user of an access token that was sent to `host` (a name without port).

    None if the token is forged, expired, revoked or signed with a regenerated key, or if the user
    is deleted or belongs to another resource than the host.
    """
    claims = unverified_claims(token)
    if claims is None:
        return None
    identity = _LOOK_UP.fetch_one([claims.raw_id, host.lower()])
    return verified_caller(token, claims, identity) if identity is not None else None
