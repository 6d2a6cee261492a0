"""Recognition results in the format of Azure Speech, for WebSockets and short audio."""

import re
from dataclasses import dataclass
from enum import StrEnum
from uuid import uuid4

from cognitive.abilities import RecognizedPhrase
from cognitive.speech.streams import FailureReason

TICKS_PER_MS = 10_000
# The SDKs require a confidence, but the engines do not return one.
CONFIDENCE = 0.9
_PUNCTUATION = re.compile(r"[^\w\s'’-]")


class Status(StrEnum):
    """`RecognitionStatus` (cognitive contract 6.3)."""

    SUCCESS = "Success"
    INITIAL_SILENCE = "InitialSilenceTimeout"
    END_OF_DICTATION = "EndOfDictation"
    ERROR = "Error"
    BAD_REQUEST = "BadRequest"
    FORBIDDEN = "Forbidden"
    TOO_MANY_REQUESTS = "TooManyRequests"


STATUS_OF_FAILURE = {
    FailureReason.UNSUPPORTED_LANGUAGE: Status.BAD_REQUEST,
    FailureReason.TOO_MANY: Status.TOO_MANY_REQUESTS,
    FailureReason.UNAVAILABLE: Status.ERROR,
}


@dataclass(frozen=True)
class Span:
    """A part of a stream, in milliseconds."""

    offset_ms: int
    duration_ms: int

    def body(self) -> dict[str, object]:
        """The members for the client, in units of 100 ns."""
        return {
            "Offset": self.offset_ms * TICKS_PER_MS,
            "Duration": self.duration_ms * TICKS_PER_MS,
        }


def new_id() -> str:
    """A random id without hyphens."""
    return uuid4().hex


def success_body(phrase: RecognizedPhrase, *, detailed: bool) -> dict[str, object]:
    """The body for a recognized phrase."""
    body: dict[str, object] = {
        "Id": new_id(),
        "RecognitionStatus": Status.SUCCESS,
        "DisplayText": phrase.text,
        **Span(phrase.offset_ms, phrase.duration_ms).body(),
    }
    if detailed:
        lexical = " ".join(_PUNCTUATION.sub(" ", phrase.text).lower().split())
        best = {
            "Confidence": CONFIDENCE,
            "Lexical": lexical,
            "ITN": lexical,
            "MaskedITN": lexical,
            "Display": phrase.text,
        }
        body["NBest"] = [best]
    return body


def empty_body(status: Status, span: Span) -> dict[str, object]:
    """The body for a status without text."""
    return {"Id": new_id(), "RecognitionStatus": status, "DisplayText": "", **span.body()}
