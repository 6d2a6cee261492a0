"""The implementations that the contract test runs against, and clients of each."""

import asyncio
import contextlib
import json
import subprocess
import sys
import urllib.request
from collections.abc import AsyncIterator
from typing import Any, Protocol

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from asgi_server.tests.contract_application import Application
from load_testing.ports import free_port

SECONDS = 30.0


class Closed(Exception):
    """The connection has ended; `code` is the close code, 1006 without a close frame."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


class Socket(Protocol):
    """A WebSocket client that reads nothing until it is asked to."""

    async def send(self, text: str) -> None:
        """Send a frame; waits while the server reads nothing."""

    async def receive(self) -> str:
        """The next frame. Raises Closed."""


class Response(Protocol):
    """A response that is read only when asked to."""

    async def read(self) -> bytes:
        """The rest of the body."""


class Implementation(Protocol):
    """A running server with `Application`."""

    def socket(self) -> contextlib.AbstractAsyncContextManager[Socket]:
        """Open a WebSocket."""

    def response(self, path: str) -> contextlib.AbstractAsyncContextManager[Response]:
        """Make a GET request."""

    async def state(self) -> dict[str, int]:
        """What the application has counted."""

    async def resume(self) -> None:
        """Let a connection that paused reading go on."""


# --- daphne, in a process of its own -------------------------------------------------------------


class _DaphneSocket:
    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection

    async def send(self, text: str) -> None:
        await self._connection.send(text)

    async def receive(self) -> str:
        try:
            async with asyncio.timeout(SECONDS):
                return str(await self._connection.recv())
        except ConnectionClosed as closed:
            raise Closed(closed.rcvd.code if closed.rcvd else 1006) from None


class _DaphneResponse:
    def __init__(self, reader: asyncio.StreamReader) -> None:
        self._reader = reader

    async def read(self) -> bytes:
        async with asyncio.timeout(SECONDS):
            head, _, body = (await self._reader.read()).partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.0 200"), head
        return body


class DaphneImplementation:
    """`asgi_server.process` in a subprocess."""

    def __init__(self, port: int) -> None:
        self._port = port

    @contextlib.asynccontextmanager
    async def socket(self) -> AsyncIterator[Socket]:
        async with connect(
            f"ws://127.0.0.1:{self._port}/", proxy=None, max_queue=1, compression=None
        ) as connection:
            yield _DaphneSocket(connection)

    @contextlib.asynccontextmanager
    async def response(self, path: str) -> AsyncIterator[Response]:
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port, limit=1024)
        writer.write(f"GET {path} HTTP/1.0\r\nHost: localhost\r\n\r\n".encode())
        yield _DaphneResponse(reader)
        writer.close()

    async def state(self) -> dict[str, int]:
        return await asyncio.to_thread(self._get, "/state")

    async def resume(self) -> None:
        await asyncio.to_thread(self._get, "/resume")

    def _get(self, path: str) -> dict[str, int]:
        with urllib.request.urlopen(f"http://127.0.0.1:{self._port}{path}", timeout=10) as answer:
            state: dict[str, int] = json.load(answer)
            return state


@contextlib.asynccontextmanager
async def daphne() -> AsyncIterator[Implementation]:
    port = free_port()
    module = "asgi_server.tests.contract_application"
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", module, str(port), stdout=subprocess.PIPE
    )
    try:
        assert process.stdout and await process.stdout.readline() == b"ready\n"
        yield DaphneImplementation(port)
    finally:
        process.kill()
        await process.wait()


# --- any other server: the least that ASGI requires ----------------------------------------------


class _Harness:
    """One connection: queues of a few messages in both directions, as a network has."""

    def __init__(self, application: Application, scope: dict[str, Any]) -> None:
        self.to_application: asyncio.Queue[dict[str, Any]] = asyncio.Queue(4)
        self.to_client: asyncio.Queue[dict[str, Any]] = asyncio.Queue(4)
        running = application(scope, self.to_application.get, self.to_client.put)
        self.task = asyncio.ensure_future(running)

    async def receive(self) -> dict[str, Any]:
        async with asyncio.timeout(SECONDS):
            return await self.to_client.get()


class _HarnessSocket:
    def __init__(self, harness: _Harness) -> None:
        self._harness = harness

    async def send(self, text: str) -> None:
        await self._harness.to_application.put({"type": "websocket.receive", "text": text})

    async def receive(self) -> str:
        message = await self._harness.receive()
        if message["type"] == "websocket.close":
            raise Closed(message["code"])
        return str(message["text"])


class _HarnessResponse:
    def __init__(self, harness: _Harness) -> None:
        self._harness = harness

    async def read(self) -> bytes:
        body, more = b"", True
        while more:
            message = await self._harness.receive()
            body += message.get("body", b"")
            more = message["type"] == "http.response.start" or message["more_body"]
        return body


class GenericImplementation:
    """The application in this process, called as ASGI says."""

    def __init__(self) -> None:
        self._application = Application()

    @contextlib.asynccontextmanager
    async def socket(self) -> AsyncIterator[Socket]:
        harness = _Harness(self._application, {"type": "websocket", "path": "/"})
        await harness.to_application.put({"type": "websocket.connect"})
        assert (await harness.receive())["type"] == "websocket.accept"
        yield _HarnessSocket(harness)
        harness.task.cancel()

    @contextlib.asynccontextmanager
    async def response(self, path: str) -> AsyncIterator[Response]:
        harness = _Harness(self._application, {"type": "http", "path": path})
        yield _HarnessResponse(harness)
        harness.task.cancel()

    async def state(self) -> dict[str, int]:
        return self._application.state

    async def resume(self) -> None:
        self._application.resume()


@contextlib.asynccontextmanager
async def generic() -> AsyncIterator[Implementation]:
    yield GenericImplementation()
