"""Runs Django requests in threads that live as long as the process.

Django's own handler opens a new thread, and with it a new database connection, for every request,
and crosses between loop and threads several times. Here each of a few threads keeps its SQLite
connection, and a request is handed to a thread once.
"""

import asyncio
import contextvars
import gc
import io
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.handlers.asgi import ASGIHandler, get_script_prefix
from django.core.handlers.base import BaseHandler
from django.core.signals import request_started
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.urls import set_script_prefix

from chatsite.short_path import ShortPaths
from wire.errors import ChatError, body_too_large
from wire.routes import Pool, refusal, route_of


@dataclass(frozen=True)
class PoolSize:
    """The number of threads, and of requests that may wait for one."""

    threads: int
    # None: unlimited.
    queue: int | None = None


POOL_SIZES = {
    # More threads would only wait for each other: for the interpreter's lock, and the database.
    Pool.REQUESTS: PoolSize(threads=4),
    # These mostly wait for another program or server.
    Pool.ENGINES: PoolSize(threads=4, queue=28),
}


class PooledHandler:
    """Hands each request to the threads of its route, and refuses what is beyond their queue."""

    def __init__(self) -> None:
        self._handlers = {
            pool: SingleHopHandler(size.threads, pool.value) for pool, size in POOL_SIZES.items()
        }
        self._short_paths = ShortPaths(self._handlers[Pool.REQUESTS].executor)
        # Changed by the event loop alone.
        self._running = dict.fromkeys(POOL_SIZES, 0)

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        """Answers one HTTP request; 429 with Retry-After if its pool's queue is full."""
        short_path = self._short_paths.find(scope)
        if short_path is not None:
            await self._answer_shortly(short_path, scope, receive, send)
            return
        # A preflight request needs no engine.
        is_preflight = scope["method"] == "OPTIONS"
        pool = Pool.REQUESTS if is_preflight else route_of(scope["path"]).pool
        size = POOL_SIZES[pool]
        if size.queue is not None and self._running[pool] >= size.threads + size.queue:
            await send_response(_too_busy(scope["path"]), send)
            return
        self._running[pool] += 1
        try:
            await self._handlers[pool](scope, receive, send)
        finally:
            self._running[pool] -= 1

    async def _answer_shortly(
        self, short_path: int, scope: dict[str, Any], receive: Any, send: Any
    ) -> None:
        """By the short path, or else by the view, which is given the body that was read."""
        handler = self._handlers[Pool.REQUESTS]
        body = await handler.read(scope, receive, send)
        if body is None:
            return
        try:
            is_answered = await self._short_paths.answer(short_path, scope, body, send)
        except ChatError as error:
            response = refusal(scope["path"], error)
            response["Access-Control-Allow-Origin"] = "*"
            await send_response(response, send)
            return
        if not is_answered:
            await handler.respond(scope, body, send)


def _too_busy(path: str) -> HttpResponse:
    error = ChatError(
        429,
        "TooManyRequests",
        "The server is busy with other requests of this kind. Try again in a second.",
        headers={"Retry-After": "1"},
    )
    response = refusal(path, error)
    # No middleware runs, and pages of other origins must be able to read the status.
    response["Access-Control-Allow-Origin"] = "*"
    response["Access-Control-Expose-Headers"] = "retry-after"
    return response


async def send_response(response: HttpResponse, send: Any) -> None:
    """Sends a response that did not go through Django's handler."""
    response.setdefault("Content-Length", str(len(response.content)))
    headers = [(name.lower().encode(), value.encode("latin-1")) for name, value in response.items()]
    await send({"type": "http.response.start", "status": response.status_code, "headers": headers})
    await send({"type": "http.response.body", "body": response.content})


class SingleHopHandler(ASGIHandler):
    """Runs middleware and view of a request in one call, in a long-lived thread."""

    def __init__(self, threads: int, name: str) -> None:
        BaseHandler.__init__(self)
        self.load_middleware(is_async=False)
        self.executor = ThreadPoolExecutor(threads, thread_name_prefix=name)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Reads the body, runs the request in a thread and sends the response."""
        body = await self.read(scope, receive, send)
        if body is not None:
            await self.respond(scope, body, send)

    async def read(self, scope: Any, receive: Any, send: Any) -> bytes | None:
        """The body; None if it was refused, or the client disconnected."""
        try:
            return await self._read(receive)
        except ChatError as error:
            await self.send_response(refusal(scope["path"], error), send)
            return None

    async def respond(self, scope: Any, body: bytes, send: Any) -> None:
        """Runs the request in a thread and sends the response."""
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
        """The whole body, which the server keeps in a file. None if the client disconnected.

        Raises ChatError 413 as soon as it is over the limit, before any credential is checked.
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
    """Freezes everything that was made at start, so that later collections skip it.

    Collections during requests then have little to scan, which lowers the longest
    response times.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
