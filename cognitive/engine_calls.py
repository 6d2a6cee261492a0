"""Calls the engines of an ability in order of preference until one answers (cognitive contract 8).

An engine that keeps failing is skipped for a while (`cognitive.breaker`). The duration of each call
is recorded (`wire.telemetry`) and failures are logged, without any of the text that was processed.
"""

import logging
import time
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from math import ceil
from typing import TypeVar
from uuid import UUID

from cognitive import engines
from cognitive.abilities import (
    UNDETERMINED,
    Ability,
    DetectedLanguage,
    Detector,
    Engine,
    EngineBusy,
    EngineUnavailable,
    SentimentAnalyzer,
    SentimentScores,
    Translation,
    Translator,
    UnsupportedPair,
)
from cognitive.breaker import CircuitBreaker
from cognitive.languages import choose_pair
from wire import telemetry

logger = logging.getLogger(__name__)

Result = TypeVar("Result")
Option = TypeVar("Option")
AnyEngine = TypeVar("AnyEngine", bound=Engine)

# The operation that processes text; its calls are recorded as metrics, others are not.
PROCESS = "process"


@dataclass(frozen=True)
class Detected:
    """The language of a text, and the engine that detected it."""

    engine: Engine
    language: DetectedLanguage


@dataclass(frozen=True)
class Translated:
    """Translations in the order of the texts, and the engine that made them."""

    engine: Engine
    translations: list[Translation]


@dataclass(frozen=True)
class Analyzed:
    """Scores in the order of the sentences, and the engine that computed them."""

    engine: Engine
    scores: list[SentimentScores]


def detect(text: str, resource_id: UUID | None = None) -> Detected:
    """The language of a text, UNDETERMINED if the text does not show one.

    Raises EngineBusy if an engine is busy and none answers, otherwise EngineUnavailable.
    """

    def call(engine: Detector) -> Detected:
        return Detected(engine, engine.detect(text))

    return _first_engine(Ability.DETECTION, engines.detectors(), call, resource_id)


def translate(
    texts: Sequence[str], source: str, target: str, resource_id: UUID | None = None
) -> Translated:
    """Translates plain texts. Raises UnsupportedPair, EngineUnavailable, EngineBusy."""

    def call(choice: "TranslatorChoice") -> Translated:
        return Translated(choice.engine, choice.translate(texts, resource_id))

    return _first_answer(Ability.TRANSLATION, translators_for(source, target), call)


def analyze(
    sentences: Sequence[str], language: str = UNDETERMINED, resource_id: UUID | None = None
) -> Analyzed:
    """The sentiment of each sentence. Raises EngineUnavailable, EngineBusy."""

    def call(engine: SentimentAnalyzer) -> Analyzed:
        scores = engine.analyze(sentences, language)
        if len(scores) != len(sentences):
            raise EngineUnavailable(f"{engine.name} returned the wrong number of scores.")
        return Analyzed(engine, scores)

    return _first_engine(Ability.SENTIMENT, engines.sentiment_analyzers(), call, resource_id)


# --- Language pairs -------------------------------------------------------------------------------


@dataclass(frozen=True)
class TranslatorChoice:
    """An engine that translates a pair of languages, with the codes that the engine uses."""

    engine: Translator
    source: str
    target: str

    def translate(self, texts: Sequence[str], resource_id: UUID | None = None) -> list[Translation]:
        """Like `Translator.translate`, with circuit breaker and metrics.

        Raises EngineUnavailable, EngineBusy.
        """

        def call(engine: Translator) -> list[Translation]:
            translations = engine.translate(texts, self.source, self.target)
            return _complete(engine.name, texts, translations)

        return call_engine(Ability.TRANSLATION, self.engine, call, resource_id)


def _complete(
    name: str, texts: Sequence[str], translations: Sequence[Translation]
) -> list[Translation]:
    """The translations, with the original for texts without words that the engine left empty.

    Raises EngineUnavailable if a translation is missing. An empty result for a text without words
    is no failure: otherwise a client could trip the circuit breaker by sending punctuation.
    """
    if len(translations) != len(texts):
        raise EngineUnavailable(f"{name} returned the wrong number of texts.")
    pairs = list(zip(texts, translations, strict=True))
    if any(_has_words(text) and not one.text.strip() for text, one in pairs):
        raise EngineUnavailable(f"{name} returned an empty translation.")
    return [one if one.text.strip() else replace(one, text=text) for text, one in pairs]


def _has_words(text: str) -> bool:
    return any(map(str.isalpha, text))


def translators_for(source: str, target: str) -> list[TranslatorChoice]:
    """The engines for a pair of languages in order of preference; at least one.

    A regional code such as `pt-BR` matches the same code of an engine, or else the language
    without a region. Raises UnsupportedPair, or EngineUnavailable if no translator is available.
    """
    pairs = list(_pairs())
    if not pairs:
        raise EngineUnavailable("No translation engine is available.")
    choices = [
        TranslatorChoice(engine, *pair)
        for engine, supported in pairs
        if (pair := choose_pair(source, target, supported)) is not None
    ]
    if not choices:
        raise UnsupportedPair(f"Translation from {source} to {target} is not supported.")
    return choices


