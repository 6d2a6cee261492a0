"""Asks the engines of an ability in their order, until one answers (cognitive contract 8).

An engine that keeps failing rests for a while (`cognitive.breaker`). What engines take is counted
(`wire.telemetry`), their failures are logged, and never a word of what they were given.
"""

import logging
import time
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
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
from cognitive.breaker import Breaker
from cognitive.languages import choose_pair
from wire import telemetry

logger = logging.getLogger(__name__)

T = TypeVar("T")
C = TypeVar("C")
E = TypeVar("E", bound=Engine)


@dataclass(frozen=True)
class Detected:
    """The language of a text, and which engine told it."""

    engine: Engine
    language: DetectedLanguage


@dataclass(frozen=True)
class Translated:
    """Translations, in the order of the texts, and which engine made them."""

    engine: Engine
    translations: list[Translation]


@dataclass(frozen=True)
class Analyzed:
    """Scores, in the order of the sentences, and which engine gave them."""

    engine: Engine
    scores: list[SentimentScores]


def detect(text: str, resource_id: UUID | None = None) -> Detected:
    """The language of a text, UNDETERMINED where it tells none.

    Raises EngineUnavailable, and EngineBusy where that is all that stands in the way.
    """

    def call(engine: Detector) -> Detected:
        return Detected(engine, engine.detect(text))

    return _first(Ability.DETECTION, engines.detectors(), call, resource_id)


def translate(
    texts: Sequence[str], source: str, target: str, resource_id: UUID | None = None
) -> Translated:
    """Plain texts in another language. Raises UnsupportedPair, EngineUnavailable, EngineBusy."""
    able = translators_for(source, target)

    def call(choice: "Choice") -> Translated:
        return Translated(choice.engine, choice.translate(texts, resource_id))

    return _until_answered(Ability.TRANSLATION, able, call)


def analyze(
    sentences: Sequence[str], language: str = UNDETERMINED, resource_id: UUID | None = None
) -> Analyzed:
    """The sentiment of sentences. Raises EngineUnavailable, EngineBusy."""

    def call(engine: SentimentAnalyzer) -> Analyzed:
        scores = engine.analyze(sentences, language)
        if len(scores) != len(sentences):
            raise EngineUnavailable(f"{engine.name} lost a sentence.")
        return Analyzed(engine, scores)

    return _first(Ability.SENTIMENT, engines.sentiment_analyzers(), call, resource_id)


# --- Translation, where several engines know several languages ------------------------------------


@dataclass(frozen=True)
class Choice:
    """An engine that translates between two languages, and how it calls them."""

    engine: Translator
    source: str
    target: str

    def translate(self, texts: Sequence[str], resource_id: UUID | None = None) -> list[Translation]:
        """As `Translator.translate`, under the breaker. Raises EngineUnavailable, EngineBusy."""

        def call(engine: Translator) -> list[Translation]:
            found = engine.translate(texts, self.source, self.target)
            if len(found) != len(texts):
                raise EngineUnavailable(f"{engine.name} lost a text.")
            both = list(zip(texts, found, strict=True))
            if any(_has_words(text) and not one.text.strip() for text, one in both):
                raise EngineUnavailable(f"{engine.name} returned nothing for a text.")
            # That nothing comes of signs is no failure; whoever sends them would disable it.
            return [one if one.text.strip() else replace(one, text=text) for text, one in both]

        return attempt(Ability.TRANSLATION, self.engine, call, resource_id)


def _has_words(text: str) -> bool:
    return any(map(str.isalpha, text))


def translators_for(source: str, target: str) -> list[Choice]:
    """The engines for a pair of languages, the preferred first; at least one.

    Regional codes such as `pt-BR` find the engine's own, or else the language's without region.
    Raises UnsupportedPair, and EngineUnavailable when nothing translates at all.
    """
    pairs = list(_pairs())
    if not pairs:
        raise EngineUnavailable("No engine for translation works here.")
    found = [
        Choice(engine, *pair)
        for engine, known in pairs
        if (pair := choose_pair(source, target, known)) is not None
    ]
    if not found:
        raise UnsupportedPair(f"No engine translates from {source} to {target}.")
    return found


