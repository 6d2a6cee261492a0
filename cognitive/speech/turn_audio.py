"""Connects the audio frames of a turn with the stream that recognizes them."""

from collections.abc import Iterable
from typing import Protocol

from cognitive.speech.audio import AudioFormat, UnsupportedAudio, read_wav_header
from cognitive.speech.recognition_results import Status
from cognitive.speech.streams import Outcome, Stream
from cognitive.speech.turns import Message, Turn

# The SDKs then start another turn, for which the caller is authenticated again.
MAX_TURN_SECONDS = 600
_COMPRESSED = (b"OggS", b"fLaC", b"ID3")


class Session(Protocol):
    """The WebSocket that the turn belongs to."""

    def open_stream(self, audio_format: AudioFormat, turn: "TurnAudio") -> Stream | None:
        """Starts a stream for a turn; None if there are too many."""

    def write(self, request_id: str, message: Message) -> None:
        """Queues a message about a request."""

    def turn_ended(self, turn: "TurnAudio") -> None:
        """Called after the last message of the turn."""


class TurnAudio:
    """Passes the audio of a turn to its stream, and the outcomes to the session as messages."""

    def __init__(
        self, session: Session, request_id: str, turn: Turn, last_format: AudioFormat
    ) -> None:
        self._session, self.request_id, self._turn = session, request_id, turn
        # The format of audio without a header, which some clients send in later turns.
        self._format = last_format
        self._head = b""
        self.stream: Stream | None = None
        self._is_complete = False

    def receive(self, audio: bytes) -> None:
        """Processes a piece of audio; an empty one ends the audio."""
        if self._is_complete or self._turn.is_over:
            return
        if not audio:
            self.end_of_audio()
            return
        if self.stream is None:
            audio = self._open_stream(audio)
        if self.stream is not None and audio:
            self.stream.feed(audio)
            if self.stream.fed_bytes > MAX_TURN_SECONDS * self._format.bytes_per_second:
                self.end_of_audio()

    def end_of_audio(self) -> None:
        """Ends the audio; the results of what has been received still follow."""
        if self._is_complete:
            return
        self._is_complete = True
        if self.stream is not None:
            self.stream.end()
        elif self._head:
            self._send(self._turn.fail(Status.BAD_REQUEST))
        else:
            self._send(self._turn.finish())

    def on_outcome(self, outcome: Outcome) -> None:
        """Sends the messages for an outcome of the stream."""
        self._send(self._turn.messages_for(outcome))

    def _open_stream(self, audio: bytes) -> bytes:
        """Starts the stream once the header is complete; returns the audio after the header."""
        self._head += audio
        try:
            start = self._read_header()
        except UnsupportedAudio:
            self._send(self._turn.fail(Status.BAD_REQUEST))
            return b""
        if start is None:
            return b""
        self.stream = self._session.open_stream(self._format, self)
        if self.stream is None:
            self._send(self._turn.fail(Status.TOO_MANY_REQUESTS))
        return self._head[start:]

    def _read_header(self) -> int | None:
        """Where the samples start; None if the header is incomplete. Raises UnsupportedAudio."""
        if self._head[:4] == b"RIFF"[: len(self._head)]:
            header = read_wav_header(self._head)
            if header is None:
                return None
            self._format, start = header
            return start
        if self._head.startswith(_COMPRESSED):
            raise UnsupportedAudio("Compressed audio is not supported.")
        return 0

    def _send(self, messages: Iterable[Message]) -> None:
        for message in messages:
            self._session.write(self.request_id, message)
            if self._turn.is_over and message.path == "turn.end":
                self._session.turn_ended(self)
