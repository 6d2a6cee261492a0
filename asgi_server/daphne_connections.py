"""Connections of daphne, which buffers without limit in both directions and never waits.

So the writers look into Twisted's send buffer and refuse to write to a client that is too far
behind, and reading is paused at the transport.
"""

from typing import Any

from autobahn.websocket.protocol import WebSocketProtocol
from daphne.http_protocol import WebRequest
from daphne.ws_protocol import WebSocketProtocol as DaphneSocket

from asgi_server.frames import Frame
from asgi_server.interface import MAX_UNSENT_BYTES, Send

_CHECK_AFTER_BYTES = 64 * 1024


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
    """A WebSocket, written to without the detour through daphne's event queue."""

    __slots__ = ("_protocol", "_unchecked")

    is_closed_by_drain = True

    def __init__(self, protocol: DaphneSocket) -> None:
        self._protocol = protocol
        # Bytes written since the send buffer was last looked at.
        self._unchecked = 0

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
            # What `sendData` does then, without its log messages.
            protocol.transport.write(wire)
        return True

    def unsent_bytes(self) -> int:
        return _unsent_bytes(self._protocol.transport)

    def close(self, code: int) -> None:
        if self._protocol.state == WebSocketProtocol.STATE_OPEN:
            self._protocol.sendClose(code=code)

    def abort(self) -> None:
        if self._protocol.transport is not None:
            self._protocol.transport.abortConnection()

    def release(self) -> None:
        pass


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
