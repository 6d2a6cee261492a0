"""Who may ask the Azure dialects: a resource with its access key, a user with a token.

As everywhere, the host that is asked says which resource it is about (cognitive contract 4).
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

# Ours have 88 characters; longer ones are not worth comparing.
_LONGEST_KEY = 200


@dataclass(frozen=True)
class CognitiveCaller:
    """Whoever asks an engine; `user` is None for an application that shows the access key."""

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
    """The caller behind an access key or, where there is none, a user's access token or one that
    was issued for a key.

    Whichever of the two is not sent is "". `host` is a name without port. None when it opens
    nothing here.
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
    """The credential in the headers of a request: `Ocp-Apim-Subscription-Key`, or a bearer."""

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
