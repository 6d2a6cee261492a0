"""User access tokens: signing, reading and verifying them.

The signing secret is derived from the access key that the token was issued with, so that
regenerating a key makes its tokens invalid. The payload is ASCII without `>`, `?` and `~`: the
Python SDK decodes it as plain base64, which fails on `-` and `_` (identity contract 5).
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

# The claim with the user's token generation.
_GENERATION = "gen"
_CACHE_SIZE = 10_000


@dataclass(frozen=True)
class AccessToken:
    """An issued token and its expiry time."""

    token: str
    expires_on: datetime


@dataclass(frozen=True)
class Claims:
    """The claims of a token, not verified."""

    raw_id: str
    resource_id: str
    key_id: str
    scopes: frozenset[str]
    generation: int
    expires: int


def _signing_secret(key_id: str, access_key: str) -> bytes:
    # Includes the server's own secret, so that a leaked access key is not enough to forge tokens.
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
    """The claims of `token`, not verified; None if it does not have the format of our tokens.

    Cached, because the result depends only on the text.
    """
    try:
        header = jwt.get_unverified_header(token)
        payload = jwt.decode(token, options={"verify_signature": False})
        raw_id = f"8:{payload['skypeid']}"
        # Validated because it is used in a query before the token is verified.
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
    """Whether `token` was signed with this access key.

    Cached, because the result depends only on the arguments. The caller checks expiry, revocation
    and deletion on every request.
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
