"""The HTTP side of the dialect: where to connect, permission to connect, registrations.

All tokens are judged alike, wherever they are shown: a client whose token allocates but does not
register would stop for good.
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
from live.trouter.endpoints import LONGEST_EPID, prepare
from live.trouter.frames import PUSH_PATH, TTL
from live.trouter.limiter import WITHIN_SECONDS, Limiter
from wire import paging
from wire.errors import ChatError, bad_request
from wire.views import WireView, empty_response, json_response

# How long the client may hear nothing before it gives a connection up, in seconds, and how long
# it has to close one.
HEARTBEAT_SECONDS = 180
TRANSPORTS = "websocket,xhr-polling"

_allocations = Limiter()


class TrouterView(WireView):
    """A request with the user's token in `X-Skypetoken` or `Authorization`."""

    authentication_classes = ()
    credential: Credential

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Authenticates."""
        super().initial(request, *args, **kwargs)
        try:
            self.credential = credentials.of_skype_token(request)
        except ChatError as refusal:
            if refusal.status == 401:
                raise _with_challenge(refusal, request) from None
            raise

    def epid(self, request: Request) -> str:
        """The id that the client keeps for its life. Raises ChatError 400 without one."""
        epid = request.query_params.get("epid", "")
        if not 1 <= len(epid) <= LONGEST_EPID or not epid.isascii() or not epid.isprintable():
            raise bad_request("The parameter epid is not valid.", target="epid")
        return epid


def _with_challenge(refusal: ChatError, request: Request) -> ChatError:
    refusal.headers["WWW-Authenticate"] = 'Bearer error="invalid_token"'
    claims = tokens.read(request.META.get("HTTP_X_SKYPETOKEN", "") or bearer_token(request))
    if claims is not None and claims.expires > time.time():
        # No refresh will help: clients ask for a new token only when the old one has ended.
        refusal.headers["x-trouter-skypetoken-deprecated"] = "1"
    return refusal


class RealTimeNotificationsView(TrouterView):
    """`/chat/config/realTimeNotifications`: where the SDK connects. It asks whatever version."""

    def get(self, request: Request) -> HttpResponse:
        """This server, for everything."""
        origin = paging.absolute(request, "")
        return json_response(
            {"trouterServiceUrl": origin, "registrarServiceUrl": origin, "cloudType": "public"}
        )


class AllocateView(TrouterView):
    """`/v4/a`: permission for one connection."""

    def post(self, request: Request) -> HttpResponse:
        """The addresses. What they name is opaque; a client is known by its token and epid."""
        if not _allocations.allows((self.credential.user_id or 0, self.epid(request))):
            raise ChatError(
                503,
                "ServiceUnavailable",
                "This client connects too often.",
                headers={"Retry-After": str(round(WITHIN_SECONDS))},
            )
        # Exactly scheme, host, port and a slash: a path would be taken for a namespace.
        origin = paging.absolute(request, "/")
        pushes = paging.absolute(request, PUSH_PATH)
        return json_response(
            {
                "socketio": origin,
                "url": pushes,
                "surl": pushes,
                "ccid": secrets.token_urlsafe(8),
                "ttl": str(TTL),
                "connectparams": {},
            }
        )


class HandshakeView(TrouterView):
    """`/socket.io/1/`: the id under which the socket may open, once and soon."""

    def get(self, request: Request) -> HttpResponse:
        """`sid:heartbeat:close:transports`."""
        sid = prepare(self.credential, self.epid(request))
        text = f"{sid}:{HEARTBEAT_SECONDS}:{HEARTBEAT_SECONDS}:{TRANSPORTS}"
        response = HttpResponse(text, content_type="text/plain; charset=utf-8")
        response["Cache-Control"] = "no-store"
        return response


class RegistrationsView(TrouterView):
    """`/v3/registrations`: the client tells where it can be reached, which we know already.

    The address in the body is never called.
    """

    def post(self, request: Request) -> HttpResponse:
        """Accepted."""
        return empty_response(202)


class RegistrationView(TrouterView):
    """`/v3/registrations/{id}`."""

    def delete(self, request: Request, registration_id: str) -> HttpResponse:
        """Accepted."""
        return empty_response(202)
