"""Tokens that an application gets for its access key and passes to a device instead of the key.

They are valid for ten minutes and only for the cognitive APIs of one resource: they are not valid
as access tokens of users (cognitive contract 6.1).
"""

import hashlib
import hmac
import time
from uuid import UUID

import jwt
from django.conf import settings

from identity.hosts import resource_of_host
from identity.models import Resource

LIFETIME_SECONDS = 600
_AUDIENCE = "urn:chatsite:cognitive"
# The tokens have about 300 characters.
_MAX_LENGTH = 1024


def _secret(key_id: str, access_key: str) -> bytes:
    # Depends on the access key, so that regenerating it invalidates the tokens, and on SECRET_KEY.
    text = f"cognitive-token:{key_id}:{access_key}"
    return hmac.new(settings.SECRET_KEY.encode(), text.encode(), hashlib.sha256).digest()


def issue(resource_id: UUID, key: str) -> str:
    """Issues a token for an access key of the resource. Raises LookupError for any other key."""
    resource = Resource.objects.get(pk=resource_id)
    for key_id, own in resource.keys().items():
        if hmac.compare_digest(own.encode(), key.encode()):
            claims = {
                "aud": _AUDIENCE,
                "resourceId": str(resource_id),
                "exp": int(time.time()) + LIFETIME_SECONDS,
            }
            return jwt.encode(
                claims, _secret(key_id, own), algorithm="HS256", headers={"kid": key_id}
            )
    raise LookupError("The key is not one of the resource's.")


def resource_of_token(token: str, host: str) -> UUID | None:
    """The resource of `host` (a name without port) if the token was issued for it and is valid."""
    if not 0 < len(token) <= _MAX_LENGTH:
        return None
    try:
        key_id = str(jwt.get_unverified_header(token)["kid"])
    except (jwt.InvalidTokenError, LookupError, ValueError, RecursionError):
        return None
    resource = resource_of_host(host)
    key = resource.keys().get(key_id)
    if key is None:
        return None
    try:
        claims = jwt.decode(
            token,
            _secret(key_id, key),
            algorithms=["HS256"],
            audience=_AUDIENCE,
            options={"require": ["exp", "aud"], "verify_exp": False},
        )
    except (jwt.InvalidTokenError, ValueError, RecursionError):
        return None
    is_valid = claims["exp"] > time.time() and claims.get("resourceId") == str(resource.id)
    return resource.id if is_valid else None
