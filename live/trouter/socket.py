"""The dialect over a WebSocket: `/socket.io/1/websocket/{sid}`.

The address carries no token but an id from the handshake, which opens one socket.
"""

import asyncio
from typing import Any

from django.db import DatabaseError

from asgi_server.connections import Send, socket_outlet
from live import hub as hubs
from live.database import socket_desk
from live.readers import Ending
from live.trouter.endpoints import claim
from live.trouter.positions import positions
from live.trouter.readers import TrouterReader


async def trouter_socket(scope: dict[str, Any], receive: Any, send: Send) -> None:
    """The ASGI application."""
    await receive()
    sid = scope["url_route"]["kwargs"]["sid"]
    try:
        claimed = await socket_desk.run(claim, sid)
    except DatabaseError:
        claimed = None
    if claimed is None:
        # Before it opens: a socket that closes at once is tried again without a pause.
        await send({"type": "websocket.close"})
        return
    await send({"type": "websocket.accept"})
    reader = TrouterReader(claimed, socket_outlet(send))
    running = asyncio.create_task(reader.attend(reader.run()))
    try:
        while (message := await receive())["type"] != "websocket.disconnect":
            if reader.ending:
                continue
            if message.get("text") is None:
                reader.end(Ending.MALFORMED)
            else:
                reader.hear(message["text"])
    finally:
        running.cancel()
        reader.outlet.stop()
        await positions(hubs.here()).release(reader)