def can_translate(source: str, target: str) -> bool:
    """Whether an engine that works translates between the two."""
    return any(choose_pair(source, target, known) for _, known in _pairs())


def translation_sources() -> frozenset[str]:
    """The languages that can be translated from."""
    return frozenset(source for _, known in _pairs() for source, _ in known)


def translation_targets() -> frozenset[str]:
    """The languages that can be translated to."""
    return frozenset(target for _, known in _pairs() for _, target in known)


def _pairs() -> Iterator[tuple[Translator, frozenset[tuple[str, str]]]]:
    for engine in engines.translators():
        try:
            known = attempt(Ability.TRANSLATION, engine, lambda e: e.pairs, None, of="pairs")
        except (EngineUnavailable, EngineBusy):
            continue
        if known:
            yield engine, known


# --- One engine after the other -------------------------------------------------------------------

_breakers: dict[tuple[int, str], tuple[Engine, Breaker]] = {}


def _breaker(engine: Engine, of: str) -> Breaker:
    # By identity, and with the engine, so that the number is not given to another one.
    return _breakers.setdefault((id(engine), of), (engine, Breaker()))[1]


def attempt(
    ability: Ability,
    engine: E,
    call: Callable[[E], T],
    resource_id: UUID | None,
    *,
    of: str = "answers",
) -> T:
    """What `call` gets from an engine, under its breaker.

    Raises EngineUnavailable, for whatever the engine itself raises too, and EngineBusy. What is
    not `of` its answers has a breaker of its own, and is not counted.
    """
    breaker = _breaker(engine, of)
    rest_s = breaker.rests_for()
    if rest_s:
        raise EngineUnavailable(
            f"{engine.name} failed several times and is left alone for a moment.",
            retry_after_s=ceil(rest_s),
        )
    started = time.perf_counter()
    outcome = "Failed"
    try:
        answer = call(engine)
        breaker.succeeded()
        outcome = "Succeeded"
        return answer
    except EngineBusy:
        outcome = "Busy"
        raise
    except EngineUnavailable as problem:
        breaker.failed()
        logger.warning("The engine %s (%s) failed: %s", engine.name, ability, problem)
        raise
    except Exception as problem:
        breaker.failed()
        # Where it happened but not what it says, which may quote a message.
        where = "".join(traceback.format_tb(problem.__traceback__))
        kind = type(problem).__name__
        logger.error("The engine %s (%s) failed: %s\n%s", engine.name, ability, kind, where)
        raise EngineUnavailable(f"{engine.name} failed ({kind}).") from None
    finally:
        if of == "answers":
            milliseconds = (time.perf_counter() - started) * 1000
            telemetry.observe(
                "CognitiveRequests",
                milliseconds,
                resource_id=resource_id,
                Kind=ability,
                Outcome=outcome,
            )


def _first(
    ability: Ability,
    able: Iterator[E],
    call: Callable[[E], T],
    resource_id: UUID | None,
) -> T:
    return _until_answered(ability, able, lambda e: attempt(ability, e, call, resource_id))


def _until_answered(ability: Ability, able: Iterable[C], call: Callable[[C], T]) -> T:
    """The first answer. Raises what says most about why there is none."""
    problems: list[EngineUnavailable | EngineBusy] = []
    for one in able:
        try:
            return call(one)
        except (EngineUnavailable, EngineBusy) as problem:
            problems.append(problem)
    raise worst_of(problems) or EngineUnavailable(f"No engine for {ability} works here.")


def worst_of(
    problems: Sequence[EngineUnavailable | EngineBusy],
) -> EngineUnavailable | EngineBusy | None:
    """What to tell when no engine answered: rather that one is busy than that one is missing."""
    return next((p for p in problems if isinstance(p, EngineBusy)), next(iter(problems), None))