def can_translate(source: str, target: str) -> bool:
    """Whether an available engine translates this pair of languages."""
    return any(choose_pair(source, target, supported) for _, supported in _pairs())


def translation_sources() -> frozenset[str]:
    """The languages that can be translated from."""
    return frozenset(source for _, supported in _pairs() for source, _ in supported)


def translation_targets() -> frozenset[str]:
    """The languages that can be translated to."""
    return frozenset(target for _, supported in _pairs() for _, target in supported)


def _pairs() -> Iterator[tuple[Translator, frozenset[tuple[str, str]]]]:
    for engine in engines.translators():
        try:
            supported = call_engine(
                Ability.TRANSLATION, engine, lambda e: e.pairs, None, operation="pairs"
            )
        except (EngineUnavailable, EngineBusy):
            continue
        if supported:
            yield engine, supported


# --- One call -------------------------------------------------------------------------------------

_breakers: dict[tuple[int, str], tuple[Engine, CircuitBreaker]] = {}


def call_engine(
    ability: Ability,
    engine: AnyEngine,
    call: Callable[[AnyEngine], Result],
    resource_id: UUID | None,
    *,
    operation: str = PROCESS,
) -> Result:
    """Returns `call(engine)`, unless the circuit breaker is open.

    Each operation of an engine has a circuit breaker of its own. Raises EngineBusy, or
    EngineUnavailable for every other exception of the engine.
    """
    breaker = _breaker(engine, operation)
    _require_closed(breaker, engine)
    if operation != PROCESS:
        return _guarded(ability, engine, call, breaker)
    with _recorded(ability, resource_id):
        return _guarded(ability, engine, call, breaker)


def _breaker(engine: Engine, operation: str) -> CircuitBreaker:
    # Keeping the engine alive keeps its id from being reused.
    return _breakers.setdefault((id(engine), operation), (engine, CircuitBreaker()))[1]


def _require_closed(breaker: CircuitBreaker, engine: Engine) -> None:
    wait_s = breaker.seconds_until_retry()
    if wait_s:
        raise EngineUnavailable(
            f"{engine.name} is skipped for a while after several failures.",
            retry_after_s=ceil(wait_s),
        )


def _guarded(
    ability: Ability,
    engine: AnyEngine,
    call: Callable[[AnyEngine], Result],
    breaker: CircuitBreaker,
) -> Result:
    try:
        result = call(engine)
    except EngineBusy:
        raise
    except EngineUnavailable as problem:
        breaker.record_failure()
        logger.warning(
            "Engine call failed ability=%s engine=%s reason=%s", ability, engine.name, problem
        )
        raise
    except Exception as problem:
        breaker.record_failure()
        raise _crashed(ability, engine, problem) from None
    breaker.record_success()
    return result


def _crashed(ability: Ability, engine: Engine, problem: Exception) -> EngineUnavailable:
    """Logs the type and the place of an exception; its text may quote a message."""
    kind = type(problem).__name__
    logger.error(
        "Engine call crashed ability=%s engine=%s exception=%s\n%s",
        ability,
        engine.name,
        kind,
        "".join(traceback.format_tb(problem.__traceback__)),
    )
    return EngineUnavailable(f"{engine.name} failed ({kind}).")


@contextmanager
def _recorded(ability: Ability, resource_id: UUID | None) -> Iterator[None]:
    started = time.perf_counter()
    outcome = "Failed"
    try:
        yield
        outcome = "Succeeded"
    except EngineBusy:
        outcome = "Busy"
        raise
    finally:
        telemetry.observe(
            "CognitiveRequests",
            (time.perf_counter() - started) * 1000,
            resource_id=resource_id,
            Kind=ability,
            Outcome=outcome,
        )


# --- One engine after the other -------------------------------------------------------------------


def _first_engine(
    ability: Ability,
    available: Iterator[AnyEngine],
    call: Callable[[AnyEngine], Result],
    resource_id: UUID | None,
) -> Result:
    return _first_answer(
        ability, available, lambda engine: call_engine(ability, engine, call, resource_id)
    )


def _first_answer(
    ability: Ability, options: Iterable[Option], call: Callable[[Option], Result]
) -> Result:
    problems: list[EngineUnavailable | EngineBusy] = []
    for option in options:
        try:
            return call(option)
        except (EngineUnavailable, EngineBusy) as problem:
            problems.append(problem)
    raise most_informative(problems, ability)


def most_informative(
    problems: Sequence[EngineUnavailable | EngineBusy], ability: Ability
) -> EngineUnavailable | EngineBusy:
    """What to report if no engine answered: a busy engine rather than an unavailable one."""
    busy = (problem for problem in problems if isinstance(problem, EngineBusy))
    none = EngineUnavailable(f"No engine for {ability} is available.")
    return next(busy, next(iter(problems), none))
