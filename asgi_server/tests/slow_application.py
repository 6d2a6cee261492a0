"""A server process with a slow application: `python -m ... PORT SECONDS [DRAIN]`.

GET /async and /sync respond after that many seconds, /sync from a thread; /large responds with
10 MB immediately; a WebSocket is accepted and remains open.
"""

import asyncio
import os
import sys
import time
from typing import Any

from asgiref.sync import sync_to_async

from asgi_server.interface import DRAIN_SECONDS, ServerOptions
from asgi_server.process import create_server

LARGE = 10_000_000


async def application(scope: dict[str, Any], receive: Any, send: Any) -> None:
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.accept"})
        while (await receive())["type"] != "websocket.disconnect":
            pass
        return
    await _work(scope["path"], float(sys.argv[2]))
    body = b"x" * LARGE if scope["path"] == "/large" else b"finished"
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": body})


async def _work(path: str, seconds: float) -> None:
    print("began", path, flush=True)
    if path == "/async":
        await asyncio.sleep(seconds)
    elif path == "/sync":
        await sync_to_async(time.sleep)(seconds)


def main() -> None:
    server = create_server()
    server.listen("127.0.0.1", int(sys.argv[1]))
    seconds = float(sys.argv[3]) if len(sys.argv) > 3 else DRAIN_SECONDS
    server.run(
        application,
        ServerOptions(on_start=lambda: print("ready", flush=True), drain_seconds=seconds),
    )
    print("overdue", server.overdue, flush=True)
    if server.overdue:
        os._exit(0)


if __name__ == "__main__":
    main()
