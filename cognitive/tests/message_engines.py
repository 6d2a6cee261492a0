"""Engines for tests of the operations on messages, which record calls and fail on demand."""

from collections.abc import Iterator, Sequence

import pytest
from pytest_django import Settings

from cognitive import engines
from cognitive.abilities import (
    UNDETERMINED,
    DetectedLanguage,
    EngineUnavailable,
    Quality,
    SentimentScores,
    Translation,
)

HERE = "cognitive.tests.message_engines"


class Told:
    """What engines do, and the calls that they receive, by their names."""

    failures: dict[str, Exception] = {}
    versions: dict[str, str] = {}
    # The exceptions that `version` raises.
    nameless: dict[str, Exception] = {}
    calls: list[tuple[str, tuple[str, ...]]] = []

    @classmethod
    def asked(cls, name: str) -> list[tuple[str, ...]]:
        """The texts of each call of an engine."""
        return [texts for engine, texts in cls.calls if engine == name]


class _Engine:
    name: str
    languages = frozenset({"en", "es", "de"})

    @property
    def version(self) -> str:
        if self.name in Told.nameless:
            raise Told.nameless[self.name]
        return Told.versions.get(self.name, "1")

    def note(self, texts: Sequence[str]) -> None:
        Told.calls.append((self.name, tuple(texts)))
        if self.name in Told.failures:
            raise Told.failures[self.name]


class Words(_Engine):
    """Detects the language by the first word."""

    name = "words"
    known = {"hello": "en", "hola": "es", "hallo": "de"}

    def detect(self, text: str) -> DetectedLanguage:
        self.note([text])
        language = self.known.get(text.split()[0].lower().strip(".,!"), UNDETERMINED)
        return DetectedLanguage(language, 0.9 if language != UNDETERMINED else 0.0)


class Parrot(_Engine):
    """Marks the text with the language; translates `x` to an empty text."""

    name = "parrot"
    pairs = frozenset({("en", "es"), ("es", "en"), ("en", "pt")})

    def translate(self, texts: Sequence[str], source: str, target: str) -> list[Translation]:
        self.note(texts)
        return [
            Translation("" if text == "x" else f"{target}<{text}>", Quality.GIST) for text in texts
        ]


class Backup(Parrot):
    """Like Parrot, with German."""

    name = "backup"
    pairs = Parrot.pairs | {("en", "de"), ("de", "en")}


class Mood(_Engine):
    """Scores by the words love and hate."""

    name = "mood"

    def analyze(self, sentences: Sequence[str], language: str) -> list[SentimentScores]:
        self.note(sentences)
        return [
            SentimentScores(0.9, 0.05, 0.05)
            if "love" in one
            else SentimentScores(0.05, 0.05, 0.9)
            if "hate" in one
            else SentimentScores(0.1, 0.8, 0.1)
            for one in sentences
        ]


class Absent:
    """An engine that is not installed."""

    def __init__(self) -> None:
        raise EngineUnavailable("It is not installed. Run `make cognitive`.")


class Crashing:
    """Raises an exception in its constructor."""

    def __init__(self) -> None:
        raise RuntimeError("no such luck")


PROVIDERS = {
    "detection": {"words": f"{HERE}.Words", "absent": f"{HERE}.Absent"},
    "translation": {
        "parrot": f"{HERE}.Parrot",
        "backup": f"{HERE}.Backup",
        "absent": f"{HERE}.Absent",
        "crashing": f"{HERE}.Crashing",
    },
    "sentiment": {"mood": f"{HERE}.Mood", "absent": f"{HERE}.Absent"},
    "speech": {},
}
ENGINES: dict[str, list[str]] = {
    "detection": ["words"],
    "translation": ["absent", "parrot", "backup"],
    "sentiment": ["mood"],
    "speech": [],
}


@pytest.fixture(autouse=True)
def told(settings: Settings) -> Iterator[type[Told]]:
    """Replaces all engines by those of this file, in their initial state."""
    settings.COGNITIVE_PROVIDERS = PROVIDERS
    settings.COGNITIVE_ENGINES = {**ENGINES}
    settings.CHATSITE_COGNITIVE_REQUESTS = 1000
    Told.failures, Told.versions, Told.nameless, Told.calls = {}, {}, {}, []
    engines.reset_engines()
    yield Told
    engines.reset_engines()
