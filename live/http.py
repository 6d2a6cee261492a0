"""Answers of the ASGI applications that do not run inside Django."""

from typing import Any

from django.conf import settings

from asgi_server.connections import Send
from wire.errors import ChatError, chat_error_body

# What a page on another origin may see; preflights are answered by Django.
_CORS = {
    "access-control-allow-origin": "*",
    "access-control-expose-headers": ", ".join(settings.CORS_EXPOSE_HEADERS),
}


async def start(send: Send, status: int, headers: dict[str, str]) -> None:
    """The head of an answer."""
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
    """A whole answer."""
    headers = {"content-length": str(len(body)), "cache-control": "no-store"}
    if content_type:
        headers["content-type"] = content_type
    await start(send, status, headers)
    await send({"type": "http.response.body", "body": body})


async def refuse(send: Send, error: ChatError) -> None:
    """An error in the protocol's shape."""
    body = chat_error_body(error)
    headers: dict[str, Any] = {"content-length": str(len(body)), **error.headers}
    if body:
        headers["content-type"] = "application/json"
    await start(send, error.status, headers)
    await send({"type": "http.response.body", "body": body})
