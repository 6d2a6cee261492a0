"""Translates the inputs of a request, in any version of the Translator API."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from cognitive import engine_calls
from cognitive.abilities import (
    UNDETERMINED,
    DetectedLanguage,
    EngineUnavailable,
    UnsupportedPair,
)
from cognitive.languages import base, canonical, is_code
from cognitive.markup import TextNodes
from cognitive.translator.errors import translator_error

# Limits of a request (cognitive contract 4); characters count once per target.
ELEMENTS = 1000
CHARACTERS = 50_000
# The maximum number of translations of a request; only empty texts could make it larger.
TRANSLATIONS = 5_000
# From this score on, a detected language is used even if it cannot be translated.
_CERTAIN = 0.95


@dataclass(frozen=True)
class Input:
    """A text to translate. Without `source` the language is detected, with `suggested` as the
    fallback.
    """

    text: str
    targets: tuple[str, ...]
    source: str | None = None
    suggested: str | None = None
    is_html: bool = False


@dataclass
class Output:
    """The translations in the order of the targets; `detected` is None if the source was given."""

    detected: DetectedLanguage | None
    translations: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Outcome:
    """The result of a request, with the names of the engines that were used."""

    outputs: list[Output]
    engines: frozenset[str]
    characters: int


def translate(inputs: Sequence[Input], resource_id: UUID) -> Outcome:
    """Translates all inputs. Raises ChatError, EngineUnavailable, EngineBusy."""
    characters = sum(len(one.text) * len(one.targets) for one in inputs)
    _check_size(inputs, characters)
    _check_languages(inputs)
    detect = _detector(resource_id)
    outputs = [Output(None if one.source else detect(one)) for one in inputs]
    wanted = [
        (one, output.detected.language if output.detected else one.source or "", target)
        for one, output in zip(inputs, outputs, strict=True)
        for target in one.targets
    ]
    translations, engines = _translated(wanted, resource_id)
    for one, output in zip(inputs, outputs, strict=True):
        output.translations = [next(translations) for _ in one.targets]
    return Outcome(outputs, engines, characters)


def _check_size(inputs: Sequence[Input], characters: int) -> None:
    if len(inputs) > ELEMENTS:
        raise translator_error(400072)
    if any(len(one.text) > CHARACTERS for one in inputs):
        raise translator_error(400050)
    if characters > CHARACTERS or sum(len(one.targets) for one in inputs) > TRANSLATIONS:
        raise translator_error(
            400077, f"The texts, once per target, must not exceed {CHARACTERS} characters."
        )


def _check_languages(inputs: Sequence[Input]) -> None:
    sources, targets = engine_calls.translation_sources(), engine_calls.translation_targets()
    if not targets:
        raise EngineUnavailable("No translation engine is available.")
    known = sources | targets
    for code in {one.source for one in inputs} | {one.suggested for one in inputs}:
        if code and not _is_known(code, known):
            raise translator_error(400035, f"The source language '{code[:20]}' is not supported.")
    for code in {target for one in inputs for target in one.targets}:
        if not _is_known(code, known):
            raise translator_error(400036, f"The target language '{code[:20]}' is not supported.")


def _is_known(code: str, known: Iterable[str]) -> bool:
    return is_code(code) and (canonical(code) in known or base(code) in known)


def _detector(resource_id: UUID) -> Callable[[Input], DetectedLanguage]:
    """A function that detects the language of an input, once per distinct text."""
    found: dict[str, DetectedLanguage] = {}

    def detect(one: Input) -> DetectedLanguage:
        text = " ".join(TextNodes(one.text).texts) if one.is_html else one.text
        if text not in found:
            found[text] = _detected(text, one.suggested, resource_id)
        language = found[text]
        if language.language != UNDETERMINED and _is_translatable(language, one):
            return language
        if one.suggested:
            return DetectedLanguage(one.suggested, 0.0)
        # Short texts are ambiguous: prefer a language that can be translated.
        others = language.alternatives if language.score < _CERTAIN else ()
        return next((other for other in others if _is_translatable(other, one)), language)

    return detect


def detect_language(text: str, resource_id: UUID) -> DetectedLanguage:
    """The language of a text, UNDETERMINED for white space. Raises like `engine_calls.detect`."""
    if not text.strip():
        return DetectedLanguage(UNDETERMINED, 0.0)
    return engine_calls.detect(text, resource_id).language


def _detected(text: str, suggested: str | None, resource_id: UUID) -> DetectedLanguage:
    try:
        return detect_language(text, resource_id)
    except EngineUnavailable:
        if suggested is None:
            raise
        return DetectedLanguage(suggested, 0.0)


def _is_translatable(language: DetectedLanguage, one: Input) -> bool:
    """Whether an input in this language can be translated to all of its targets."""
    source = language.language
    return all(
        needs_no_translation(source, target) or engine_calls.can_translate(source, target)
        for target in one.targets
    )


def needs_no_translation(source: str, target: str) -> bool:
    """Whether source and target are the same language, or the source is undetermined."""
    if source == UNDETERMINED:
        return True
    source, target = canonical(source), canonical(target)
    # `pt` matches `pt-BR`, but `pt-PT` and `pt-BR` are different.
    return source == target or (base(source) == base(target) and base(target) in (source, target))


def _translated(
    wanted: list[tuple[Input, str, str]], resource_id: UUID
) -> tuple[Iterator[str], frozenset[str]]:
    """A translation for each (input, source, target), with one call per pair of languages."""
    groups: dict[tuple[str, str], list[int]] = {}
    for number, (one, source, target) in enumerate(wanted):
        if one.text.strip() and not needs_no_translation(source, target):
            groups.setdefault((source, target), []).append(number)
    results = [one.text for one, _, _ in wanted]
    engines = set()
    for (source, target), numbers in groups.items():
        inputs = [wanted[number][0] for number in numbers]
        texts, engine = _translate_group(inputs, source, target, resource_id)
        engines.update(engine)
        for number, text in zip(numbers, texts, strict=True):
            results[number] = text
    return iter(results), frozenset(engines)


def _translate_group(
    inputs: list[Input], source: str, target: str, resource_id: UUID
) -> tuple[list[str], list[str]]:
    """The translations of inputs with the same languages, and the name of the engine if any."""
    nodes = [TextNodes(one.text) if one.is_html else None for one in inputs]
    pieces = [
        text
        for one, html in zip(inputs, nodes, strict=True)
        for text in (html.texts if html else [one.text])
    ]
    if not pieces:
        return [one.text for one in inputs], []
    # Without duplicates.
    distinct = list(dict.fromkeys(pieces))
    try:
        answer = engine_calls.translate(distinct, source, target, resource_id)
    except UnsupportedPair:
        raise translator_error(
            400023, f"Translation from '{source}' to '{target}' is not supported."
        ) from None
    by_text = dict(zip(distinct, (one.text for one in answer.translations), strict=True))
    translated = iter([by_text[piece] for piece in pieces])
    texts = [
        html.with_texts([next(translated) for _ in html.texts]) if html else next(translated)
        for html in nodes
    ]
    return texts, [answer.engine.name]
