"""Connections of the ASGI server that runs the application."""

import asyncio

from asgi_server import daphne_connections, queued_connections
from asgi_server.interface import LOW_WATER_BYTES, FrameWriter, ReadControl, Send, SocketWriter

_POLL_SECONDS = 0.02


def socket_writer(send: Send) -> SocketWriter:
    """The writer of an accepted WebSocket."""
    return daphne_connections.socket_writer(send) or queued_connections.socket_writer(send)


def response_writer(send: Send) -> FrameWriter:
    """The writer of an HTTP response whose head has been sent."""
    return daphne_connections.response_writer(send) or queued_connections.response_writer(send)


def read_control(send: Send) -> ReadControl:
    """The receiving side of the WebSocket that `send` belongs to."""
    return daphne_connections.read_control(send) or queued_connections.UnbufferedReading()


async def drained(writer: FrameWriter) -> None:
    """Wait until little is unsent."""
    # Twisted has no callback for a buffer that has become smaller.
    while writer.unsent_bytes() > LOW_WATER_BYTES:  # noqa: ASYNC110
        await asyncio.sleep(_POLL_SECONDS)
