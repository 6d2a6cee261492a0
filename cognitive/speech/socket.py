"""Speech over a WebSocket, as the Speech SDKs and the chat page speak it (cognitive contract 6).

A client that can set no header and wants no token in an address may begin with a frame of the path
`authorization` and the body `{"token": "..."}`, which no SDK sends; later ones renew the token.
"""

import asyncio
import logging
import time
from collections import deque
from typing import Any

from django.conf import settings
from django.core.exceptions import DisallowedHost

from asgi_server.sources import Source, source_of
from cognitive.credentials import CognitiveCaller
from cognitive.speech import callers
from cognitive.speech.callers import Credentials, NoAnswer
from cognitive.speech.frames import (
    Frame,
    FrameTooLarge,
    MalformedFrame,
    read_frame,
    text_frame,
)
from cognitive.speech.hearing import Hearing
from cognitive.speech.sound import SoundFormat
from cognitive.speech.streams import Stream
from cognitive.speech.turns import INITIAL_SILENCE_MS, Message, Mode, Turn

logger = logging.getLogger(__name__)

# Without a frame for so long, in seconds: a turn is over; so is a connection without one.
TURN_IDLE_SECONDS = 30.0
IDLE_SECONDS = 180.0
AUTHENTICATION_SECONDS = 10.0
# Sockets for each stream that there may be; a socket without a turn costs next to nothing.
SOCKETS_PER_STREAM = 16
# Of these, one user's.
SOCKETS_PER_USER = 16
# Of one socket. Each looks the caller up and is answered, whether or not there is sound in it.
TURNS_PER_MINUTE = 120
_MINUTE_SECONDS = 60.0

NORMAL, MALFORMED, UNAUTHORIZED, TOO_LARGE, TOO_MANY = 1000, 4400, 4401, 4413, 4429


class _Goodbye(Exception):
    """Ends the connection, with a close code."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


_open: set["Session"] = set()


def end_all() -> None:
    """Ends all sockets of this process, which stops."""
    for session in list(_open):
        session.stop()


async def speech_socket(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """The ASGI application; the route's parameter `mode` is missing on the universal path."""
    named = scope["url_route"]["kwargs"].get("mode")
    mode = Mode(named.lower()) if named else None
    await receive()
    query = callers.parameters(scope)
    credentials = callers.shown(scope, query)
    try:
        host = callers.as_request(scope).get_host()
        caller = await callers.find(credentials, host) if credentials.given else None
    except (DisallowedHost, NoAnswer):
        await send({"type": "websocket.close"})
        return
    if not _may_open(credentials, caller):
        # Before it is accepted a handshake can be refused with 403 only.
        await send({"type": "websocket.close"})
        return
    protocol = {"subprotocol": "USP"} if "USP" in scope.get("subprotocols", ()) else {}
    await send({"type": "websocket.accept", **protocol})
    session = Session(receive, send, host, query, mode)
    session.credentials, session.caller = credentials, caller
    _open.add(session)
    try:
        await session.serve()
    finally:
        _open.discard(session)


def _may_open(credentials: Credentials, caller: CognitiveCaller | None) -> bool:
    most = SOCKETS_PER_STREAM * settings.CHATSITE_COGNITIVE_STREAMS
    if credentials.given:
        return caller is not None and len(_open) < most and not _has_enough(caller)
    # Strangers must not fill the room that is for those who are known.
    return len(_open) < most and sum(s.caller is None for s in _open) < most // 4


def _has_enough(caller: CognitiveCaller) -> bool:
    """Whether a user has as many sockets as one may; nobody may take those of all others."""
    own = sum(one.caller is not None and _is_same(one.caller, caller) for one in _open)
    return caller.user is not None and own >= SOCKETS_PER_USER


