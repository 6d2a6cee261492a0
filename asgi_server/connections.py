"""Where a reader's frames go: a connection that may be slower than the events.

Daphne takes whatever is sent to it into an unbounded buffer and never makes anybody wait. So an
outlet looks at that buffer, and a reader who falls too far behind is cut off: nothing is lost, it
resumes from the log.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from autobahn.websocket.protocol import WebSocketProtocol
from daphne.http_protocol import WebRequest
from daphne.ws_protocol import WebSocketProtocol as DaphneSocket

from live.announcements import Frame

Send = Callable[[dict[str, Any]], Awaitable[None]]

# What may wait for a slow connection, in bytes.
MOST_BYTES = 4 * 1024 * 1024
# A replay pauses while more than this is waiting.
COMFORTABLE_BYTES = 128 * 1024
CHECK_AFTER_BYTES = 64 * 1024
_PAUSE = 0.02


class Outlet(Protocol):
    """A connection that frames are written to, without waiting."""

    def write(self, frame: Frame) -> bool:
        """Sends a frame. False when the connection is too far behind: nothing was sent then."""

    def waiting(self) -> int:
        """How many bytes have not left yet, more or less."""

    def close(self, code: int) -> None:
        """Ends the connection properly, after what was written."""

    def abort(self) -> None:
        """Ends the connection now."""

    def stop(self) -> None:
        """The application is done with the connection."""


async def drained(outlet: Outlet) -> None:
    """Waits until little is waiting."""
    # Twisted calls nobody back when some of its buffer has left.
    while outlet.waiting() > COMFORTABLE_BYTES:  # noqa: ASYNC110
        await asyncio.sleep(_PAUSE)


def daphne_protocol(send: Send) -> Any:
    """Daphne's own object behind an ASGI `send`; None on other servers."""
    found = (getattr(send, "args", None) or (None,))[0]
    return found if isinstance(found, DaphneSocket | WebRequest) else None


def bytes_waiting(transport: Any) -> int:
    """What a Twisted transport has taken but not written, TLS or not."""
    waiting = 0
    for _ in range(3):
        if transport is None:
            break
        waiting += sum(map(len, getattr(transport, "_appSendBuffer", ())))
        if hasattr(transport, "dataBuffer"):
            waiting += len(transport.dataBuffer) - transport.offset + transport._tempDataLen
        transport = getattr(transport, "transport", None)
    return waiting


class DaphneSocketOutlet:
    """A WebSocket of daphne's, written to without the way through its event queue."""

    __slots__ = ("_protocol", "_unchecked")

    def __init__(self, protocol: DaphneSocket) -> None:
        self._protocol = protocol
        # Bytes written since somebody looked whether they leave.
        self._unchecked = 0

    def write(self, frame: Frame) -> bool:
        protocol, wire = self._protocol, frame.wire
        if protocol.state != WebSocketProtocol.STATE_OPEN:
            return True
        self._unchecked += len(wire)
        if self._unchecked > CHECK_AFTER_BYTES:
            self._unchecked = 0
            if self.waiting() > MOST_BYTES:
                return False
        if protocol.send_queue:
            protocol.sendData(wire)
        else:
            # What `sendData` does then, without its log messages.
            protocol.transport.write(wire)
        return True

    def waiting(self) -> int:
        return bytes_waiting(self._protocol.transport)

    def close(self, code: int) -> None:
        if self._protocol.state == WebSocketProtocol.STATE_OPEN:
            self._protocol.sendClose(code=code)

    def abort(self) -> None:
        if self._protocol.transport is not None:
            self._protocol.transport.abortConnection()

    def stop(self) -> None:
        pass


class DaphneResponseOutlet:
    """A response of daphne's that goes on."""

    __slots__ = ("_request",)

    def __init__(self, request: WebRequest) -> None:
        self._request = request

    def write(self, frame: Frame) -> bool:
        if self.waiting() > MOST_BYTES:
            return False
        self._body(frame.payload, more=True)
        return True

    def waiting(self) -> int:
        channel = self._request.channel
        return bytes_waiting(channel.transport) if channel is not None else 0

    def close(self, code: int) -> None:
        self._body(b"", more=False)

    def abort(self) -> None:
        if self._request.channel is not None:
            self._request.channel.transport.abortConnection()

    def stop(self) -> None:
        if not self._request.finished and self._request.channel is not None:
            self.close(0)

    def _body(self, body: bytes, *, more: bool) -> None:
        self._request.handle_reply({"type": "http.response.body", "body": body, "more_body": more})


class QueueOutlet:
    """A connection of any other ASGI server, whose `send` may wait."""

    def __init__(self, send: Send, *, is_socket: bool) -> None:
        self._send = send
        self._is_socket = is_socket
        self._queue: deque[dict[str, Any]] = deque()
        self._bytes = 0
        self._filled = asyncio.Event()
        self._pump = asyncio.create_task(self._run())

    def write(self, frame: Frame) -> bool:
        if self._bytes > MOST_BYTES:
            return False
        self._put(
            {"type": "websocket.send", "text": frame.payload.decode()}
            if self._is_socket
            else {"type": "http.response.body", "body": frame.payload, "more_body": True}
        )
        return True

    def waiting(self) -> int:
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

    def _put(self, message: dict[str, Any]) -> None:
        if not self._pump.done():
            self._queue.append(message)
            self._bytes += _size(message)
            self._filled.set()

    async def _run(self) -> None:
        while True:
            while self._queue:
                message = self._queue.popleft()
                self._bytes -= _size(message)
                try:
                    await self._send(message)
                except Exception:
                    # The client is gone; the server tells the application by itself.
                    return
                if message["type"] == "websocket.close" or message.get("more_body") is False:
                    return
            self._filled.clear()
            await self._filled.wait()

    def stop(self) -> None:
        self._pump.cancel()


def _size(message: dict[str, Any]) -> int:
    return len(message.get("text") or message.get("body") or "")


def socket_outlet(send: Send) -> Outlet:
    """The outlet of an accepted WebSocket."""
    protocol = daphne_protocol(send)
    if isinstance(protocol, DaphneSocket):
        return DaphneSocketOutlet(protocol)
    return QueueOutlet(send, is_socket=True)


def response_outlet(send: Send) -> Outlet:
    """The outlet of an HTTP response whose head has been sent."""
    protocol = daphne_protocol(send)
    if isinstance(protocol, WebRequest):
        return DaphneResponseOutlet(protocol)
    return QueueOutlet(send, is_socket=False)
