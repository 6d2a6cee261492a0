"""The messages of a turn and their order (cognitive contract 6.3)."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from cognitive.abilities import RecognizedPhrase
from cognitive.speech import recognition_results
from cognitive.speech.recognition_results import TICKS_PER_MS, Span, Status
from cognitive.speech.streams import Failed, Finished, Outcome, Progress


class Mode(StrEnum):
    """Whether a turn ends after one phrase, or with the audio."""

    INTERACTIVE = "interactive"
    CONVERSATION = "conversation"
    DICTATION = "dictation"


# The maximum silence at the start of a turn of one phrase, in milliseconds.
INITIAL_SILENCE_MS = 5_000


@dataclass(frozen=True)
class Message:
    """The path and body of a frame to the client."""

    path: str
    body: dict[str, object]


class Turn:
    """Converts the outcomes of a stream to the messages of a turn, without doing I/O."""

    def __init__(
        self, mode: Mode, *, detailed: bool, initial_silence_ms: int = INITIAL_SILENCE_MS
    ) -> None:
        self._mode, self._detailed = mode, detailed
        self._initial_silence_ms = initial_silence_ms
        self._phrase_id = recognition_results.new_id()
        self._has_speech = False
        # Whether the last message has been created.
        self.is_over = False

    def begin(self) -> Message:
        return Message("turn.start", {"context": {"serviceTag": recognition_results.new_id()}})

    def messages_for(self, outcome: Outcome) -> Iterator[Message]:
        """The messages for an outcome of the stream."""
        if self.is_over:
            return
        match outcome:
            case RecognizedPhrase():
                yield from self._phrase(outcome)
            case Progress(until_ms):
                if self._is_silent(until_ms):
                    yield from self._end(Status.INITIAL_SILENCE, Span(0, until_ms))
            case Finished(until_ms):
                yield from self.finish(until_ms)
            case Failed(reason):
                yield from self._end(recognition_results.STATUS_OF_FAILURE[reason], Span(0, 0))

    def finish(self, until_ms: int = 0) -> Iterator[Message]:
        """The messages at the end of the audio, which may be empty."""
        if self._mode is Mode.INTERACTIVE:
            yield from self._end(Status.INITIAL_SILENCE, Span(0, until_ms))
        else:
            yield from self._end(Status.END_OF_DICTATION, Span(until_ms, 0))

    def fail(self, status: Status) -> Iterator[Message]:
        """The messages of a turn that fails."""
        yield from self._end(status, Span(0, 0))

    def _is_silent(self, until_ms: int) -> bool:
        return (
            self._mode is Mode.INTERACTIVE
            and not self._has_speech
            and until_ms >= self._initial_silence_ms
        )

    def _phrase(self, phrase: RecognizedPhrase) -> Iterator[Message]:
        if not phrase.text:
            return
        if not self._has_speech:
            self._has_speech = True
            offset = phrase.offset_ms * TICKS_PER_MS
            yield Message("speech.startDetected", {"Offset": offset})
        span = Span(phrase.offset_ms, phrase.duration_ms)
        if not phrase.is_final:
            body = {"Id": self._phrase_id, "Text": phrase.text, **span.body()}
            yield Message("speech.hypothesis", body)
            return
        self._phrase_id = recognition_results.new_id()
        is_last = self._mode is Mode.INTERACTIVE
        if is_last:
            end = (phrase.offset_ms + phrase.duration_ms) * TICKS_PER_MS
            yield Message("speech.endDetected", {"Offset": end})
        yield Message(
            "speech.phrase", recognition_results.success_body(phrase, detailed=self._detailed)
        )
        if is_last:
            # The client then stops sending audio.
            self.is_over = True
            yield Message("turn.end", {})

    def _end(self, status: Status, span: Span) -> Iterator[Message]:
        self.is_over = True
        if status in (Status.END_OF_DICTATION, Status.INITIAL_SILENCE):
            end = (span.offset_ms + span.duration_ms) * TICKS_PER_MS
            yield Message("speech.endDetected", {"Offset": end})
        yield Message("speech.phrase", recognition_results.empty_body(status, span))
        yield Message("turn.end", {})