class Session:
    """One accepted socket: its configuration, and one turn after the other."""

    def __init__(
        self, receive: Any, send: Any, host: str, query: dict[str, str], mode: Mode | None
    ) -> None:
        self._receive, self._send, self._host = receive, send, host
        self._source: Source = source_of(send)
        self._query, self._mode = query, mode
        self.credentials = Credentials("", "", given=False)
        self.caller: CognitiveCaller | None = None
        self._language = query.get("language", "")
        self._sound = SoundFormat()
        self._turn: Hearing | None = None
        # The requests whose turns are over; what was on its way meanwhile is dropped.
        self._over: deque[str] = deque(maxlen=16)
        # When the latest turns began.
        self._begun: deque[float] = deque(maxlen=TURNS_PER_MINUTE)
        self._outgoing: asyncio.Queue[str] = asyncio.Queue()
        self._stopped = asyncio.Event()

    def stop(self) -> None:
        """Ends it with the server, which closes the socket itself."""
        self._stopped.set()
        self._end_turn()

    async def serve(self) -> None:
        """Until the client goes, or has to."""
        writer = asyncio.create_task(self._write())
        stopped = asyncio.create_task(self._stopped.wait())
        listening = asyncio.create_task(self._listen())
        try:
            await asyncio.wait({stopped, listening}, return_when=asyncio.FIRST_COMPLETED)
            if listening.done():
                await listening
        except _Goodbye as problem:
            await self._send({"type": "websocket.close", "code": problem.code})
        except (MalformedFrame, UnicodeDecodeError):
            await self._send({"type": "websocket.close", "code": MALFORMED})
        except FrameTooLarge:
            await self._send({"type": "websocket.close", "code": TOO_LARGE})
        except NoAnswer:
            await self._send({"type": "websocket.close", "code": NORMAL})
        finally:
            self._end_turn()
            for task in (writer, stopped, listening):
                task.cancel()

    async def _write(self) -> None:
        while True:
            await self._send({"type": "websocket.send", "text": await self._outgoing.get()})

    async def _listen(self) -> None:
        while True:
            try:
                async with asyncio.timeout(self._patience()):
                    message = await self._receive()
            except TimeoutError:
                self._lose_patience()
                continue
            if message["type"] == "websocket.disconnect":
                return
            await self._take(read_frame(message))

    def _patience(self) -> float:
        if self.caller is None:
            return AUTHENTICATION_SECONDS
        return TURN_IDLE_SECONDS if self._turn else IDLE_SECONDS

    def _lose_patience(self) -> None:
        if self.caller is None:
            raise _Goodbye(UNAUTHORIZED)
        if self._turn is None:
            raise _Goodbye(NORMAL)
        self._turn.end_of_sound()

    async def _take(self, frame: Frame) -> None:
        if frame.path == "authorization":
            await self._authenticate(frame)
        elif self.caller is None:
            raise _Goodbye(UNAUTHORIZED)
        elif frame.path == "audio":
            await self._hear(frame)
        elif frame.path == "speech.config":
            self._read_config(frame.json_object())
        elif frame.path == "speech.context":
            self._read_context(frame.json_object())

    async def _authenticate(self, frame: Frame) -> None:
        token = frame.json_object().get("token")
        if not isinstance(token, str):
            raise MalformedFrame("A token is a text.")
        credentials = Credentials("", token, given=True)
        caller = await self._find(credentials)
        if caller is None or (self.caller and not _is_same(caller, self.caller)):
            raise _Goodbye(UNAUTHORIZED)
        if self.caller is None and _has_enough(caller):
            raise _Goodbye(TOO_MANY)
        self.credentials, self.caller = credentials, caller

    async def _find(self, credentials: Credentials) -> CognitiveCaller | None:
        # What came meanwhile would wait in memory, however much.
        self._source.pause()
        try:
            return await callers.find(credentials, self._host)
        finally:
            self._source.resume()

    def _read_config(self, config: dict[str, Any]) -> None:
        recognition = str(config.get("recognition", "")).lower()
        if self._mode is None and recognition in list(Mode):
            self._mode = Mode(recognition)

    def _read_context(self, context: dict[str, Any]) -> None:
        detection = context.get("phraseDetection")
        if not isinstance(detection, dict):
            return
        language, mode = detection.get("language"), str(detection.get("mode", "")).lower()
        if not self._query.get("language") and isinstance(language, str):
            self._language = language
        if self._mode is None and mode in list(Mode):
            self._mode = Mode(mode)

    # --- Turns -----------------------------------------------------------------------------------

    async def _hear(self, frame: Frame) -> None:
        sound = frame.body if isinstance(frame.body, bytes) else b""
        if frame.request_id in self._over:
            return
        if self._turn is None or self._turn.request_id != frame.request_id:
            self._end_turn()
            await self._begin_turn(frame.request_id)
        turn = self._turn
        if turn is None:
            return
        turn.take(sound)
        if turn.stream and not turn.stream.has_room.is_set():
            # The server takes what comes, however much; so nothing may come for a while.
            self._source.pause()
            try:
                await turn.stream.has_room.wait()
            finally:
                self._source.resume()

    async def _begin_turn(self, request_id: str) -> None:
        now = time.monotonic()
        if len(self._begun) == self._begun.maxlen and now - self._begun[0] < _MINUTE_SECONDS:
            raise _Goodbye(TOO_MANY)
        self._begun.append(now)
        # Tokens end and people leave, while sockets stay open.
        self.caller = await self._find(self.credentials)
        if self.caller is None:
            raise _Goodbye(UNAUTHORIZED)
        if self._stopped.is_set():
            return
        silence = self._query.get("initialsilencetimeoutms", "")
        turn = Turn(
            self._mode or Mode.CONVERSATION,
            detailed=self._query.get("format", "").lower() == "detailed",
            initial_silence_ms=int(silence[:6]) if silence.isdecimal() else INITIAL_SILENCE_MS,
        )
        self._turn = Hearing(self, request_id, turn, self._sound)
        self.write(request_id, turn.begin())

    def open_stream(self, sound: SoundFormat, hearing: Hearing) -> Stream | None:
        """A stream for a turn, unless there are too many."""
        assert self.caller is not None
        self._sound = sound
        # The SDKs always say a language; raw clients may not.
        language = self._language or "en-US"
        stream = Stream(language, sound, callers.owner_of(self.caller), hearing.tell)
        return stream if stream.start() else None

    def write(self, request_id: str, message: Message) -> None:
        """Sends a message about a request, after those before it."""
        self._outgoing.put_nowait(text_frame(request_id, message.path, message.body))

    def turn_is_over(self, hearing: Hearing) -> None:
        """The turn has said its last word."""
        self._over.append(hearing.request_id)
        if self._turn is hearing:
            self._end_turn()

    def _end_turn(self) -> None:
        if self._turn is not None:
            self._over.append(self._turn.request_id)
            if self._turn.stream is not None:
                self._turn.stream.cancel()
            self._turn = None


def _is_same(one: CognitiveCaller, other: CognitiveCaller) -> bool:
    return callers.owner_of(one) == callers.owner_of(other)
