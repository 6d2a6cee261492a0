"""Which requests are for engines, and how many of them may be under way.

Engines take far longer than a message: in the threads of the chat they would hold it up. So their
requests have threads of their own, and beyond a limit they are refused instead of queued.
"""

import re
from typing import Any

from django.http import HttpResponse

from cognitive.dialects import refusal
from wire.errors import ChatError

_ENGINE_PATH = re.compile(
    r"^/+(?:cognitive(?:/|$)|translat|transliterate|detect|breaksentence|dictionary/"
    r"|languages?(?:/|$)|text/analytics/|chat/threads/[^/]+/messages(?:/[^/]+)?:)"
)


def is_engine_path(path: str) -> bool:
    """Whether an engine will answer a request for this path."""
    return _ENGINE_PATH.match(path) is not None


class EngineRequests:
    """Hands requests for engines to `slow`, and all others to `inner`.

    `most` is how many may be at `slow` at a time; more are refused with 429. Both are ASGI
    applications.
    """

    def __init__(self, inner: Any, slow: Any, *, most: int) -> None:
        self.inner = inner
        self.slow = slow
        self.most = most
        # Changed by the event loop alone.
        self.under_way = 0

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        """The ASGI entry."""
        # A browser's question whether it may ask costs nothing.
        if not is_engine_path(scope["path"]) or scope["method"] == "OPTIONS":
            await self.inner(scope, receive, send)
        elif self.under_way >= self.most:
            await _send(_too_many(scope["path"]), send)
        else:
            self.under_way += 1
            try:
                await self.slow(scope, receive, send)
            finally:
                self.under_way -= 1


def _too_many(path: str) -> HttpResponse:
    error = ChatError(
        429,
        "TooManyRequests",
        "Too much is being translated or analysed at the moment. Try again in a second.",
        headers={"Retry-After": "1"},
    )
    response = refusal(path, error)
    # No middleware is asked; browsers of other origins shall see the status all the same.
    response["Access-Control-Allow-Origin"] = "*"
    response["Access-Control-Expose-Headers"] = "retry-after"
    return response


async def _send(response: HttpResponse, send: Any) -> None:
    headers = [(name.encode(), value.encode()) for name, value in response.items()]
    await send({"type": "http.response.start", "status": response.status_code, "headers": headers})
    await send({"type": "http.response.body", "body": response.content})
