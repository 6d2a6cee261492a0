"""The dialect over HTTP, for clients whose WebSocket does not get through:
`/socket.io/1/xhr-polling/{sid}`.

A GET waits for frames, a POST brings some. Both must reach the process that the client met first.
"""

import asyncio
import time
from asyncio import FIRST_COMPLETED
from typing import Any

from django.core.exceptions import DisallowedHost
from django.db import DatabaseError

from asgi_server.connections import MOST_BYTES, Send
from live import credentials
from live import hub as hubs
from live.announcements import Frame
from live.credentials import Credential
from live.database import socket_desk
from live.http import answer, refuse
from live.trouter.endpoints import claim
from live.trouter.positions import positions
from live.trouter.readers import TrouterReader
from wire.errors import ChatError, bad_request, not_found

# How long a GET waits for something to tell, and how long a client may stay away between two.
HOLD_SECONDS = 20.0
ABSENCE_SECONDS = 40.0
LARGEST_BODY = 256 * 1024
_TEXT = "text/plain; charset=utf-8"
_MARK = "\ufffd"


class PollOutlet:
    """Frames that wait for the next GET."""

    def __init__(self) -> None:
        self.frames: list[bytes] = []
        self._bytes = 0
        self.filled = asyncio.Event()
        self.is_closed = False

    def write(self, frame: Frame) -> bool:
        if self._bytes > MOST_BYTES:
            return False
        self.frames.append(frame.payload)
        self._bytes += len(frame.payload)
        self.filled.set()
        return True

    def waiting(self) -> int:
        return self._bytes

    def take(self) -> list[bytes]:
        """The frames that wait; they wait no more."""
        taken, self.frames, self._bytes = self.frames, [], 0
        if not self.is_closed:
            self.filled.clear()
        return taken

    def close(self, code: int) -> None:
        self.is_closed = True
        self.filled.set()

    def abort(self) -> None:
        self.take()
        self.close(0)

    def stop(self) -> None:
        return


class _Session:
    """A client that polls."""

    def __init__(self, reader: TrouterReader, outlet: PollOutlet) -> None:
        self.reader, self.outlet = reader, outlet
        self.seen = time.monotonic()
        self.is_polled = False
        # Kept because the loop holds tasks only weakly.
        self.attending: asyncio.Task[None] | None = None

    async def take(self, receive: Any) -> bytes | None:
        """What there is to tell, after a while perhaps nothing; None when the client has gone.

        What waits then goes on waiting, for the next GET.
        """
        self.is_polled = True
        filled = asyncio.ensure_future(self.outlet.filled.wait())
        # The body has been read, so the next message is that of a client who hangs up.
        gone = asyncio.ensure_future(receive())
        try:
            await asyncio.wait((filled, gone), timeout=HOLD_SECONDS, return_when=FIRST_COMPLETED)
            if gone.done():
                return None
        finally:
            filled.cancel()
            gone.cancel()
            self.is_polled = False
            self.seen = time.monotonic()
        return framed([frame.decode() for frame in self.outlet.take()])


_sessions: dict[str, _Session] = {}


def framed(frames: list[str]) -> bytes:
    """One frame as it is, several each with a mark and its length in UTF-16 units."""
    if len(frames) == 1:
        return frames[0].encode()
    return "".join(f"{_MARK}{units(frame)}{_MARK}{frame}" for frame in frames).encode()


def units(text: str) -> int:
    """The length of a text as JavaScript counts it."""
    return len(text.encode("utf-16-le")) // 2


def unframed(body: str) -> list[str] | None:
    """The frames in a body; None when it cannot be read."""
    if not body.startswith(_MARK):
        return [body] if body else []
    encoded, frames, place = body.encode("utf-16-le"), [], 0
    mark = _MARK.encode("utf-16-le")
    while place < len(encoded):
        end = encoded.find(mark, place + 2)
        digits = encoded[place + 2 : end].decode("utf-16-le", "replace") if end > 0 else ""
        if encoded[place : place + 2] != mark or not digits.isdigit() or len(digits) > 7:
            return None
        start, place = end + 2, end + 2 + 2 * int(digits)
        frames.append(encoded[start:place].decode("utf-16-le", "replace"))
    return frames


async def trouter_polling(scope: dict[str, Any], receive: Any, send: Send) -> None:
    """The ASGI application; `scope["url_route"]["kwargs"]["sid"]` names the session."""
    sid = scope["url_route"]["kwargs"]["sid"]
    try:
        body = await _read(receive)
        credential = await socket_desk.run(_credential, scope)
        session = _sessions.get(sid)
        if session is None and scope["method"] == "GET":
            session = await _open(sid, credential)
        if session is None or session.reader.credential.user_id != credential.user_id:
            raise not_found()
        if scope["method"] == "POST":
            _hear(session, body)
            return await answer(send, 200, b"1", _TEXT)
        frames = await session.take(receive)
        if frames is not None:
            await answer(send, 200, frames, _TEXT)
    except ChatError as refusal:
        await refuse(send, refusal)
    except DisallowedHost:
        await refuse(send, bad_request("The Host header names no host of this server."))
    except DatabaseError:
        await refuse(send, ChatError(503, "ServiceUnavailable", headers={"Retry-After": "1"}))


def _credential(scope: dict[str, Any]) -> Credential:
    return credentials.of_skype_token(credentials.http_request(scope))


async def _read(receive: Any) -> str:
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if len(body) > LARGEST_BODY:
            raise ChatError(413, "RequestEntityTooLarge", "The body is too large.")
        if not message.get("more_body"):
            return body.decode("utf-8", "replace")


async def _open(sid: str, credential: Credential) -> _Session | None:
    claimed = await socket_desk.run(claim, sid, credential.user_id)
    if claimed is None:
        return None
    outlet = PollOutlet()
    session = _sessions[sid] = _Session(TrouterReader(claimed, outlet), outlet)
    session.attending = asyncio.create_task(_attend(sid, session))
    return session


async def _attend(sid: str, session: _Session) -> None:
    """Runs the reader as long as its client comes back."""
    reader = session.reader
    running = asyncio.create_task(reader.attend(reader.run()))
    try:
        while session.is_polled or time.monotonic() - session.seen < ABSENCE_SECONDS:
            await asyncio.sleep(1)
            # No pings come in this transport.
            reader.last_heard = time.monotonic()
            if session.outlet.is_closed and not session.outlet.frames:
                break
    finally:
        running.cancel()
        _sessions.pop(sid, None)
        await positions(hubs.here()).release(reader)


def _hear(session: _Session, body: str) -> None:
    session.seen = time.monotonic()
    frames = unframed(body)
    if frames is None:
        raise bad_request("The body holds no frames.")
    for frame in frames:
        if not session.reader.ending:
            session.reader.hear(frame)
