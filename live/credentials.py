"""Who opens a live connection, and until when the credential is valid."""

import io
import math
from collections.abc import Sequence
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

_VALID_USERS = """
SELECT u.id, u.token_generation, r.primary_key_id, r.secondary_key_id
FROM identity_communicationuser u JOIN identity_resource r ON r.id = u.resource_id
WHERE u.deleted_at IS NULL AND u.id IN ({placeholders})
"""
_STATEMENT_SIZE = 500


@dataclass(frozen=True)
class Credential:
    """A credential that was valid when it was presented. `user_id` is None for a service."""

    resource_id: UUID
    user_id: int | None
    raw_id: str | None
    # The access key that signed the token or the request, and the token's generation.
    key_id: str
    generation: int = 0
    # In epoch seconds.
    expires: float = math.inf


def of_token(token: str, host: str) -> Credential | None:
    """The credential of a user's access token that was sent to `host`; None if it is not valid.

    Raises ChatError 403 if the token has no chat scope.
    """
    caller = caller_of(token, host)
    return _of_caller(caller, token) if caller else None


def _of_caller(caller: Caller, token: str) -> Credential:
    require(caller, Capability.TAKE_PART)
    claims = tokens.read(token)
    assert claims is not None, "a token with a caller can be read"
    return Credential(
        resource_id=caller.resource_id,
        user_id=caller.user_id,
        raw_id=caller.raw_id,
        key_id=claims.key_id,
        generation=claims.generation,
        expires=claims.expires,
    )


def http_request(scope: dict[str, Any]) -> Request:
    """The request of an ASGI scope; a WebSocket's handshake counts as a GET."""
    as_http = {"method": "GET", "scheme": "http"} | scope | {"type": "http"}
    return Request(ASGIRequest(as_http, io.BytesIO()))


def host_of(scope: dict[str, Any]) -> str:
    """The host name in the request. Raises DisallowedHost if it is not one of this server."""
    return host_name(http_request(scope).get_host())


def of_headers(scope: dict[str, Any]) -> Credential | None:
    """The credential in the Authorization header: a user's, or a service's.

    None if there is no such header. Raises ChatError and DRF's AuthenticationFailed.
    """
    request = http_request(scope)
    if not request.META.get("HTTP_AUTHORIZATION"):
        return None
    token = bearer_token(request)
    # Only users' tokens can be read; a service's tokens are not issued by this server.
    if token and tokens.read(token) is not None:
        caller, _ = UserAuthentication().authenticate(request)
        return _of_caller(caller, token)
    service, _ = ServiceAuthentication().authenticate(request)
    return Credential(
        resource_id=service.resource.id,
        user_id=None,
        raw_id=None,
        key_id=service.key_id,
        expires=_expiry_of(token) if token else math.inf,
    )


def _expiry_of(service_token: str) -> float:
    """When a valid token of a service expires, in epoch seconds; those in the settings never do."""
    if service_token in settings.CHATSITE_SERVICE_TOKENS:
        return math.inf
    claims = jwt.decode(service_token, options={"verify_signature": False})
    return float(claims["exp"])


def of_skype_token(request: Request) -> Credential:
    """The credential of the user's token in X-Skypetoken or Authorization. Raises ChatError 401."""
    token = request.META.get("HTTP_X_SKYPETOKEN", "") or bearer_token(request)
    found = of_token(token, host_name(request.get_host())) if token else None
    if found is None:
        raise unauthorized()
    return found


def revoked(held: Sequence[Credential]) -> set[Credential]:
    """Those that were revoked before they expired."""
    users = sorted({c.user_id for c in held if c.user_id is not None})
    valid: dict[int, list[Any]] = {}
    for start in range(0, len(users), _STATEMENT_SIZE):
        chunk = users[start : start + _STATEMENT_SIZE]
        placeholders = ", ".join(["%s"] * len(chunk))
        with connection.cursor() as cursor:
            cursor.execute(_VALID_USERS.format(placeholders=placeholders), chunk)
            valid |= {pk: values for pk, *values in cursor.fetchall()}
    return {c for c in held if not _is_valid(c, valid)}


def _is_valid(credential: Credential, valid: dict[int, list[Any]]) -> bool:
    if credential.user_id is None:
        return credential.key_id in _keys_of(credential.resource_id)
    # Token generation and the ids of the resource's two access keys.
    values = valid.get(credential.user_id)
    return (
        values is not None
        and values[0] == credential.generation
        and credential.key_id in (values[1], values[2])
    )


def _keys_of(resource_id: UUID) -> set[str]:
    resource = Resource.objects.filter(pk=resource_id).first()
    return set(resource.keys()) if resource else set()
