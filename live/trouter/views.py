"""The HTTP requests of the SDKs' protocol: configuration, allocation, handshake, registrations.

All of them authenticate in the same way: a client whose token is accepted for the allocation but
not for the registration would stop permanently.
"""

import secrets
import time
from typing import Any

from django.http import HttpResponse
from rest_framework.request import Request

from identity import tokens
from identity.authentication import bearer_token
from live import credentials
from live.credentials import Credential
from live.trouter.endpoints import MAX_EPID_LENGTH, create_handshake
from live.trouter.frames import PUSH_PATH, TTL
from live.trouter.limiter import WINDOW_SECONDS, RateLimiter
from wire import paging
from wire.errors import ChatError, bad_request
from wire.paging import QueryRequest
from wire.views import WireView, empty_response, json_response

# Seconds without a frame after which the client gives up a connection, and seconds that it waits
# for one to close.
HEARTBEAT_SECONDS = 180
TRANSPORTS = "websocket,xhr-polling"
HANDSHAKE_TYPE = "text/plain; charset=utf-8"

_allocations = RateLimiter()


class TrouterView(WireView):
    """A request with the user's token in `X-Skypetoken` or `Authorization`."""

    authentication_classes = ()
    credential: Credential

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Authenticate the user. Raises ChatError 401 and 403."""
        super().initial(request, *args, **kwargs)
        try:
            self.credential = credentials.of_skype_token(request)
        except ChatError as refusal:
            if refusal.status == 401:
                raise _with_challenge(refusal, request) from None
            raise


def read_epid(request: QueryRequest) -> str:
    """The ID of the client, which never changes. Raises ChatError 400 if it is not valid."""
    epid = request.query_params.get("epid", "")
    if not 1 <= len(epid) <= MAX_EPID_LENGTH or not epid.isascii() or not epid.isprintable():
        raise bad_request("The parameter epid is not valid.", target="epid")
    return epid


def may_allocate(credential: Credential, epid: str) -> bool:
    """Whether the client may open a connection now; counts it if so."""
    return _allocations.allows((credential.user_id or 0, epid))


def allocation(request: QueryRequest) -> dict[str, Any]:
    """The URLs of a connection, which are the same for all clients."""
    # Scheme, host, port and a slash only: the SDK would treat a path as a namespace.
    origin = paging.absolute(request, "/")
    pushes = paging.absolute(request, PUSH_PATH)
    return {
        "socketio": origin,
        "url": pushes,
        "surl": pushes,
        "ccid": secrets.token_urlsafe(8),
        "ttl": str(TTL),
        "connectparams": {},
    }


def handshake_text(sid: str) -> str:
    """`sid:heartbeat:close:transports`, as socket.io 0.9 answers a handshake."""
    return f"{sid}:{HEARTBEAT_SECONDS}:{HEARTBEAT_SECONDS}:{TRANSPORTS}"


def _with_challenge(refusal: ChatError, request: Request) -> ChatError:
    refusal.headers["WWW-Authenticate"] = 'Bearer error="invalid_token"'
    claims = tokens.read(request.META.get("HTTP_X_SKYPETOKEN", "") or bearer_token(request))
    if claims is not None and claims.expires > time.time():
        # Clients get a new token only if the old one has expired, so refreshing would not help.
        refusal.headers["x-trouter-skypetoken-deprecated"] = "1"
    return refusal


class RealTimeNotificationsView(TrouterView):
    """`/chat/config/realTimeNotifications`: where the SDK connects, in any API version."""

    def get(self, request: Request) -> HttpResponse:
        """Return this server's URL for both services."""
        origin = paging.absolute(request, "")
        return json_response(
            {"trouterServiceUrl": origin, "registrarServiceUrl": origin, "cloudType": "public"}
        )


class AllocateView(TrouterView):
    """`/v4/a`: allocation of one connection."""

    def post(self, request: Request) -> HttpResponse:
        """Return the URLs, which are the same for all clients: token and epid identify a client."""
        if not may_allocate(self.credential, read_epid(request)):
            raise ChatError(
                503,
                "ServiceUnavailable",
                "The client opens connections too often. Try again later.",
                headers={"Retry-After": str(round(WINDOW_SECONDS))},
            )
        return json_response(allocation(request))


class HandshakeView(TrouterView):
    """`/socket.io/1/`: the session ID with which the socket may open, once and soon."""

    def get(self, request: Request) -> HttpResponse:
        """Return `sid:heartbeat:close:transports`, as socket.io 0.9 does."""
        sid = create_handshake(self.credential, read_epid(request))
        response = HttpResponse(handshake_text(sid), content_type=HANDSHAKE_TYPE)
        response["Cache-Control"] = "no-store"
        return response


class RegistrationsView(TrouterView):
    """`/v3/registrations`: the client registers where pushes should go.

    Pushes go over its connection, so the address in the body is never called.
    """

    def post(self, request: Request) -> HttpResponse:
        return empty_response(202)


class RegistrationView(TrouterView):
    """`/v3/registrations/{id}`."""

    def delete(self, request: Request, registration_id: str) -> HttpResponse:
        return empty_response(202)
