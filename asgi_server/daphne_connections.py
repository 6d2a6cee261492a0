"""Connections of daphne, which buffers without limit in both directions and never waits.

So the writers look into Twisted's send buffer and refuse to write to a client that is too far
behind, and reading is paused at the transport.
"""

import asyncio
import time
from collections.abc import Callable
from typing import Any

from autobahn.websocket.protocol import WebSocketProtocol
from daphne.http_protocol import WebRequest
from daphne.ws_protocol import WebSocketProtocol as DaphneSocket
from twisted.internet.tcp import Server as PlainTransport

from asgi_server.frames import Frame
from asgi_server.interface import MAX_UNSENT_BYTES, Send

_CHECK_AFTER_BYTES = 64 * 1024

# Writers with frames that wait for the loop's next turn.
_unflushed: "list[DaphneSocketWriter]" = []


def _protocol(send: Send) -> Any:
    """Daphne's own object behind an ASGI `send`, which is a `functools.partial`."""
    return (getattr(send, "args", None) or (None,))[0]


def _unsent_bytes(transport: Any) -> int:
    """What a Twisted transport has taken but not written to the network, with or without TLS."""
    unsent = 0
    for _ in range(3):
        if transport is None:
            break
        unsent += sum(map(len, getattr(transport, "_appSendBuffer", ())))
        if hasattr(transport, "dataBuffer"):
            unsent += len(transport.dataBuffer) - transport.offset + transport._tempDataLen
        transport = getattr(transport, "transport", None)
    return unsent


class DaphneSocketWriter:
    """A WebSocket, written to without the detour through daphne's event queue.

    All frames of one turn of the event loop go to the network together in the next, without
    registering the socket for writing: that costs two system calls for each write.
    """

    __slots__ = ("_is_unflushed", "_protocol", "_unchecked")

    is_closed_by_drain = True

    def __init__(self, protocol: DaphneSocket) -> None:
        self._protocol = protocol
        # Bytes written since the send buffer was last looked at.
        self._unchecked = 0
        self._is_unflushed = False

    def write(self, frame: Frame) -> bool:
        protocol, wire = self._protocol, frame.wire
        if protocol.state != WebSocketProtocol.STATE_OPEN:
            return True
        self._unchecked += len(wire)
        if self._unchecked > _CHECK_AFTER_BYTES:
            self._unchecked = 0
            if self.unsent_bytes() > MAX_UNSENT_BYTES:
                return False
        if protocol.send_queue:
            protocol.sendData(wire)
        else:
            self._write(protocol.transport, wire)
        return True

    def _write(self, transport: Any, wire: bytes) -> None:
        if type(transport) is not PlainTransport or not transport.connected or transport.TLS:
            transport.write(wire)
            return
        # Twisted's own buffer, so that whatever else is written stays in order.
        transport._tempDataBuffer.append(wire)
        transport._tempDataLen += len(wire)
        if not self._is_unflushed:
            self._is_unflushed = True
            if not _unflushed:
                asyncio.get_running_loop().call_soon(_flush_all)
            _unflushed.append(self)

    def flush(self) -> None:
        """Hand what was written to the network, or leave it to Twisted if that is not possible."""
        self._is_unflushed = False
        transport = self._protocol.transport
        # A transport that closes has registered itself for writing.
        if transport is None or not transport.connected or transport.disconnecting:
            return
        # In case of an error, Twisted meets it again and drops the connection.
        if transport.doWrite() is not None or self._has_unsent(transport):
            transport.startWriting()

    def _has_unsent(self, transport: Any) -> bool:
        return bool(transport.dataBuffer or transport._tempDataLen)

    def unsent_bytes(self) -> int:
        return _unsent_bytes(self._protocol.transport)

    def close(self, code: int) -> None:
        if self._protocol.state == WebSocketProtocol.STATE_OPEN:
            self._protocol.sendClose(code=code)

    def abort(self) -> None:
        if self._protocol.transport is not None:
            self._protocol.transport.abortConnection()

    def release(self) -> None:
        # The function refers to objects that refer to the protocol.
        self._protocol.__dict__.pop("onMessage", None)

    def receive_with(self, handle: Callable[[str | None], None]) -> None:
        protocol = self._protocol

        def receive(payload: bytes, is_binary: bool) -> None:
            if not protocol.muted:
                # Daphne sends no ping to a client that has just sent something.
                protocol.last_ping = time.time()
                handle(None if is_binary else payload.decode())

        protocol.onMessage = receive


def _flush_all() -> None:
    writers = _unflushed.copy()
    _unflushed.clear()
    for writer in writers:
        writer.flush()


class DaphneResponseWriter:
    """An HTTP response whose body has not ended."""

    __slots__ = ("_request",)

    is_closed_by_drain = False

    def __init__(self, request: WebRequest) -> None:
        self._request = request

    def write(self, frame: Frame) -> bool:
        if self.unsent_bytes() > MAX_UNSENT_BYTES:
            return False
        self._body(frame.payload, more=True)
        return True

    def unsent_bytes(self) -> int:
        channel = self._request.channel
        return _unsent_bytes(channel.transport) if channel is not None else 0

    def close(self, code: int) -> None:
        self._body(b"", more=False)

    def abort(self) -> None:
        if self._request.channel is not None:
            self._request.channel.transport.abortConnection()

    def release(self) -> None:
        if not self._request.finished and self._request.channel is not None:
            self.close(0)

    def _body(self, body: bytes, *, more: bool) -> None:
        self._request.handle_reply({"type": "http.response.body", "body": body, "more_body": more})


class DaphneReadControl:
    """The transport of a WebSocket."""

    def __init__(self, protocol: DaphneSocket) -> None:
        self._protocol = protocol

    def pause_reading(self) -> None:
        self._call("pauseProducing")

    def resume_reading(self) -> None:
        self._call("resumeProducing")

    def _call(self, name: str) -> None:
        transport = self._protocol.transport
        # The transport is gone if the connection is.
        if transport is not None and not getattr(transport, "disconnecting", False):
            getattr(transport, name)()


def socket_writer(send: Send) -> DaphneSocketWriter | None:
    """The writer of an accepted WebSocket; None if the server is not daphne."""
    protocol = _protocol(send)
    return DaphneSocketWriter(protocol) if isinstance(protocol, DaphneSocket) else None


def response_writer(send: Send) -> DaphneResponseWriter | None:
    """The writer of an HTTP response whose head has been sent; None if it is not daphne's."""
    request = _protocol(send)
    return DaphneResponseWriter(request) if isinstance(request, WebRequest) else None


def read_control(send: Send) -> DaphneReadControl | None:
    """The receiving side of a WebSocket; None if the server is not daphne."""
    protocol = _protocol(send)
    return DaphneReadControl(protocol) if isinstance(protocol, DaphneSocket) else None
