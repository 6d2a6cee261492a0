"""Responses of the ASGI applications that do not run inside Django."""

from typing import Any

from django.conf import settings

from asgi_server.interface import Send
from wire.errors import ChatError, chat_error_body

# For pages on other origins; Django answers their preflight requests.
_CORS = {
    "access-control-allow-origin": "*",
    "access-control-expose-headers": ", ".join(settings.CORS_EXPOSE_HEADERS),
}


async def start(send: Send, status: int, headers: dict[str, str]) -> None:
    """Send the head of a response, with the headers of CORS."""
    await send(
        {
            "type": "http.response.start",
            "status": status,
            "headers": [
                (name.lower().encode(), value.encode()) for name, value in (headers | _CORS).items()
            ],
        }
    )


async def answer(send: Send, status: int, body: bytes, content_type: str = "") -> None:
    """Send a whole response."""
    headers = {"content-length": str(len(body)), "cache-control": "no-store"}
    if content_type:
        headers["content-type"] = content_type
    await start(send, status, headers)
    await send({"type": "http.response.body", "body": body})


async def refuse(send: Send, error: ChatError) -> None:
    """Send an error in the protocol's shape."""
    body = chat_error_body(error)
    headers: dict[str, Any] = {"content-length": str(len(body)), **error.headers}
    if body:
        headers["content-type"] = "application/json"
    await start(send, error.status, headers)
    await send({"type": "http.response.body", "body": body})
