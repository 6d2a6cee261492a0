"""One turn's sound, from the frames that it comes in to the stream that hears it."""

from collections.abc import Iterable
from typing import Protocol

from cognitive.speech.phrases import Status
from cognitive.speech.sound import SoundFormat, UnsupportedSound, read_wav_header
from cognitive.speech.streams import Outcome, Stream
from cognitive.speech.turns import Message, Turn

# Then the SDKs begin another turn by themselves, and the caller is looked up anew.
LONGEST_TURN_SECONDS = 600


class Session(Protocol):
    """The socket that the turn belongs to."""

    def open_stream(self, sound: SoundFormat, hearing: "Hearing") -> Stream | None:
        """A stream for a turn, unless there are too many."""

    def write(self, request_id: str, message: Message) -> None:
        """Sends a message about a request, after those before it."""

    def turn_is_over(self, hearing: "Hearing") -> None:
        """The turn has said its last word."""


class Hearing:
    """The turn of a request, between the frames that come and the stream that hears."""

    def __init__(
        self, session: Session, request_id: str, turn: Turn, last_sound: SoundFormat
    ) -> None:
        self._session, self.request_id, self._turn = session, request_id, turn
        # What sound is when it comes without a header, as the later turns of some clients do.
        self._sound = last_sound
        self._head = b""
        self.stream: Stream | None = None
        self._is_complete = False

    def take(self, sound: bytes) -> None:
        """Another piece of sound; an empty one says that it was the last."""
        if self._is_complete or self._turn.is_over:
            return
        if not sound:
            self.end_of_sound()
            return
        if self.stream is None:
            sound = self._begin(sound)
        if self.stream is not None and sound:
            self.stream.feed(sound)
            if self.stream.fed_bytes > LONGEST_TURN_SECONDS * self._sound.bytes_per_second:
                self.end_of_sound()

    def end_of_sound(self) -> None:
        """No more sound comes."""
        if self._is_complete:
            return
        self._is_complete = True
        if self.stream is not None:
            self.stream.end()
        elif self._head:
            self._say(self._turn.refuse(Status.BAD_REQUEST))
        else:
            self._say(self._turn.finish())

    def tell(self, outcome: Outcome) -> None:
        """What the stream has come to."""
        self._say(self._turn.tell(outcome))

    def _begin(self, sound: bytes) -> bytes:
        """Opens the stream as soon as the header is whole; returns what follows it."""
        self._head += sound
        try:
            if self._head[:4] == b"RIFF"[: len(self._head)]:
                found = read_wav_header(self._head)
                if found is None:
                    return b""
                self._sound, start = found
            elif self._head[:4] in (b"OggS", b"fLaC") or self._head[:3] == b"ID3":
                raise UnsupportedSound("The sound is compressed.")
            else:
                start = 0
        except UnsupportedSound:
            self._say(self._turn.refuse(Status.BAD_REQUEST))
            return b""
        self.stream = self._session.open_stream(self._sound, self)
        if self.stream is None:
            self._say(self._turn.refuse(Status.TOO_MANY_REQUESTS))
        return self._head[start:]

    def _say(self, messages: Iterable[Message]) -> None:
        for message in messages:
            self._session.write(self.request_id, message)
            if self._turn.is_over and message.path == "turn.end":
                self._session.turn_is_over(self)
