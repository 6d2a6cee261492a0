"""The order in which a client hears about its sound: one turn (cognitive contract 6.3)."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from cognitive.abilities import Heard
from cognitive.speech import phrases
from cognitive.speech.phrases import TICKS_PER_MS, Span, Status
from cognitive.speech.streams import Failed, Finished, Outcome, Processed


class Mode(StrEnum):
    """How long a turn goes on: for one phrase, or as long as there is sound."""

    INTERACTIVE = "interactive"
    CONVERSATION = "conversation"
    DICTATION = "dictation"


# In a turn of one phrase, how long nothing may be said at the beginning, in milliseconds.
INITIAL_SILENCE_MS = 5_000


@dataclass(frozen=True)
class Message:
    """The path and the body of a frame to the client."""

    path: str
    body: dict[str, object]


class Turn:
    """Makes the messages of a turn out of what an engine hears. Knows no socket and no thread."""

    def __init__(
        self, mode: Mode, *, detailed: bool, initial_silence_ms: int = INITIAL_SILENCE_MS
    ) -> None:
        self._mode, self._detailed = mode, detailed
        self._initial_silence_ms = initial_silence_ms
        self._phrase_id = phrases.new_id()
        self._has_heard = False
        # Whether the turn has ended, for the client as well.
        self.is_over = False

    def begin(self) -> Message:
        """The first message."""
        return Message("turn.start", {"context": {"serviceTag": phrases.new_id()}})

    def tell(self, outcome: Outcome) -> Iterator[Message]:
        """The messages about something that the stream has come to."""
        if self.is_over:
            return
        match outcome:
            case Heard():
                yield from self._hear(outcome)
            case Processed(until_ms):
                if self._is_silent(until_ms):
                    yield from self._end(Status.INITIAL_SILENCE, Span(0, until_ms))
            case Finished(until_ms):
                yield from self.finish(until_ms)
            case Failed(trouble):
                yield from self._end(phrases.STATUSES[trouble], Span(0, 0))

    def finish(self, until_ms: int = 0) -> Iterator[Message]:
        """The end of the sound. A turn without any, as some SDKs open one, ends the same way."""
        if self._mode is Mode.INTERACTIVE:
            yield from self._end(Status.INITIAL_SILENCE, Span(0, until_ms))
        else:
            yield from self._end(Status.END_OF_DICTATION, Span(until_ms, 0))

    def refuse(self, status: Status) -> Iterator[Message]:
        """The end of a turn that cannot be."""
        yield from self._end(status, Span(0, 0))

    def _is_silent(self, until_ms: int) -> bool:
        return (
            self._mode is Mode.INTERACTIVE
            and not self._has_heard
            and until_ms >= self._initial_silence_ms
        )

    def _hear(self, heard: Heard) -> Iterator[Message]:
        if not heard.text:
            return
        if not self._has_heard:
            self._has_heard = True
            offset = heard.offset_ms * TICKS_PER_MS
            yield Message("speech.startDetected", {"Offset": offset})
        span = Span(heard.offset_ms, heard.duration_ms)
        if not heard.is_final:
            body = {"Id": self._phrase_id, "Text": heard.text, **span.body()}
            yield Message("speech.hypothesis", body)
            return
        self._phrase_id = phrases.new_id()
        is_last = self._mode is Mode.INTERACTIVE
        if is_last:
            end = (heard.offset_ms + heard.duration_ms) * TICKS_PER_MS
            yield Message("speech.endDetected", {"Offset": end})
        yield Message("speech.phrase", phrases.success(heard, detailed=self._detailed))
        if is_last:
            # The client stops sending at this.
            self.is_over = True
            yield Message("turn.end", {})

    def _end(self, status: Status, span: Span) -> Iterator[Message]:
        self.is_over = True
        if status in (Status.END_OF_DICTATION, Status.INITIAL_SILENCE):
            end = (span.offset_ms + span.duration_ms) * TICKS_PER_MS
            yield Message("speech.endDetected", {"Offset": end})
        yield Message("speech.phrase", phrases.without_text(status, span))
        yield Message("turn.end", {})
