"""The SDKs' protocol over long polling, for networks without WebSockets:
`/socket.io/1/xhr-polling/{sid}`.

A GET waits for frames, a POST sends some. Both must reach the process that the first GET reached.
"""

import asyncio
import time
from asyncio import FIRST_COMPLETED
from typing import Any

from django.core.exceptions import DisallowedHost
from django.db import DatabaseError

from asgi_server.frames import Frame
from asgi_server.interface import MAX_UNSENT_BYTES, Send
from live import credentials
from live import hub as hubs
from live.credentials import Credential
from live.database import connection_database
from live.http import answer, refuse
from live.trouter.endpoints import open_endpoint
from live.trouter.positions import positions
from live.trouter.subscribers import TrouterSubscriber
from wire.errors import ChatError, bad_request, not_found

# How long a GET waits for frames, and how long a client may take until the next GET.
POLL_SECONDS = 20.0
SESSION_TIMEOUT_SECONDS = 40.0
MAX_BODY_BYTES = 256 * 1024
_TEXT = "text/plain; charset=utf-8"
_DELIMITER = "\ufffd"


class PollWriter:
    """Collects frames for the next GET."""

    is_closed_by_drain = False

    def __init__(self) -> None:
        self.frames: list[bytes] = []
        self._bytes = 0
        self.filled = asyncio.Event()
        self.is_closed = False

    def write(self, frame: Frame) -> bool:
        if self._bytes > MAX_UNSENT_BYTES:
            return False
        self.frames.append(frame.payload)
        self._bytes += len(frame.payload)
        self.filled.set()
        return True

    def unsent_bytes(self) -> int:
        return self._bytes

    def take(self) -> list[bytes]:
        """Remove and return the collected frames."""
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

    def release(self) -> None:
        return


class _Session:
    """A polling client."""

    def __init__(self, subscriber: TrouterSubscriber, writer: PollWriter) -> None:
        self.subscriber, self.writer = subscriber, writer
        self.seen = time.monotonic()
        self.is_polled = False
        # Referenced because the event loop holds tasks only weakly.
        self.task: asyncio.Task[None] | None = None

    async def take(self, receive: Any) -> bytes | None:
        """The body for a GET, after POLL_SECONDS an empty one; None if the client has gone.

        In that case the frames are kept for the next GET.
        """
        self.is_polled = True
        filled = asyncio.ensure_future(self.writer.filled.wait())
        # The body has been read, so the next message is the client's disconnect.
        gone = asyncio.ensure_future(receive())
        try:
            await asyncio.wait((filled, gone), timeout=POLL_SECONDS, return_when=FIRST_COMPLETED)
            if gone.done():
                return None
        finally:
            filled.cancel()
            gone.cancel()
            self.is_polled = False
            self.seen = time.monotonic()
        return encode_frames([frame.decode() for frame in self.writer.take()])


_sessions: dict[str, _Session] = {}


def encode_frames(frames: list[str]) -> bytes:
    """A single frame as it is, several with delimiters and their lengths in UTF-16 units."""
    if len(frames) == 1:
        return frames[0].encode()
    return "".join(
        f"{_DELIMITER}{utf16_length(frame)}{_DELIMITER}{frame}" for frame in frames
    ).encode()


def utf16_length(text: str) -> int:
    """The length of a text as JavaScript counts it."""
    return len(text.encode("utf-16-le")) // 2


def decode_frames(body: str) -> list[str] | None:
    """The frames in a body; None if it is malformed."""
    if not body.startswith(_DELIMITER):
        return [body] if body else []
    encoded, frames, place = body.encode("utf-16-le"), [], 0
    mark = _DELIMITER.encode("utf-16-le")
    while place < len(encoded):
        end = encoded.find(mark, place + 2)
        digits = encoded[place + 2 : end].decode("utf-16-le", "replace") if end > 0 else ""
        if encoded[place : place + 2] != mark or not digits.isdigit() or len(digits) > 7:
            return None
        start, place = end + 2, end + 2 + 2 * int(digits)
        frames.append(encoded[start:place].decode("utf-16-le", "replace"))
    return frames


async def trouter_polling(scope: dict[str, Any], receive: Any, send: Send) -> None:
    """Answer a GET or POST, as an ASGI application; `sid` in the URL is the session ID."""
    sid = scope["url_route"]["kwargs"]["sid"]
    try:
        body = await _read(receive)
        credential = await connection_database.run(_credential, scope)
        session = _sessions.get(sid)
        if session is None and scope["method"] == "GET":
            session = await _open(sid, credential)
        if session is None or session.subscriber.credential.user_id != credential.user_id:
            raise not_found()
        if scope["method"] == "POST":
            _receive(session, body)
            return await answer(send, 200, b"1", _TEXT)
        frames = await session.take(receive)
        if frames is not None:
            await answer(send, 200, frames, _TEXT)
    except ChatError as refusal:
        await refuse(send, refusal)
    except DisallowedHost:
        await refuse(send, bad_request("The Host header names another server."))
    except DatabaseError:
        await refuse(send, ChatError(503, "ServiceUnavailable", headers={"Retry-After": "1"}))


def _credential(scope: dict[str, Any]) -> Credential:
    return credentials.of_skype_token(credentials.http_request(scope))


async def _read(receive: Any) -> str:
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if len(body) > MAX_BODY_BYTES:
            raise ChatError(413, "RequestEntityTooLarge", "The body is too large.")
        if not message.get("more_body"):
            return body.decode("utf-8", "replace")


async def _open(sid: str, credential: Credential) -> _Session | None:
    endpoint = await connection_database.run(open_endpoint, sid, credential.user_id)
    if endpoint is None:
        return None
    writer = PollWriter()
    session = _sessions[sid] = _Session(TrouterSubscriber(endpoint, writer), writer)
    session.task = asyncio.create_task(_run_session(sid, session))
    return session


async def _run_session(sid: str, session: _Session) -> None:
    """Run the subscriber as long as its client keeps polling."""
    subscriber = session.subscriber
    running = asyncio.create_task(subscriber.run_guarded(subscriber.run()))
    try:
        while session.is_polled or time.monotonic() - session.seen < SESSION_TIMEOUT_SECONDS:
            await asyncio.sleep(1)
            # The SDKs send no pings over this transport.
            subscriber.last_received = time.monotonic()
            if session.writer.is_closed and not session.writer.frames:
                break
    finally:
        running.cancel()
        _sessions.pop(sid, None)
        await positions(hubs.get_hub()).release(subscriber)


def _receive(session: _Session, body: str) -> None:
    session.seen = time.monotonic()
    frames = decode_frames(body)
    if frames is None:
        raise bad_request("The body does not contain valid frames.")
    for frame in frames:
        if not session.subscriber.close_reason:
            session.subscriber.receive(frame)
