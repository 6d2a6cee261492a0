"""Tokens that an application gets for its access key, to hand to a device in the key's place.

They open the cognitive routes of one resource for ten minutes, and nothing else: as a user's token
they cannot be read (cognitive contract 6.1).
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
# Ours have about 300 characters.
_LONGEST = 1024


def _secret(key_id: str, access_key: str) -> bytes:
    # Bound to the key, so that regenerating it ends them, and to the server, as users' tokens are.
    text = f"cognitive-token:{key_id}:{access_key}"
    return hmac.new(settings.SECRET_KEY.encode(), text.encode(), hashlib.sha256).digest()


def issue(resource_id: UUID, key: str) -> str:
    """A token of a resource, for one of its access keys. Raises LookupError for another key."""
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
    if not 0 < len(token) <= _LONGEST:
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
    is_good = claims["exp"] > time.time() and claims.get("resourceId") == str(resource.id)
    return resource.id if is_good else None
