"""The SDKs' protocol over a WebSocket: `/socket.io/1/websocket/{sid}`.

The URL carries no token but a session id from the handshake, which opens one socket.
"""

import asyncio
from functools import partial
from typing import Any

from django.db import DatabaseError

from asgi_server.connections import socket_writer
from asgi_server.interface import Send
from live import hub as hubs
from live.database import connection_database
from live.subscribers import CloseReason
from live.trouter.endpoints import open_endpoint
from live.trouter.positions import positions
from live.trouter.subscribers import TrouterSubscriber


async def trouter_socket(scope: dict[str, Any], receive: Any, send: Send) -> None:
    """Serve a WebSocket, as an ASGI application."""
    await receive()
    sid = scope["url_route"]["kwargs"]["sid"]
    try:
        endpoint = await connection_database.run(open_endpoint, sid)
    except DatabaseError:
        endpoint = None
    if endpoint is None:
        # Refused before it opens: clients retry a socket that closes at once without a pause.
        await send({"type": "websocket.close"})
        return
    await send({"type": "websocket.accept"})
    writer = socket_writer(send)
    subscriber = TrouterSubscriber(endpoint, writer)
    writer.receive_with(partial(_receive_frame, subscriber))
    running = asyncio.create_task(subscriber.run_guarded(subscriber.run()))
    try:
        await _receive_frames(subscriber, receive)
    finally:
        running.cancel()
        writer.release()
        await positions(hubs.get_hub()).release(subscriber)


async def _receive_frames(subscriber: TrouterSubscriber, receive: Any) -> None:
    while (message := await receive())["type"] != "websocket.disconnect":
        _receive_frame(subscriber, message.get("text"))


def _receive_frame(subscriber: TrouterSubscriber, content: str | None) -> None:
    if subscriber.close_reason:
        return
    if content is None:
        subscriber.disconnect(CloseReason.MALFORMED)
    else:
        subscriber.receive(content)
