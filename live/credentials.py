"""Who opens a live connection, and until when the proof is good."""

import io
import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import jwt
from django.conf import settings
from django.core.handlers.asgi import ASGIRequest
from django.db import connection
from rest_framework.request import Request

from identity import tokens
from identity.access import Capability, require
from identity.authentication import ServiceAuthentication, UserAuthentication, bearer_token
from identity.callers import Caller, caller_of
from identity.hosts import host_name
from identity.models import Resource
from wire.errors import unauthorized

_STILL_GOOD = """
SELECT u.id, u.token_generation, r.primary_key_id, r.secondary_key_id
FROM identity_communicationuser u JOIN identity_resource r ON r.id = u.resource_id
WHERE u.deleted_at IS NULL AND u.id IN ({places})
"""
_STATEMENT_SIZE = 500


@dataclass(frozen=True)
class Credential:
    """A proof that was valid when it was shown. `user_id` is None for a service."""

    resource_id: UUID
    user_id: int | None
    raw_id: str | None
    # The access key that signed the token or the request, and the token's generation.
    key_id: str
    generation: int = 0
    # Epoch seconds.
    expires: float = math.inf


def of_token(token: str, host: str) -> Credential | None:
    """The user whose access token this is, sent to `host`; None when it is not valid.

    Raises ChatError 403 when it allows no chat.
    """
    caller = caller_of(token, host)
    return _of_caller(caller, token) if caller else None


def _of_caller(caller: Caller, token: str) -> Credential:
    require(caller, Capability.TAKE_PART)
    claims = tokens.read(token)
    assert claims is not None, "whoever has a caller has read the token"
    return Credential(
        resource_id=caller.resource_id,
        user_id=caller.user_id,
        raw_id=caller.raw_id,
        key_id=claims.key_id,
        generation=claims.generation,
        expires=claims.expires,
    )


def http_request(scope: dict[str, Any]) -> Request:
    """The request behind an ASGI scope, a WebSocket's handshake included."""
    as_http = {"method": "GET", "scheme": "http"} | scope | {"type": "http"}
    return Request(ASGIRequest(as_http, io.BytesIO()))


def host_of(scope: dict[str, Any]) -> str:
    """The name of the host that the client asked. Raises DisallowedHost for none of ours."""
    return host_name(http_request(scope).get_host())


def of_headers(scope: dict[str, Any]) -> Credential | None:
    """Whoever the Authorization header proves: a user, or a service with the access key.

    None when there is no such header. Raises ChatError and DRF's AuthenticationFailed.
    """
    request = http_request(scope)
    if not request.META.get("HTTP_AUTHORIZATION"):
        return None
    token = bearer_token(request)
    # Only tokens of ours can be read; a service's are of other kinds.
    if token and tokens.read(token) is not None:
        caller, _ = UserAuthentication().authenticate(request)
        return _of_caller(caller, token)
    service, _ = ServiceAuthentication().authenticate(request)
    return Credential(
        resource_id=service.resource.id,
        user_id=None,
        raw_id=None,
        key_id=service.key_id,
        expires=_end_of(token) if token else math.inf,
    )


def _end_of(service_token: str) -> float:
    """When a valid token of a service ends, in epoch seconds; those of the settings never do."""
    if service_token in settings.CHATSITE_SERVICE_TOKENS:
        return math.inf
    claims = jwt.decode(service_token, options={"verify_signature": False})
    return float(claims["exp"])


def of_skype_token(request: Request) -> Credential:
    """The user whose token is in the header of the real-time dialect, or in the usual one.

    Raises ChatError 401.
    """
    token = request.META.get("HTTP_X_SKYPETOKEN", "") or bearer_token(request)
    found = of_token(token, host_name(request.get_host())) if token else None
    if found is None:
        raise unauthorized()
    return found


def revoked(credentials: Iterable[Credential]) -> set[Credential]:
    """Those that are not valid any more, whatever their time says."""
    held = set(credentials)
    users = sorted({c.user_id for c in held if c.user_id is not None})
    good: dict[int, tuple[int, set[str]]] = {}
    for start in range(0, len(users), _STATEMENT_SIZE):
        some = users[start : start + _STATEMENT_SIZE]
        places = ", ".join(["%s"] * len(some))
        with connection.cursor() as cursor:
            cursor.execute(_STILL_GOOD.format(places=places), some)
            good |= {pk: (generation, set(keys)) for pk, generation, *keys in cursor.fetchall()}
    return {c for c in held if not _is_good(c, good)}


def _is_good(credential: Credential, good: dict[int, tuple[int, set[str]]]) -> bool:
    if credential.user_id is None:
        return credential.key_id in _keys_of(credential.resource_id)
    generation, keys = good.get(credential.user_id, (-1, set()))
    return generation == credential.generation and credential.key_id in keys


def _keys_of(resource_id: UUID) -> set[str]:
    resource = Resource.objects.filter(pk=resource_id).first()
    return set(resource.keys()) if resource else set()
