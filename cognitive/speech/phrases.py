"""What clients are told about phrases, over the socket and as the answer to short sound."""

import re
from dataclasses import dataclass
from enum import StrEnum
from uuid import uuid4

from cognitive.abilities import Heard
from cognitive.speech.streams import Trouble

TICKS_PER_MS = 10_000
# Engines say none, and the SDKs' results must have one.
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


STATUSES = {
    Trouble.BAD_LANGUAGE: Status.BAD_REQUEST,
    Trouble.TOO_MANY: Status.TOO_MANY_REQUESTS,
    Trouble.UNAVAILABLE: Status.ERROR,
}


@dataclass(frozen=True)
class Span:
    """A part of a stream, in milliseconds."""

    offset_ms: int
    duration_ms: int

    def body(self) -> dict[str, object]:
        """As clients are told it, in units of 100 ns."""
        return {
            "Offset": self.offset_ms * TICKS_PER_MS,
            "Duration": self.duration_ms * TICKS_PER_MS,
        }


def new_id() -> str:
    """The id of a phrase, or of whatever else wants one without hyphens."""
    return uuid4().hex


def success(phrase: Heard, *, detailed: bool) -> dict[str, object]:
    """A phrase that was understood."""
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


def without_text(status: Status, span: Span) -> dict[str, object]:
    """What is said where there is nothing that was understood."""
    return {"Id": new_id(), "RecognitionStatus": status, "DisplayText": "", **span.body()}
