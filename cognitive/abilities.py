"""What engines can do: one small protocol per ability (cognitive contract 8).

An engine is a class without arguments in a file of `cognitive.providers`, made once per process
when it is first wanted. Its constructor looks whether the machine has what it needs, and raises
`EngineUnavailable` otherwise; it loads nothing, for whoever asks what there is makes all engines.
Models are loaded at the first use. The other methods and properties may raise `EngineUnavailable`
at any time, and the next engine of the same ability is asked. Engines are called from several
threads at once and guard themselves where they must.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol


class Ability(StrEnum):
    """What engines are chosen for."""

    DETECTION = "detection"
    TRANSLATION = "translation"
    SENTIMENT = "sentiment"
    SPEECH = "speech"


class EngineUnavailable(Exception):
    """An engine is not installed, or does not answer; the text says why, for an operator.

    It holds no key, no address and nothing of what was to be processed. `retry_after_s` is given
    where it is known when asking again makes sense.
    """

    def __init__(self, reason: str, *, retry_after_s: int | None = None) -> None:
        super().__init__(reason)
        self.retry_after_s = retry_after_s


class EngineBusy(Exception):
    """All that may run at once is running; ask again in a moment."""


class UnsupportedPair(Exception):
    """No engine that works translates between these two languages."""


# The language of a text that tells nothing about its language (ISO 639-2).
UNDETERMINED = "und"


@dataclass(frozen=True)
class DetectedLanguage:
    """The language of a text, by its ISO 639-1 code or UNDETERMINED, and how sure (0 to 1).

    `alternatives` are the next likely ones, the likeliest first, where the engine tells them.
    """

    language: str
    score: float
    alternatives: tuple["DetectedLanguage", ...] = field(default=(), compare=False)


class Quality(StrEnum):
    """What may be expected of a translation."""

    # The gist, by rules; to be called approximate where people see it.
    GIST = "gist"
    # So many words were unknown to the rules that not even the gist may be right.
    LOW = "low"
    NEURAL = "neural"
    CLOUD = "cloud"


@dataclass(frozen=True)
class Translation:
    """A text in another language."""

    text: str
    quality: Quality


@dataclass(frozen=True)
class SentimentScores:
    """How likely a sentence is positive, neutral or negative; the three add up to 1."""

    positive: float
    neutral: float
    negative: float


class Engine(Protocol):
    """What all engines tell of themselves."""

    # The name that settings, answers and pages use.
    name: str

    @property
    def version(self) -> str:
        """The version of the engine and, where they have their own, of its models."""
        ...

    @property
    def languages(self) -> frozenset[str]:
        """The languages it knows, by ISO 639-1 code; empty when it needs no language."""
        ...


class Detector(Engine, Protocol):
    """Tells the language of a text."""

    def detect(self, text: str) -> DetectedLanguage:
        """The language of a text of any length."""
        ...


class Translator(Engine, Protocol):
    """Translates texts."""

    @property
    def pairs(self) -> frozenset[tuple[str, str]]:
        """The pairs (source, target) of language codes that it can translate."""
        ...

    def translate(self, texts: Sequence[str], source: str, target: str) -> list[Translation]:
        """The plain texts (no markup), translated, in the same order."""
        ...


class SentimentAnalyzer(Engine, Protocol):
    """Judges the sentiment of sentences."""

    def analyze(self, sentences: Sequence[str], language: str) -> list[SentimentScores]:
        """Scores of the sentences, in the same order. `language` is a hint, or UNDETERMINED."""
        ...


@dataclass(frozen=True)
class Heard:
    """What a recognizer understands of one phrase; times in milliseconds from the stream's start.

    Hypotheses (`is_final` false) repeat the whole text so far of the phrase.
    """

    text: str
    offset_ms: int
    duration_ms: int
    is_final: bool


class Recognition(Protocol):
    """Speech of one stream, while it is spoken. Used by one thread at a time."""

    def feed(self, pcm: bytes) -> list[Heard]:
        """Takes more sound (16-bit little-endian mono) and returns what is new."""
        ...

    def finish(self) -> list[Heard]:
        """Says that no more sound comes, and returns the rest."""
        ...

    def close(self) -> None:
        """Gives the engine's resources back; also after a failure."""
        ...


class Recognizer(Engine, Protocol):
    """Turns speech into text."""

    def open(self, language: str, rate_hz: int) -> Recognition:
        """A new stream of speech, with or without a region in the language (`en`, `en-US`).

        Without it, the language is one of `languages`. Raises EngineBusy.
        """
        ...
