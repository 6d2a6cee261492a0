"""How an HTTP request gets from the event loop into Django, and back.

Django's own handler opens a new thread, and with it a new database connection, for every request,
and crosses between loop and threads several times. Here a few threads live as long as the
process, each keeps its SQLite connection, and a request crosses over once.
"""

import asyncio
import contextvars
import gc
import io
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from django.conf import settings
from django.core.handlers.asgi import ASGIHandler, get_script_prefix
from django.core.handlers.base import BaseHandler
from django.core.signals import request_started
from django.http.response import HttpResponseBase
from django.urls import set_script_prefix

from cognitive.dialects import refusal
from wire.errors import ChatError, body_too_large

# More threads would only wait for each other: for the interpreter's lock, and for the database.
THREADS = 4
# For requests that mostly wait for a program or a server elsewhere.
ENGINE_THREADS = 4
# How many more of them may wait for a thread.
ENGINE_QUEUE = 28


class SingleHopHandler(ASGIHandler):
    """Runs middleware and view of a request in one go, in a thread that outlives it."""

    def __init__(self, threads: int = THREADS, name: str = "request") -> None:
        BaseHandler.__init__(self)
        self.load_middleware(is_async=False)
        self.executor = ThreadPoolExecutor(threads, thread_name_prefix=name)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """The ASGI entry."""
        try:
            body = await self._read(receive)
        except ChatError as error:
            await self.send_response(refusal(scope["path"], error), send)
            return
        if body is None:
            return
        loop = asyncio.get_running_loop()
        context = contextvars.copy_context()
        response = await loop.run_in_executor(
            self.executor, context.run, self._respond, scope, body
        )
        try:
            await self.send_response(response, send)
        finally:
            if response.streaming:
                await loop.run_in_executor(self.executor, context.run, response.close)

    async def _read(self, receive: Any) -> bytes | None:
        """The whole body, which the server keeps in a file. None when the client is gone.

        Raises ChatError 413 as soon as it is over the limit: nobody has been asked for a token yet.
        """
        chunks = []
        size = 0
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                return None
            chunk = message.get("body", b"")
            size += len(chunk)
            if size > settings.LIMITS.request_bytes:
                raise body_too_large()
            chunks.append(chunk)
            if not message.get("more_body", False):
                return b"".join(chunks)

    def _respond(self, scope: Any, body: bytes) -> HttpResponseBase:
        set_script_prefix(get_script_prefix(scope))
        request_started.send(sender=self.__class__, scope=scope)
        request, malformed = self.create_request(scope, io.BytesIO(body))
        response = malformed if request is None else self.get_response(request)
        assert response is not None
        if not response.streaming:
            # Ends the request: returns pooled connections and drops broken ones.
            response.close()
        return response


def tune_garbage_collector() -> None:
    """Takes everything that start-up made out of the collector's sight.

    Collections during requests then have little to look at, which is what the slowest requests
    used to wait for.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
