"""What engines can do: one small protocol per ability (cognitive contract 8).

An engine is a class in a module of `cognitive.providers`. It is instantiated without arguments,
once per process, when it is first needed. The constructor checks whether the machine meets the
requirements and raises `EngineUnavailable` if not. It loads no models, because listing the
capabilities instantiates all engines: models are loaded at the first use. Other methods and
properties may raise `EngineUnavailable` at any time; then the next engine of the same ability is
called. Engines are called from several threads at once and must do their own locking.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol


class Ability(StrEnum):
    """What an engine can do; the settings name engines for each."""

    DETECTION = "detection"
    TRANSLATION = "translation"
    SENTIMENT = "sentiment"
    SPEECH = "speech"


class EngineUnavailable(Exception):
    """An engine is not installed or does not answer; the text gives the reason to an operator.

    The text contains no key, no address and nothing of the processed text. `retry_after_s` is the
    time after which a retry makes sense, if known.
    """

    def __init__(self, reason: str, *, retry_after_s: int | None = None) -> None:
        super().__init__(reason)
        self.retry_after_s = retry_after_s


class EngineBusy(Exception):
    """The engine is at its limit of concurrent work; retry in a moment."""


class UnsupportedPair(Exception):
    """No available engine translates this pair of languages."""


# The code for a text whose language cannot be determined (ISO 639-2).
UNDETERMINED = "und"


@dataclass(frozen=True)
class DetectedLanguage:
    """The language of a text (ISO 639-1 or UNDETERMINED), and the confidence (0 to 1).

    `alternatives` are other candidates, the likeliest first, if the engine returns them.
    """

    language: str
    score: float
    alternatives: tuple["DetectedLanguage", ...] = field(default=(), compare=False)


class Quality(StrEnum):
    """The expected quality of a translation."""

    # Rule-based; user interfaces should call it approximate.
    GIST = "gist"
    # Rule-based, with so many unknown words that even the gist may be wrong.
    LOW = "low"
    NEURAL = "neural"
    CLOUD = "cloud"


@dataclass(frozen=True)
class Translation:
    text: str
    quality: Quality


@dataclass(frozen=True)
class SentimentScores:
    """The probabilities of a sentence being positive, neutral and negative; they add up to 1."""

    positive: float
    neutral: float
    negative: float


class Engine(Protocol):
    """The properties of all engines."""

    # The name in settings, responses and pages.
    name: str

    @property
    def version(self) -> str:
        """The version of the engine and, if versioned separately, of its models."""
        ...

    @property
    def languages(self) -> frozenset[str]:
        """The supported languages (ISO 639-1); empty if the engine does not depend on one."""
        ...


class Detector(Engine, Protocol):
    """Detects languages."""

    def detect(self, text: str) -> DetectedLanguage:
        """The language of a text of any length."""
        ...


class Translator(Engine, Protocol):
    @property
    def pairs(self) -> frozenset[tuple[str, str]]:
        """The supported pairs of language codes (source, target)."""
        ...

    def translate(self, texts: Sequence[str], source: str, target: str) -> list[Translation]:
        """Translates plain texts (no markup); the result has the same order."""
        ...


class SentimentAnalyzer(Engine, Protocol):
    def analyze(self, sentences: Sequence[str], language: str) -> list[SentimentScores]:
        """Scores of the sentences, in the same order. `language` is a hint, or UNDETERMINED."""
        ...


@dataclass(frozen=True)
class RecognizedPhrase:
    """The text of one phrase; times in milliseconds from the start of the stream.

    A hypothesis (`is_final` is false) contains the whole text of the phrase so far.
    """

    text: str
    offset_ms: int
    duration_ms: int
    is_final: bool


class Recognition(Protocol):
    """The recognition of one audio stream. Used by one thread at a time."""

    def feed(self, pcm: bytes) -> list[RecognizedPhrase]:
        """Processes more audio (16-bit little-endian mono) and returns new results."""
        ...

    def finish(self) -> list[RecognizedPhrase]:
        """Ends the audio and returns the remaining results."""
        ...

    def close(self) -> None:
        """Releases the resources of the engine; also called after a failure."""
        ...


class Recognizer(Engine, Protocol):
    def open(self, language: str, rate_hz: int) -> Recognition:
        """Starts a stream. Raises EngineBusy.

        `language` may have a region (`en`, `en-US`); without it, it is one of `languages`.
        """
        ...
