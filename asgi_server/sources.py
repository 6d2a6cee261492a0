"""Makes a client wait that sends faster than its sound is processed.

Daphne takes whatever comes into an unbounded queue; so nothing is read from the connection for a
while, and the network tells the client.
"""

from typing import Any, Protocol

from daphne.ws_protocol import WebSocketProtocol


class Source(Protocol):
    """Where a client's frames come from."""

    def pause(self) -> None:
        """Nothing more is to be read for now."""

    def resume(self) -> None:
        """Reading goes on."""


class _Daphne:
    def __init__(self, protocol: WebSocketProtocol) -> None:
        self._protocol = protocol

    def pause(self) -> None:
        self._call("pauseProducing")

    def resume(self) -> None:
        self._call("resumeProducing")

    def _call(self, name: str) -> None:
        transport = self._protocol.transport
        # Gone when the connection is.
        if transport is not None and not getattr(transport, "disconnecting", False):
            getattr(transport, name)()


class _Waits:
    """Other servers wait by themselves until the application asks for the next frame."""

    def pause(self) -> None:
        pass

    def resume(self) -> None:
        pass


def source_of(send: Any) -> Source:
    """The source that belongs to an ASGI `send`."""
    protocol = (getattr(send, "args", None) or (None,))[0]
    return _Daphne(protocol) if isinstance(protocol, WebSocketProtocol) else _Waits()
