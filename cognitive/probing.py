"""Calls every engine with a small input, to check that it works and to time it."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from statistics import median
from typing import Protocol, TypeVar

from cognitive.abilities import (
    UNDETERMINED,
    Ability,
    Detector,
    Engine,
    EngineBusy,
    EngineUnavailable,
    Recognizer,
    SentimentAnalyzer,
    Translator,
)
from cognitive.engines import Candidate, candidates

# With more pairs than this, only one is tried.
_MAX_PAIRS = 100
_WORDS = {
    **{"ca": "casa", "da": "hus", "de": "Haus", "en": "house", "es": "casa", "fr": "maison"},
    **{"gl": "casa", "it": "casa", "nl": "huis", "pl": "dom", "pt": "casa", "ro": "casă"},
    **{"ru": "дом", "sv": "hus", "uk": "дім"},
}
_RATE_HZ = 16_000


@dataclass(frozen=True)
class ProbeResult:
    """The outcome for one engine. `milliseconds` is the median without the first call, which loads
    models.
    """

    candidate: Candidate
    state: str
    detail: str
    first_ms: float | None = None
    milliseconds: float | None = None

    @property
    def is_broken(self) -> bool:
        """Whether the engine is installed but does not work."""
        return self.state == BROKEN


WORKS, MISSING, BROKEN = "works", "not installed", "broken"


def probe_all() -> Iterator[ProbeResult]:
    """Probes the engines that the settings name, one after the other."""
    for ability in Ability:
        for candidate in candidates(ability):
            yield _probe(candidate)


def _probe(candidate: Candidate) -> ProbeResult:
    engine = candidate.engine
    if engine is None:
        return ProbeResult(candidate, BROKEN if candidate.is_broken else MISSING, candidate.reason)
    durations: list[float] = []
    try:
        detail = _PROBES[candidate.ability](engine, partial(_timed, durations=durations))
        known = f"; {detail}" if detail else ""
        return ProbeResult(
            candidate,
            WORKS,
            f"version {engine.version}{known}",
            durations[0],
            median(durations[1:] or durations),
        )
    except (EngineUnavailable, EngineBusy, _WrongAnswer) as problem:
        return ProbeResult(candidate, BROKEN, str(problem) or "The engine is busy.")
    except Exception as problem:
        return ProbeResult(candidate, BROKEN, f"{type(problem).__name__}: {problem}")


class _WrongAnswer(Exception):
    """An engine returned a result that cannot be right."""


T = TypeVar("T")


class Timed(Protocol):
    """Returns the result of a call, and records how long it took."""

    def __call__(self, call: Callable[[], T]) -> T: ...


def _timed(call: Callable[[], T], durations: list[float]) -> T:
    started = time.perf_counter()
    answer = call()
    durations.append((time.perf_counter() - started) * 1000)
    return answer


def _languages(engine: Engine) -> str:
    languages = sorted(engine.languages)
    return f"{len(languages)} languages: {' '.join(languages)}" if languages else ""


def _detection(engine: Detector, timed: Timed) -> str:
    for _ in range(3):
        found = timed(lambda: engine.detect("This is a sentence of plain English words."))
        if found.language != "en":
            raise _WrongAnswer(f"It detected {found.language} for an English text.")
    return _languages(engine)


def _translation(engine: Translator, timed: Timed) -> str:
    pairs = sorted(engine.pairs)
    if not pairs:
        raise _WrongAnswer("It supports no pair of languages.")
    tried = sorted(getattr(engine, "direct_pairs", pairs))
    if len(tried) > _MAX_PAIRS:
        tried = [pair for pair in tried if pair == ("en", "es")] or tried[:1]
    failed = []
    for source, target in tried:
        word = _WORDS.get(source.partition("-")[0], "internet")
        try:
            timed(partial(engine.translate, [word], source, target))
        except EngineUnavailable:
            failed.append(f"{source}-{target}")
    if len(failed) == len(tried):
        raise _WrongAnswer("All translations failed.")
    broken = f"; failed: {' '.join(failed)}" if failed else ""
    return f"{len(engine.pairs)} pairs of {_languages(engine)}{broken}"


def _sentiment(engine: SentimentAnalyzer, timed: Timed) -> str:
    for _ in range(3):
        timed(lambda: engine.analyze(["I love this, thank you!"], UNDETERMINED))
    happy, sad = engine.analyze(["I love this, thank you!", "This is terrible, I hate it."], "en")
    if happy.positive <= happy.negative or sad.positive >= sad.negative:
        raise _WrongAnswer("It confused positive and negative sentences.")
    return _languages(engine)


def _speech(engine: Recognizer, timed: Timed) -> str:
    def listen() -> None:
        stream = engine.open(min(engine.languages), _RATE_HZ)
        try:
            stream.feed(bytes(2 * _RATE_HZ))
            stream.finish()
        finally:
            stream.close()

    for _ in range(2):
        timed(listen)
    return _languages(engine)


_PROBES: dict[Ability, Callable[..., str]] = {
    Ability.DETECTION: _detection,
    Ability.TRANSLATION: _translation,
    Ability.SENTIMENT: _sentiment,
    Ability.SPEECH: _speech,
}
