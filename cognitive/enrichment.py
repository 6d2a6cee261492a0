"""Detects, translates and analyzes messages: reads stored results, or calls the engines."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from cognitive import engine_calls, engines
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
    Translation,
    UnsupportedPair,
)
from cognitive.access import ReadableMessage
from cognitive.engine_errors import chat_error_for, language_undetermined
from cognitive.languages import base
from cognitive.results import NO_PAIR, ResultKey, Results
from cognitive.sentences import document_sentiment, split_sentences
from wire.errors import ChatError

# The most sentences of a message that are analyzed one by one; longer messages are cut into as many
# groups of sentences.
_SENTENCES = 10
# The quality of a text that is already in the target language.
ORIGINAL = "original"


@dataclass(frozen=True)
class MessageTranslation:
    """A message in one language; `engine` is None if it is already in that language."""

    target: str
    text: str
    quality: str
    engine: str | None
    is_cached: bool


@dataclass(frozen=True)
class MessageSentiment:
    """The sentiment of a message; `engine` is None if the message has no text."""

    label: str
    scores: SentimentScores
    engine: str | None
    is_cached: bool


@dataclass
class EnrichedMessage:
    """The results for a message, and the errors of what failed."""

    message_id: int
    version: int | None = None
    language: DetectedLanguage | None = None
    translations: list[MessageTranslation] = field(default_factory=list)
    sentiment: MessageSentiment | None = None
    problems: list[ChatError] = field(default_factory=list)


Messages = dict[ReadableMessage, EnrichedMessage]


@dataclass(frozen=True)
class Job:
    """The messages of a request, their stored results, and the resource that is charged."""

    messages: Messages
    results: Results
    resource_id: UUID


# --- Language detection ---------------------------------------------------------------------------


def detect_languages(job: Job) -> None:
    """Sets the language of each message, or adds the error."""

    def compute(engine: Detector, missing: Sequence[ReadableMessage]) -> list[Any]:
        def call(engine: Detector) -> list[Any]:
            found = [engine.detect(message.text) for message in missing]
            return [{"language": one.language, "score": one.score} for one in found]

        return engine_calls.call_engine(Ability.DETECTION, engine, call, job.resource_id)

    options = [_EngineOption(engine, engine) for engine in engines.detectors()]
    for one, result in _results_for(job, Ability.DETECTION, options, job.messages, compute):
        one.language = DetectedLanguage(**result.value)


# --- Translation ----------------------------------------------------------------------------------


def translate(job: Job, target: str, source: str | None = None) -> None:
    """Adds a translation to each message, or the error.

    Without `source`, `detect_languages` must have been called before.
    """
    groups: dict[str, Messages] = {}
    for message, one in job.messages.items():
        language = source or (one.language.language if one.language else None)
        if language is None:
            continue  # Detection failed and has added its error.
        if language == UNDETERMINED:
            one.problems.append(language_undetermined())
        elif base(language) == base(target) or not message.texts:
            original = MessageTranslation(target, message.content, ORIGINAL, None, False)
            one.translations.append(original)
        else:
            groups.setdefault(language, {})[message] = one
    for language, group in groups.items():
        _translate_group(job, group, language, target)


def _translate_group(job: Job, messages: Messages, source: str, target: str) -> None:
    try:
        choices = engine_calls.translators_for(source, target)
    except (UnsupportedPair, EngineUnavailable) as problem:
        for one in messages.values():
            one.problems.append(chat_error_for(problem, Ability.TRANSLATION))
        return

    def compute(
        choice: engine_calls.TranslatorChoice, missing: Sequence[ReadableMessage]
    ) -> list[Any]:
        texts = [text for message in missing for text in message.texts]
        translations = iter(choice.translate(texts, job.resource_id))
        return [_translated(message, translations) for message in missing]

    options = [_EngineOption(one.engine, one, (one.source, one.target)) for one in choices]
    for one, result in _results_for(job, Ability.TRANSLATION, options, messages, compute):
        text, quality = result.value["text"], result.value["quality"]
        one.translations.append(
            MessageTranslation(target, text, quality, result.engine.name, result.is_cached)
        )


def _translated(message: ReadableMessage, translations: Iterator[Translation]) -> Any:
    own = [next(translations) for _ in message.texts]
    is_low = any(one.quality == Quality.LOW for one in own)
    text = message.with_texts([one.text for one in own])
    return {"text": text, "quality": Quality.LOW if is_low else own[0].quality}


# --- Sentiment ------------------------------------------------------------------------------------


def analyze_sentiments(job: Job) -> None:
    """Sets the sentiment of each message, or adds the error."""
    with_text: Messages = {}
    for message, one in job.messages.items():
        if message.text.strip():
            with_text[message] = one
        else:
            one.sentiment = MessageSentiment("neutral", SentimentScores(0, 1, 0), None, False)

    def compute(engine: SentimentAnalyzer, missing: Sequence[ReadableMessage]) -> list[Any]:
        def call(engine: SentimentAnalyzer) -> list[Any]:
            return [_sentiment(engine, one.text, with_text[one].language) for one in missing]

        return engine_calls.call_engine(Ability.SENTIMENT, engine, call, job.resource_id)

    options = [_EngineOption(engine, engine) for engine in engines.sentiment_analyzers()]
    for one, result in _results_for(job, Ability.SENTIMENT, options, with_text, compute):
        label, scores = result.value["label"], SentimentScores(**result.value["scores"])
        one.sentiment = MessageSentiment(label, scores, result.engine.name, result.is_cached)


def _sentiment(engine: SentimentAnalyzer, text: str, language: DetectedLanguage | None) -> Any:
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
class _EngineOption:
    """An engine, what to pass to `compute` for it, and the languages of a translation."""

    engine: Engine
    argument: Any
    pair: tuple[str, str] = NO_PAIR


@dataclass(frozen=True)
class _EngineResult:
    engine: Engine
    value: Any
    is_cached: bool


_Compute = Callable[[Any, Sequence[ReadableMessage]], list[Any]]
_Found = dict[ReadableMessage, _EngineResult]


def _results_for(
    job: Job,
    ability: Ability,
    options: Sequence[_EngineOption],
    messages: Messages,
    compute: _Compute,
) -> list[tuple[EnrichedMessage, _EngineResult]]:
    """Stored results and, for other messages, those of the first engine that answers.

    If none answers, the error is added to the messages.
    """
    found: _Found = {}
    problems: list[EngineUnavailable | EngineBusy] = []
    for option in options:
        try:
            _try_option(job, ability, option, list(messages), found, compute)
            break
        except (EngineUnavailable, EngineBusy) as problem:
            problems.append(problem)
    else:
        _add_error(ability, problems, [one for m, one in messages.items() if m not in found])
    return [(messages[message], result) for message, result in found.items()]


def _try_option(
    job: Job,
    ability: Ability,
    option: _EngineOption,
    messages: Sequence[ReadableMessage],
    found: _Found,
    compute: _Compute,
) -> None:
    """Adds results to `found`: the stored ones also if the engine then does not answer.

    Raises EngineUnavailable, EngineBusy.
    """
    engine = option.engine
    key = ResultKey(ability, engine.name, _version(ability, engine), option.pair)
    for message in messages:
        if message not in found and (value := job.results.find(message, key)) is not None:
            found[message] = _EngineResult(engine, value, True)
    missing = [message for message in messages if message not in found]
    if not missing:
        return
    for message, value in zip(missing, compute(option.argument, missing), strict=True):
        job.results.add(message, key, value)
        found[message] = _EngineResult(engine, value, False)


def _add_error(
    ability: Ability,
    problems: Sequence[EngineUnavailable | EngineBusy],
    messages: Sequence[EnrichedMessage],
) -> None:
    error = engine_calls.most_informative(problems, ability)
    for one in messages:
        one.problems.append(chat_error_for(error, ability))


def _version(ability: Ability, engine: Engine) -> str:
    # Some engines run a program to find out, which may fail.
    return engine_calls.call_engine(ability, engine, lambda e: e.version, None, operation="version")
