"""Connections of any ASGI server: frames are queued, and a task awaits the server's `send`."""

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable
from typing import Any

from asgi_server.frames import Frame
from asgi_server.interface import MAX_UNSENT_BYTES, Send


class QueuedWriter:
    """A connection whose `send` may wait for the client."""

    is_closed_by_drain = False

    def __init__(self, send: Send, *, is_socket: bool) -> None:
        self._send = send
        self._is_socket = is_socket
        self._queue: deque[dict[str, Any]] = deque()
        self._bytes = 0
        self._filled = asyncio.Event()
        self._sender = asyncio.create_task(self._send_queue())

    def write(self, frame: Frame) -> bool:
        if self._bytes > MAX_UNSENT_BYTES:
            return False
        self._put(
            {"type": "websocket.send", "text": frame.payload.decode()}
            if self._is_socket
            else {"type": "http.response.body", "body": frame.payload, "more_body": True}
        )
        return True

    def unsent_bytes(self) -> int:
        return self._bytes

    def close(self, code: int) -> None:
        self._put(
            {"type": "websocket.close", "code": code}
            if self._is_socket
            else {"type": "http.response.body", "body": b"", "more_body": False}
        )

    def abort(self) -> None:
        self._queue.clear()
        self._bytes = 0
        self.close(1000)

    def release(self) -> None:
        self._sender.cancel()

    def receive_with(self, handle: Callable[[str | None], None]) -> None:
        """Do nothing: messages come by ASGI's `receive` only."""

    def _put(self, message: dict[str, Any]) -> None:
        if not self._sender.done():
            self._queue.append(message)
            self._bytes += _size(message)
            self._filled.set()

    async def _send_queue(self) -> None:
        # A failing `send` means that the client has disconnected, which the application learns from
        # `receive`.
        with contextlib.suppress(Exception):
            while True:
                while self._queue:
                    message = self._queue.popleft()
                    await self._send(message)
                    self._bytes = max(0, self._bytes - _size(message))
                    if message["type"] == "websocket.close" or message.get("more_body") is False:
                        return
                self._filled.clear()
                await self._filled.wait()


def _size(message: dict[str, Any]) -> int:
    return len(message.get("text") or message.get("body") or "")


class UnbufferedReading:
    """Servers other than daphne read only what the application asks for with `receive`."""

    def pause_reading(self) -> None:
        pass

    def resume_reading(self) -> None:
        pass


def socket_writer(send: Send) -> QueuedWriter:
    """The writer of an accepted WebSocket."""
    return QueuedWriter(send, is_socket=True)


def response_writer(send: Send) -> QueuedWriter:
    """The writer of an HTTP response whose head has been sent."""
    return QueuedWriter(send, is_socket=False)
