"""User access tokens: what they say, and who signed them.

A token is signed with a secret made from the access key that it was issued under, so that
regenerating a key kills its tokens. The payload is ASCII without `>`, `?` and `~`: the Python
SDK decodes it as plain base64 and stumbles over `-` and `_` (identity contract 5).
"""

import hashlib
import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache

import jwt
from django.conf import settings

from wire.identifiers import is_user_id

SCOPES = ("chat", "voip", "chat.join", "chat.join.limited", "voip.join")
MINUTES_MINIMUM = 60
MINUTES_MAXIMUM = 1440

# The claim that holds the user's token generation.
_GENERATION = "gen"
_CACHE_SIZE = 10_000


@dataclass(frozen=True)
class AccessToken:
    """An issued token and the time at which it ends."""

    token: str
    expires_on: datetime


@dataclass(frozen=True)
class Claims:
    """What a token says, before anybody checked its signature or its user."""

    raw_id: str
    resource_id: str
    key_id: str
    scopes: frozenset[str]
    generation: int
    expires: int


def _signing_secret(key_id: str, access_key: str) -> bytes:
    # Bound to the server's own secret, so that a leaked access key forges no token offline.
    return hmac.new(
        settings.SECRET_KEY.encode(), f"token:{key_id}:{access_key}".encode(), hashlib.sha256
    ).digest()


def sign(
    *,
    raw_id: str,
    resource_id: str,
    key_id: str,
    access_key: str,
    scopes: Sequence[str],
    generation: int,
    issued: int,
    expires: int,
) -> AccessToken:
    """A token for `raw_id`; `issued` and `expires` are epoch seconds."""
    payload = {
        "skypeid": raw_id.removeprefix("8:"),
        "scp": 1792,
        "csi": str(issued),
        "exp": expires,
        "iat": issued,
        "acsScope": ",".join(scopes),
        "resourceId": resource_id,
        "resourceLocation": "unitedstates",
        _GENERATION: generation,
        "jti": secrets.token_hex(8),
    }
    token = jwt.encode(
        payload, _signing_secret(key_id, access_key), algorithm="HS256", headers={"kid": key_id}
    )
    return AccessToken(token, datetime.fromtimestamp(expires, tz=UTC))


@lru_cache(maxsize=_CACHE_SIZE)
def read(token: str) -> Claims | None:
    """What `token` claims, unverified; None when it is no token of ours.

    Cached: the answer depends on nothing but the text.
    """
    try:
        header = jwt.get_unverified_header(token)
        payload = jwt.decode(token, options={"verify_signature": False})
        raw_id = f"8:{payload['skypeid']}"
        # Nobody has vouched for this text yet, and it goes to the database.
        if not is_user_id(raw_id):
            return None
        return Claims(
            raw_id=raw_id,
            resource_id=str(payload["resourceId"]),
            key_id=str(header["kid"]),
            scopes=frozenset(str(payload["acsScope"]).split(",")),
            generation=int(payload[_GENERATION]),
            expires=int(payload["exp"]),
        )
    except (
        jwt.InvalidTokenError,
        LookupError,
        TypeError,
        ValueError,
        ArithmeticError,
        RecursionError,
    ):
        return None


@lru_cache(maxsize=_CACHE_SIZE)
def signed_by(token: str, key_id: str, access_key: str) -> bool:
    """Whether `token` carries the signature of this access key.

    Cached: text and key decide. Time, revocation and deletion are the caller's to check on
    every request, so that the cache never outlives them.
    """
    try:
        jwt.decode(
            token,
            _signing_secret(key_id, access_key),
            algorithms=["HS256"],
            options={"verify_exp": False, "verify_iat": False},
        )
    except jwt.InvalidTokenError:
        return False
    return True
