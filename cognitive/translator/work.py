"""What the Translator's dialects have in common: texts in, translations out."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from cognitive import asking
from cognitive.abilities import (
    UNDETERMINED,
    DetectedLanguage,
    EngineUnavailable,
    UnsupportedPair,
)
from cognitive.languages import base, canonical, is_code
from cognitive.markup import TextNodes
from cognitive.translator.errors import refused

# What one request may hold (cognitive contract 4); characters count once per target.
ELEMENTS = 1000
CHARACTERS = 50_000
# Translations of a request; more can be asked for by way of empty texts only.
TRANSLATIONS = 5_000
# From this score on a detected language is believed, even if nothing can be done with it.
_SURE = 0.95


@dataclass(frozen=True)
class Input:
    """A text to translate. Without a source the language is detected; `suggested` helps."""

    text: str
    targets: tuple[str, ...]
    source: str | None = None
    suggested: str | None = None
    is_html: bool = False


@dataclass
class Output:
    """Its translations, in the order of the targets; `detected` if the source was not given."""

    detected: DetectedLanguage | None
    translations: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Outcome:
    """What became of a request; `engines` are the names of those that translated."""

    outputs: list[Output]
    engines: frozenset[str]
    characters: int


def translate(inputs: Sequence[Input], resource_id: UUID) -> Outcome:
    """Translates. Raises ChatError, EngineUnavailable and EngineBusy; then nothing was done."""
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
        raise refused(400072)
    if any(len(one.text) > CHARACTERS for one in inputs):
        raise refused(400050)
    if characters > CHARACTERS or sum(len(one.targets) for one in inputs) > TRANSLATIONS:
        raise refused(400077, f"Texts times targets must not exceed {CHARACTERS} characters.")


def _check_languages(inputs: Sequence[Input]) -> None:
    sources, targets = asking.translation_sources(), asking.translation_targets()
    if not targets:
        raise EngineUnavailable("No engine for translation works here.")
    known = sources | targets
    for code in {one.source for one in inputs} | {one.suggested for one in inputs}:
        if code and not _is_known(code, known):
            raise refused(400035, f"The source language '{code[:20]}' is not supported.")
    for code in {target for one in inputs for target in one.targets}:
        if not _is_known(code, known):
            raise refused(400036, f"The target language '{code[:20]}' is not supported.")


def _is_known(code: str, known: Iterable[str]) -> bool:
    return is_code(code) and (canonical(code) in known or base(code) in known)


def _detector(resource_id: UUID) -> Callable[[Input], DetectedLanguage]:
    """A function that tells the language of an input, asking the engine once per text."""
    found: dict[str, DetectedLanguage] = {}

    def detect(one: Input) -> DetectedLanguage:
        text = " ".join(TextNodes(one.text).texts) if one.is_html else one.text
        if text not in found:
            found[text] = _detected(text, one.suggested, resource_id)
        language = found[text]
        if language.language != UNDETERMINED and _is_of_use(language, one):
            return language
        if one.suggested:
            return DetectedLanguage(one.suggested, 0.0)
        # A word or two may be of many languages: rather one that can be translated.
        others = language.alternatives if language.score < _SURE else ()
        return next((other for other in others if _is_of_use(other, one)), language)

    return detect


def detect_language(text: str, resource_id: UUID) -> DetectedLanguage:
    """The language of a text; nobody is asked about blanks. Raises as `asking.detect`."""
    if not text.strip():
        return DetectedLanguage(UNDETERMINED, 0.0)
    return asking.detect(text, resource_id).language


def _detected(text: str, suggested: str | None, resource_id: UUID) -> DetectedLanguage:
    try:
        return detect_language(text, resource_id)
    except EngineUnavailable:
        if suggested is None:
            raise
        return DetectedLanguage(suggested, 0.0)


def _is_of_use(language: DetectedLanguage, one: Input) -> bool:
    """Whether an input in that language can be translated to all that is wanted."""
    source = language.language
    return all(
        is_same(source, target) or asking.can_translate(source, target) for target in one.targets
    )


def is_same(source: str, target: str) -> bool:
    """Whether a text can stay as it is: the same language, or none."""
    if source == UNDETERMINED:
        return True
    source, target = canonical(source), canonical(target)
    # `pt` and `pt-BR` are the same to a reader; `pt-PT` and `pt-BR` are two.
    return source == target or (base(source) == base(target) and base(target) in (source, target))


def _translated(
    wanted: list[tuple[Input, str, str]], resource_id: UUID
) -> tuple[Iterator[str], frozenset[str]]:
    """One translation for each (input, source, target), asking once per pair of languages."""
    groups: dict[tuple[str, str], list[int]] = {}
    for number, (one, source, target) in enumerate(wanted):
        if one.text.strip() and not is_same(source, target):
            groups.setdefault((source, target), []).append(number)
    results = [one.text for one, _, _ in wanted]
    engines = set()
    for (source, target), numbers in groups.items():
        inputs = [wanted[number][0] for number in numbers]
        texts, engine = _group(inputs, source, target, resource_id)
        engines.update(engine)
        for number, text in zip(numbers, texts, strict=True):
            results[number] = text
    return iter(results), frozenset(engines)


def _group(
    inputs: list[Input], source: str, target: str, resource_id: UUID
) -> tuple[list[str], list[str]]:
    """The translations of inputs of one pair of languages, and the engine if one was asked."""
    nodes = [TextNodes(one.text) if one.is_html else None for one in inputs]
    pieces = [
        text
        for one, html in zip(inputs, nodes, strict=True)
        for text in (html.texts if html else [one.text])
    ]
    if not pieces:
        return [one.text for one in inputs], []
    # Each text once, however often it comes.
    distinct = list(dict.fromkeys(pieces))
    try:
        answer = asking.translate(distinct, source, target, resource_id)
    except UnsupportedPair:
        raise refused(400023, f"No engine translates from '{source}' to '{target}'.") from None
    by_text = dict(zip(distinct, (one.text for one in answer.translations), strict=True))
    translated = iter([by_text[piece] for piece in pieces])
    texts = [
        html.put([next(translated) for _ in html.texts]) if html else next(translated)
        for html in nodes
    ]
    return texts, [answer.engine.name]
