"""An application that uses the adapter as its clients tell it: `python -m ... PORT`.

WebSocket frames: `write COUNT` sends so many numbered frames, `fill` writes until a write is
refused, `abort` does the same and aborts, `close CODE` sends `last` and closes, `pause` pauses
reading until POST /resume. `echo WORD` sends the word back; after `direct` the frames are handled
as they arrive and must be `echo`. Any other frame is counted. GET /frames answers with ten frames,
GET /fill writes until a write is refused. GET /state returns the counts.
"""

import asyncio
import json
import sys
from functools import partial
from typing import Any

from asgi_server.connections import drained, read_control, response_writer, socket_writer
from asgi_server.frames import Frame
from asgi_server.interface import FrameWriter, ServerOptions, SocketWriter

FRAME_BYTES = 100_000
# Far more than a kernel buffers for a connection.
MAX_FRAMES = 1_000


class Application:
    """The ASGI application, and what it has counted."""

    def __init__(self) -> None:
        self.state = {"written": 0, "unsent": 0, "refused": 0, "received": 0, "paused": 0}
        self._may_resume = asyncio.Event()

    def resume(self) -> None:
        """Let a connection that paused reading go on."""
        self._may_resume.set()

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] == "websocket":
            await self._socket(receive, send)
        elif scope["path"] in ("/frames", "/fill"):
            await self._response(scope["path"], receive, send)
        else:
            if scope["path"] == "/resume":
                self.resume()
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": json.dumps(self.state).encode()})

    async def _socket(self, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        writer = socket_writer(send)
        try:
            while (message := await receive())["type"] != "websocket.disconnect":
                await self._execute(message["text"], writer, send)
        finally:
            writer.release()

    async def _execute(self, text: str, writer: SocketWriter, send: Any) -> None:
        match text.split():
            case ["write", count]:
                for number in range(int(count)):
                    writer.write(Frame(str(number).encode()))
            case ["fill"]:
                await self._fill(writer)
                await drained(writer)
                writer.write(Frame(b"drained"))
            case ["abort"]:
                await self._fill(writer)
                writer.abort()
            case ["close", code]:
                writer.write(Frame(b"last"))
                writer.close(int(code))
            case ["pause"]:
                await self._pause(send)
            case ["echo", word]:
                writer.write(Frame(word.encode()))
            case ["direct"]:
                writer.receive_with(partial(_echo, writer))
                writer.write(Frame(b"directly"))
            case _:
                self.state["received"] += 1

    async def _pause(self, send: Any) -> None:
        reading = read_control(send)
        reading.pause_reading()
        self.state["paused"] = 1
        await self._may_resume.wait()
        reading.resume_reading()

    async def _fill(self, writer: FrameWriter) -> None:
        padding = b"x" * FRAME_BYTES
        for number in range(MAX_FRAMES):
            if not writer.write(Frame(b"%d %b\n" % (number, padding))):
                self.state |= {"refused": 1, "unsent": writer.unsent_bytes()}
                return
            self.state["written"] += 1
            # Lets the server send.
            await asyncio.sleep(0)

    async def _response(self, path: str, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        writer = response_writer(send)
        if path == "/fill":
            await self._fill(writer)
        else:
            for number in range(10):
                writer.write(Frame(b"%d\n" % number))
        writer.close(0)
        while (await receive())["type"] != "http.disconnect":
            pass
        writer.release()


def _echo(writer: FrameWriter, text: str | None) -> None:
    assert text is not None, "all frames are text"
    writer.write(Frame(text.removeprefix("echo ").encode()))


def main() -> None:
    # Imported here, because it installs the server's event loop.
    from asgi_server.process import create_server

    server = create_server()
    server.listen("127.0.0.1", int(sys.argv[1]))
    server.run(Application(), ServerOptions(on_start=lambda: print("ready", flush=True)))


if __name__ == "__main__":
    main()
