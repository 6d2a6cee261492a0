"""Which ASGI application answers a live connection."""

from collections.abc import Sequence
from typing import Any

from channels.routing import URLRouter
from channels.security.websocket import WebsocketDenier
from django.urls import path, re_path

from asgi_server.connections import Send
from live.http import refuse
from live.stream.socket import event_socket
from live.stream.sse import event_response
from live.trouter.polling import trouter_polling
from live.trouter.socket import trouter_socket
from wire.errors import ChatError

_EVENTS = "/chat/events"
_POLLING = "/socket.io/1/xhr-polling/"

websocket_application = URLRouter(
    [
        path("chat/events", event_socket),  # type: ignore[arg-type]
        path("socket.io/1/websocket/<str:sid>", trouter_socket),  # type: ignore[arg-type]
        # Channels has no view for "anything else"; it would log a traceback.
        re_path("", WebsocketDenier.as_asgi()),
    ]
)


class LongResponses:
    """Answers the requests that take long itself, and hands all others to `inner`."""

    def __init__(self, inner: Any) -> None:
        self.inner = inner

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Send) -> None:
        """The ASGI entry."""
        # SDKs given an endpoint that ends in / ask for `//chat`; so may others.
        target, method = "/" + scope["path"].lstrip("/"), scope["method"]
        is_polling = target.startswith(_POLLING)
        if method == "OPTIONS" or not (is_polling or target == _EVENTS):
            await self.inner(scope, receive, send)
        elif method not in (allowed := ("GET", "POST") if is_polling else ("GET",)):
            await refuse(send, _not_allowed(method, allowed))
        elif is_polling:
            sid = target.removeprefix(_POLLING)
            await trouter_polling({**scope, "sid": sid}, receive, send)
        else:
            await event_response(scope, receive, send)


def _not_allowed(method: str, allowed: Sequence[str]) -> ChatError:
    message = f"Method {method[:20]} is not allowed."
    return ChatError(405, "MethodNotAllowed", message, headers={"Allow": ", ".join(allowed)})
