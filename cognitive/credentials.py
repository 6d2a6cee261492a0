"""Authentication for Azure's cognitive APIs: a resource's access key, or a token.

As in all APIs, the host name determines the resource (cognitive contract 4).
"""

import hmac
from dataclasses import dataclass
from typing import cast
from uuid import UUID

from rest_framework import exceptions
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from cognitive.speech.tokens import resource_of_token
from identity.authentication import bearer_token
from identity.callers import Caller, caller_of
from identity.hosts import host_name, resource_of_host

# Access keys have 88 characters; longer texts are not compared.
_LONGEST_KEY = 200


@dataclass(frozen=True)
class CognitiveCaller:
    """The caller of a cognitive API; `user` is None for an application with an access key."""

    resource_id: UUID
    user: Caller | None

    is_authenticated = True


def resource_of_key(key: str, host: str) -> UUID | None:
    """The resource of `host` (a name without port) if `key` is one of its two access keys."""
    if not 0 < len(key) <= _LONGEST_KEY:
        return None
    resource = resource_of_host(host)
    known = [hmac.compare_digest(key.encode(), own.encode()) for own in resource.keys().values()]
    return resource.id if any(known) else None


def cognitive_caller(*, key: str, bearer: str, host: str) -> CognitiveCaller | None:
    """The caller with this access key or, without a key, with this token: a user's access token
    or one that was issued for a key.

    A missing credential is "". `host` is a name without port. None if the credential is invalid.
    """
    if key:
        resource_id = resource_of_key(key, host)
        return CognitiveCaller(resource_id, None) if resource_id else None
    user = caller_of(bearer, host) if bearer else None
    if user:
        return CognitiveCaller(user.resource_id, user)
    resource_id = resource_of_token(bearer, host)
    return CognitiveCaller(resource_id, None) if resource_id else None


class CognitiveAuthentication(BaseAuthentication):
    """Authenticates by the headers `Ocp-Apim-Subscription-Key` or `Authorization: Bearer`."""

    def authenticate(self, request: Request) -> tuple[CognitiveCaller, None]:
        """The caller. Raises AuthenticationFailed, which becomes a 401."""
        caller = cognitive_caller(
            key=request.META.get("HTTP_OCP_APIM_SUBSCRIPTION_KEY", "").strip(),
            bearer=bearer_token(request),
            host=host_name(request.get_host()),
        )
        if caller is None:
            raise exceptions.AuthenticationFailed
        return caller, None


def caller_of_request(request: Request) -> CognitiveCaller:
    """The caller that CognitiveAuthentication found."""
    return cast(CognitiveCaller, request.user)
