"""The WebSocket protocol of the Speech SDKs and of the chat page (cognitive contract 6).

A client that cannot set headers, and does not want to put a token into the URL, may start with a
frame of the path `authorization` and the body `{"token": "..."}`. No SDK sends it. Later frames of
this kind renew the token.
"""

import asyncio
import logging
import time
from collections import deque
from typing import Any

from django.conf import settings
from django.core.exceptions import DisallowedHost

from asgi_server.connections import read_control
from cognitive.credentials import CognitiveCaller
from cognitive.speech import callers
from cognitive.speech.audio import AudioFormat
from cognitive.speech.callers import CallerLookupFailed, Credentials
from cognitive.speech.frames import (
    Frame,
    FrameTooLarge,
    MalformedFrame,
    read_frame,
    text_frame,
)
from cognitive.speech.streams import Stream
from cognitive.speech.turn_audio import TurnAudio
from cognitive.speech.turns import INITIAL_SILENCE_MS, Message, Mode, Turn

logger = logging.getLogger(__name__)

# Seconds without a frame that end the audio of a turn, and a connection without a turn.
TURN_IDLE_SECONDS = 30.0
IDLE_SECONDS = 180.0
AUTHENTICATION_SECONDS = 10.0
# Sockets per stream that the settings allow; a socket without a turn needs few resources.
SOCKETS_PER_STREAM = 16
SOCKETS_PER_USER = 16
# Limits the turns of a socket, because each authenticates the caller, even without audio.
TURNS_PER_MINUTE = 120
_MINUTE_SECONDS = 60.0

NORMAL, MALFORMED, UNAUTHORIZED, TOO_LARGE, TOO_MANY = 1000, 4400, 4401, 4413, 4429


