"""DRF authentication classes: user tokens for chat, access keys and service tokens for identity."""

import hmac
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from rest_framework import exceptions
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from identity import openid, signatures
from identity.callers import Caller, caller_of
from identity.hosts import host_name, resource_of
from identity.models import Resource
from wire.errors import forbidden
from wire.views import raw_body


@dataclass(frozen=True)
class Service:
    """An application's server, acting for a whole resource."""

    resource: Resource
    # The access key that signed the request; tokens are issued under it.
    key_id: str

    is_authenticated = True


def bearer_token(request: Request) -> str:
    """The token in the Authorization header, or ""."""
    scheme, _, token = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


class UserAuthentication(BaseAuthentication):
    """A user access token, the only credential of the chat data plane."""

    def authenticate(self, request: Request) -> tuple[Caller, str]:
        """The caller and the token. Raises AuthenticationFailed, which becomes a 401."""
        token = bearer_token(request)
        caller = caller_of(token, host_name(request.get_host())) if token else None
        if caller is None:
            raise exceptions.AuthenticationFailed
        return caller, token


class ServiceAuthentication(BaseAuthentication):
    """An access key's signature; for the default resource also a service token of the settings or
    a token of the OpenID issuer.
    """

    def authenticate(self, request: Request) -> tuple[Service, Any]:
        """The service. Raises AuthenticationFailed, and ChatError 403 for a user's own token."""
        resource = resource_of(request)
        token = bearer_token(request)
        if token:
            self._authenticate_bearer(request, token, resource)
            return Service(resource, resource.primary_key_id), None
        key_id = signatures.verify(
            request.META.get("HTTP_AUTHORIZATION", ""),
            method=request.method or "",
            targets=_targets(request),
            hosts=_hosts(request),
            headers={name.lower(): value for name, value in request.headers.items()},
            body=raw_body(request),
            keys=resource.keys(),
            now=time.time(),
        )
        if key_id is None:
            raise exceptions.AuthenticationFailed
        return Service(resource, key_id), None

    def _authenticate_bearer(self, request: Request, token: str, resource: Resource) -> None:
        if caller_of(token, host_name(request.get_host())):
            raise forbidden("A user's access token does not allow this operation.")
        # These tokens name no resource, so they must not give access to the one of the Host header.
        if not resource.is_default:
            raise exceptions.AuthenticationFailed
        known = any(
            hmac.compare_digest(token.encode(), one.encode())
            for one in settings.CHATSITE_SERVICE_TOKENS
        )
        if not known and not openid.is_valid(token):
            raise exceptions.AuthenticationFailed

    def authenticate_header(self, request: Request) -> str:
        """Names the scheme; a Bearer challenge would start the SDKs' claims challenge."""
        return signatures.SCHEME


def _targets(request: Request) -> list[str]:
    scope: dict[str, Any] = getattr(getattr(request, "_request", None), "scope", {})
    raw_path = scope.get("raw_path") or b""
    return signatures.spellings(
        raw_path.partition(b"?")[0].decode("latin-1"),
        request.path,
        request.META.get("QUERY_STRING", ""),
    )


def _hosts(request: Request) -> list[str]:
    """Host spellings: Java signs none of the ports, Python keeps a trailing slash."""
    sent = request.META.get("HTTP_HOST", "")
    name = host_name(sent)
    public = urlsplit(settings.CHATSITE_PUBLIC_URL)
    hosts = [sent, name, f"{name}:{request.META.get('SERVER_PORT', '')}", public.netloc]
    if settings.CHATSITE_TRUST_PROXY:
        hosts.append(request.META.get("HTTP_X_FORWARDED_HOST", ""))
    return [spelling for host in hosts if host for spelling in (host, f"{host}/")]
