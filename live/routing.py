"""Which ASGI application answers a live connection."""

from typing import Any

from channels.routing import URLRouter
from channels.security.websocket import WebsocketDenier
from django.urls import path, re_path

from live.outlets import Send
from live.stream.socket import event_socket
from live.stream.sse import event_response
from live.trouter.polling import trouter_polling
from live.trouter.socket import trouter_socket

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
        target = "/" + scope["path"].lstrip("/")
        if target == _EVENTS and scope["method"] == "GET":
            await event_response(scope, receive, send)
        elif target.startswith(_POLLING) and scope["method"] in ("GET", "POST"):
            sid = target.removeprefix(_POLLING)
            await trouter_polling({**scope, "sid": sid}, receive, send)
        else:
            await self.inner(scope, receive, send)
