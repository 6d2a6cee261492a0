"""The ASGI application: dispatches a connection to the route's own application or to Django."""

from typing import Any

from chatsite.handler import PooledHandler, send_response
from chatsite.https import must_refuse, plain_http_refused
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
            answer = _deny if own is None or must_refuse(scope) else own
            await answer(_with_parameters(scope, route), receive, send)
        elif own is None or scope["method"] == "OPTIONS":
            await self._django(scope, receive, send)
        elif must_refuse(scope):
            await _refuse(scope, plain_http_refused(), send)
        elif route.methods and scope["method"] not in route.methods:
            await _refuse(scope, _method_not_allowed(scope, route), send)
        else:
            await own(_with_parameters(scope, route), receive, send)


def _with_parameters(scope: dict[str, Any], route: Route) -> dict[str, Any]:
    kwargs = route.parameters(scope["path"])
    return {**scope, "url_route": {"args": (), "kwargs": kwargs}}


async def _deny(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Refuses a WebSocket handshake with status 403."""
    await receive()
    await send({"type": "websocket.close"})


def _method_not_allowed(scope: dict[str, Any], route: Route) -> ChatError:
    return ChatError(
        405,
        "MethodNotAllowed",
        f"Method {scope['method'][:20]} is not allowed.",
        headers={"Allow": ", ".join(route.methods)},
    )


async def _refuse(scope: dict[str, Any], error: ChatError, send: Any) -> None:
    response = refusal(scope["path"], error)
    # No middleware runs, and pages of other origins must see the status all the same.
    response["Access-Control-Allow-Origin"] = "*"
    await send_response(response, send)