class _CloseConnection(Exception):
    """Closes the connection with a close code."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


_sessions: set["Session"] = set()


def end_all() -> None:
    """Ends all sessions, because the process stops."""
    for session in list(_sessions):
        session.stop()


async def speech_socket(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """ASGI application. The route has no parameter `mode` on the universal path."""
    mode_name = scope["url_route"]["kwargs"].get("mode")
    mode = Mode(mode_name.lower()) if mode_name else None
    await receive()
    query = callers.query_parameters(scope)
    credentials = callers.read_credentials(scope, query)
    try:
        host = callers.as_request(scope).get_host()
        caller = await callers.find_caller(credentials, host) if credentials.is_present else None
    except (DisallowedHost, CallerLookupFailed):
        await send({"type": "websocket.close"})
        return
    if not _may_open(credentials, caller):
        # A handshake can only be rejected with 403.
        await send({"type": "websocket.close"})
        return
    protocol = {"subprotocol": "USP"} if "USP" in scope.get("subprotocols", ()) else {}
    await send({"type": "websocket.accept", **protocol})
    session = Session(receive, send, host, query, mode)
    session.credentials, session.caller = credentials, caller
    _sessions.add(session)
    try:
        await session.serve()
    finally:
        _sessions.discard(session)


def _may_open(credentials: Credentials, caller: CognitiveCaller | None) -> bool:
    limit = SOCKETS_PER_STREAM * settings.CHATSITE_COGNITIVE_STREAMS
    if credentials.is_present:
        return caller is not None and len(_sessions) < limit and not _is_at_limit(caller)
    # Unauthenticated clients get a quarter, so that they cannot lock out the others.
    return len(_sessions) < limit and sum(s.caller is None for s in _sessions) < limit // 4


def _is_at_limit(caller: CognitiveCaller) -> bool:
    """Whether a user has the maximum number of sockets."""
    own = sum(one.caller is not None and _same_owner(one.caller, caller) for one in _sessions)
    return caller.user is not None and own >= SOCKETS_PER_USER


class Session:
    """An accepted WebSocket: its configuration and its turns, one at a time."""

    def __init__(
        self, receive: Any, send: Any, host: str, query: dict[str, str], mode: Mode | None
    ) -> None:
        self._receive, self._send, self._host = receive, send, host
        self._reading = read_control(send)
        self._query, self._mode = query, mode
        self.credentials = Credentials("", "", is_present=False)
        self.caller: CognitiveCaller | None = None
        self._language = query.get("language", "")
        self._format = AudioFormat()
        self._turn: TurnAudio | None = None
        # The last requests whose turns have ended; frames that still arrive for them are ignored.
        self._ended: deque[str] = deque(maxlen=16)
        # The start times of the last turns.
        self._turn_starts: deque[float] = deque(maxlen=TURNS_PER_MINUTE)
        self._outgoing: asyncio.Queue[str] = asyncio.Queue()
        self._stopped = asyncio.Event()

    def stop(self) -> None:
        """Ends the session without closing the socket, which the server does."""
        self._stopped.set()
        self._end_turn()

    async def serve(self) -> None:
        """Runs until the client disconnects or the connection has to be closed."""
        writer = asyncio.create_task(self._write())
        stopped = asyncio.create_task(self._stopped.wait())
        listening = asyncio.create_task(self._listen())
        try:
            await asyncio.wait({stopped, listening}, return_when=asyncio.FIRST_COMPLETED)
            if listening.done():
                await listening
        except _CloseConnection as problem:
            await self._send({"type": "websocket.close", "code": problem.code})
        except (MalformedFrame, UnicodeDecodeError):
            await self._send({"type": "websocket.close", "code": MALFORMED})
        except FrameTooLarge:
            await self._send({"type": "websocket.close", "code": TOO_LARGE})
        except CallerLookupFailed:
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
                async with asyncio.timeout(self._idle_timeout()):
                    message = await self._receive()
            except TimeoutError:
                self._on_idle()
                continue
            if message["type"] == "websocket.disconnect":
                return
            await self._handle(read_frame(message))

    def _idle_timeout(self) -> float:
        if self.caller is None:
            return AUTHENTICATION_SECONDS
        return TURN_IDLE_SECONDS if self._turn else IDLE_SECONDS

    def _on_idle(self) -> None:
        if self.caller is None:
            raise _CloseConnection(UNAUTHORIZED)
        if self._turn is None:
            raise _CloseConnection(NORMAL)
        self._turn.end_of_audio()

    async def _handle(self, frame: Frame) -> None:
        if frame.path == "authorization":
            await self._authenticate(frame)
        elif self.caller is None:
            raise _CloseConnection(UNAUTHORIZED)
        elif frame.path == "audio":
            await self._receive_audio(frame)
        elif frame.path == "speech.config":
            self._read_config(frame.json_object())
        elif frame.path == "speech.context":
            self._read_context(frame.json_object())

    async def _authenticate(self, frame: Frame) -> None:
        token = frame.json_object().get("token")
        if not isinstance(token, str):
            raise MalformedFrame("The token must be a string.")
        credentials = Credentials("", token, is_present=True)
        caller = await self._find_caller(credentials)
        if caller is None or (self.caller and not _same_owner(caller, self.caller)):
            raise _CloseConnection(UNAUTHORIZED)
        if self.caller is None and _is_at_limit(caller):
            raise _CloseConnection(TOO_MANY)
        self.credentials, self.caller = credentials, caller

    async def _find_caller(self, credentials: Credentials) -> CognitiveCaller | None:
        # Otherwise an unlimited number of frames could queue up in memory.
        self._reading.pause_reading()
        try:
            return await callers.find_caller(credentials, self._host)
        finally:
            self._reading.resume_reading()

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

    async def _receive_audio(self, frame: Frame) -> None:
        audio = frame.body if isinstance(frame.body, bytes) else b""
        if frame.request_id in self._ended:
            return
        if self._turn is None or self._turn.request_id != frame.request_id:
            self._end_turn()
            await self._begin_turn(frame.request_id)
        turn = self._turn
        if turn is None:
            return
        turn.receive(audio)
        if turn.stream and not turn.stream.has_room.is_set():
            # The ASGI server queues frames without a limit, so reading is paused.
            self._reading.pause_reading()
            try:
                await turn.stream.has_room.wait()
            finally:
                self._reading.resume_reading()

    async def _begin_turn(self, request_id: str) -> None:
        now = time.monotonic()
        if (
            len(self._turn_starts) == self._turn_starts.maxlen
            and now - self._turn_starts[0] < _MINUTE_SECONDS
        ):
            raise _CloseConnection(TOO_MANY)
        self._turn_starts.append(now)
        # The token may have expired, or the user may have been deleted, since the last turn.
        self.caller = await self._find_caller(self.credentials)
        if self.caller is None:
            raise _CloseConnection(UNAUTHORIZED)
        if self._stopped.is_set():
            return
        silence = self._query.get("initialsilencetimeoutms", "")
        turn = Turn(
            self._mode or Mode.CONVERSATION,
            detailed=self._query.get("format", "").lower() == "detailed",
            initial_silence_ms=int(silence[:6]) if silence.isdecimal() else INITIAL_SILENCE_MS,
        )
        self._turn = TurnAudio(self, request_id, turn, self._format)
        self.write(request_id, turn.begin())

    def open_stream(self, audio_format: AudioFormat, turn: TurnAudio) -> Stream | None:
        """Starts a stream for a turn; None if there are too many."""
        assert self.caller is not None
        self._format = audio_format
        # The SDKs always send a language; other clients may not.
        language = self._language or "en-US"
        stream = Stream(language, audio_format, callers.stream_owner(self.caller), turn.on_outcome)
        return stream if stream.start() else None

    def write(self, request_id: str, message: Message) -> None:
        """Queues a message about a request."""
        self._outgoing.put_nowait(text_frame(request_id, message.path, message.body))

    def turn_ended(self, turn: TurnAudio) -> None:
        """Called after the last message of the turn."""
        self._ended.append(turn.request_id)
        if self._turn is turn:
            self._end_turn()

    def _end_turn(self) -> None:
        if self._turn is not None:
            self._ended.append(self._turn.request_id)
            if self._turn.stream is not None:
                self._turn.stream.cancel()
            self._turn = None


def _same_owner(one: CognitiveCaller, other: CognitiveCaller) -> bool:
    return callers.stream_owner(one) == callers.stream_owner(other)
