"""The ASGI application: dispatches a connection to the route's own application or to Django."""

from typing import Any

from chatsite.handler import PooledHandler, send_response
from wire.errors import ChatError
from wire.routes import Route, refusal, route_of


class Application:
    """Looks up the route of each connection and passes the connection on."""

    def __init__(self) -> None:
        self._django = PooledHandler()

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        """Answers one HTTP request or WebSocket."""
        route = route_of(scope["path"])
        own = route.application(scope["type"])
        if scope["type"] == "websocket":
            await (own or _deny)(_with_parameters(scope, route), receive, send)
        elif own is None or scope["method"] == "OPTIONS":
            await self._django(scope, receive, send)
        elif route.methods and scope["method"] not in route.methods:
            await _refuse_method(scope, route, send)
        else:
            await own(_with_parameters(scope, route), receive, send)


def _with_parameters(scope: dict[str, Any], route: Route) -> dict[str, Any]:
    kwargs = route.parameters(scope["path"])
    return {**scope, "url_route": {"args": (), "kwargs": kwargs}}


async def _deny(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Refuses a WebSocket handshake on a path without a WebSocket."""
    await receive()
    await send({"type": "websocket.close"})


async def _refuse_method(scope: dict[str, Any], route: Route, send: Any) -> None:
    error = ChatError(
        405,
        "MethodNotAllowed",
        f"Method {scope['method'][:20]} is not allowed.",
        headers={"Allow": ", ".join(route.methods)},
    )
    response = refusal(scope["path"], error)
    response["Access-Control-Allow-Origin"] = "*"
    await send_response(response, send)
