"""Finding out about messages: what is stored, or else what the first engine that answers says."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from cognitive import asking, engines
from cognitive.abilities import (
    UNDETERMINED,
    Ability,
    DetectedLanguage,
    Detector,
    Engine,
    EngineBusy,
    EngineUnavailable,
    Quality,
    SentimentAnalyzer,
    SentimentScores,
    UnsupportedPair,
)
from cognitive.access import Readable
from cognitive.languages import base
from cognitive.refusals import as_refusal, undetermined
from cognitive.results import NO_PAIR, Origin, Results
from cognitive.sentences import document_sentiment, split_sentences
from wire.errors import ChatError

# Judging is by sentence; of longer messages several are judged together.
_SENTENCES = 10
# The quality of a text that was in the wanted language already.
ORIGINAL = "original"


@dataclass(frozen=True)
class MessageTranslation:
    """A message in one language; `engine` is None where it was in that language already."""

    target: str
    text: str
    quality: str
    engine: str | None
    is_cached: bool


@dataclass(frozen=True)
class MessageSentiment:
    """The sentiment of a message; `engine` is None where it holds no word."""

    label: str
    scores: SentimentScores
    engine: str | None
    is_cached: bool


@dataclass
class Enriched:
    """What was found out about a message, and what could not be."""

    message_id: int
    version: int | None = None
    language: DetectedLanguage | None = None
    translations: list[MessageTranslation] = field(default_factory=list)
    sentiment: MessageSentiment | None = None
    problems: list[ChatError] = field(default_factory=list)


@dataclass(frozen=True)
class Work:
    """The messages of a request, what is known about them, and the resource it is for."""

    messages: dict[Readable, Enriched]
    results: Results
    resource_id: UUID


# --- Each ability ---------------------------------------------------------------------------------


def tell_languages(work: Work) -> None:
    """Notes the languages of all messages, or why they cannot be told."""

    def compute(engine: Detector, missing: Sequence[Readable]) -> list[Any]:
        def call(engine: Detector) -> list[Any]:
            found = [engine.detect(message.text) for message in missing]
            return [{"language": one.language, "score": one.score} for one in found]

        return asking.attempt(Ability.DETECTION, engine, call, work.resource_id)

    able = [_Able(engine, engine) for engine in engines.detectors()]
    for one, found in _find(work, Ability.DETECTION, able, work.messages, compute):
        one.language = DetectedLanguage(**found.value)


def translate(work: Work, target: str, source: str | None = None) -> None:
    """Notes translations of all messages, or why there are none.

    Without `source` their languages have been told before.
    """
    groups: dict[str, dict[Readable, Enriched]] = {}
    for message, one in work.messages.items():
        language = source or (one.language.language if one.language else None)
        if language is None:
            continue  # Why is noted already.
        if language == UNDETERMINED:
            one.problems.append(undetermined())
        elif base(language) == base(target) or not message.texts:
            original = MessageTranslation(target, message.content, ORIGINAL, None, False)
            one.translations.append(original)
        else:
            groups.setdefault(language, {})[message] = one
    for language, group in groups.items():
        _translate_group(work, group, language, target)


def _translate_group(
    work: Work, messages: dict[Readable, Enriched], source: str, target: str
) -> None:
    try:
        choices = asking.translators_for(source, target)
    except (UnsupportedPair, EngineUnavailable) as problem:
        for one in messages.values():
            one.problems.append(as_refusal(problem, Ability.TRANSLATION))
        return

    def compute(choice: asking.Choice, missing: Sequence[Readable]) -> list[Any]:
        texts = [text for message in missing for text in message.texts]
        done = iter(choice.translate(texts, work.resource_id))
        values = []
        for message in missing:
            own = [next(done) for _ in message.texts]
            low = any(one.quality == Quality.LOW for one in own)
            text = message.with_texts([one.text for one in own])
            values.append({"text": text, "quality": Quality.LOW if low else own[0].quality})
        return values

    able = [_Able(choice.engine, choice, (choice.source, choice.target)) for choice in choices]
    for one, found in _find(work, Ability.TRANSLATION, able, messages, compute):
        text, quality = found.value["text"], found.value["quality"]
        one.translations.append(
            MessageTranslation(target, text, quality, found.engine.name, found.is_cached)
        )


def judge(work: Work) -> None:
    """Notes the sentiments of all messages, or why there are none."""
    telling = {}
    for message, one in work.messages.items():
        if message.text.strip():
            telling[message] = one
        else:
            one.sentiment = MessageSentiment("neutral", SentimentScores(0, 1, 0), None, False)

    def compute(engine: SentimentAnalyzer, missing: Sequence[Readable]) -> list[Any]:
        def call(engine: SentimentAnalyzer) -> list[Any]:
            return [_judged(engine, message.text, telling[message].language) for message in missing]

        return asking.attempt(Ability.SENTIMENT, engine, call, work.resource_id)

    able = [_Able(engine, engine) for engine in engines.sentiment_analyzers()]
    for one, found in _find(work, Ability.SENTIMENT, able, telling, compute):
        label, scores = found.value["label"], SentimentScores(**found.value["scores"])
        one.sentiment = MessageSentiment(label, scores, found.engine.name, found.is_cached)


def _judged(engine: SentimentAnalyzer, text: str, language: DetectedLanguage | None) -> Any:
    sentences = [sentence for _, sentence in split_sentences(text, _SENTENCES)]
    hint = language.language if language else UNDETERMINED
    label, mean = document_sentiment(engine.analyze(sentences, hint))
    scores = {
        "positive": round(mean.positive, 4),
        "neutral": round(mean.neutral, 4),
        "negative": round(mean.negative, 4),
    }
    return {"label": label, "scores": scores}


# --- One engine after the other -------------------------------------------------------------------


@dataclass(frozen=True)
class _Able:
    """An engine, what `compute` is given of it, and the languages of a translation."""

    engine: Engine
    given: Any
    pair: tuple[str, str] = NO_PAIR


@dataclass(frozen=True)
class _Found:
    engine: Engine
    value: Any
    is_cached: bool


def _find(
    work: Work,
    ability: Ability,
    able: Sequence[_Able],
    messages: dict[Readable, Enriched],
    compute: Callable[[Any, Sequence[Readable]], list[Any]],
) -> list[tuple[Enriched, _Found]]:
    """What is known of the messages or, for the rest, what the first engine that answers finds.

    Where none answers the reason is noted with the messages.
    """
    found: list[tuple[Enriched, _Found]] = []
    problems: list[EngineUnavailable | EngineBusy] = []
    rest = list(messages)
    for one in able:
        try:
            origin = Origin(ability, one.engine.name, _version(ability, one.engine), one.pair)
        except (EngineUnavailable, EngineBusy) as problem:
            problems.append(problem)
            continue
        known = {
            message: value
            for message in rest
            if (value := work.results.find(message, origin)) is not None
        }
        found += [(messages[m], _Found(one.engine, value, True)) for m, value in known.items()]
        rest = [message for message in rest if message not in known]
        if not rest:
            return found
        try:
            values = compute(one.given, rest)
        except (EngineUnavailable, EngineBusy) as problem:
            problems.append(problem)
            continue
        for message, value in zip(rest, values, strict=True):
            work.results.add(message, origin, value)
            found.append((messages[message], _Found(one.engine, value, False)))
        return found
    why = asking.worst_of(problems) or EngineUnavailable(f"No engine for {ability} works here.")
    for message in rest:
        messages[message].problems.append(as_refusal(why, ability))
    return found


def _version(ability: Ability, engine: Engine) -> str:
    # Some must run a program to know it.
    return asking.attempt(ability, engine, lambda engine: engine.version, None, of="version")
