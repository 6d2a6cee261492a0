"""Results of the engines in the format of Azure Language (cognitive contract 5)."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from cognitive import engine_calls, engines
from cognitive.abilities import UNDETERMINED, EngineUnavailable, SentimentScores
from cognitive.language.documents import Document
from cognitive.language.offsets import offsets_of
from cognitive.language_names import name_of
from cognitive.languages import is_code
from cognitive.sentences import document_sentiment, sentence_label, split_sentences

# Languages of a document that are ignored: the SDKs send English by default.
_NO_LANGUAGE = frozenset({"", "en", "auto"})
UNKNOWN = "(Unknown)"


def sentiment_of(document: Document, index_type: str, resource_id: UUID) -> tuple[Any, str]:
    """The sentiment of a document as JSON, and the version of the engine.

    Raises EngineUnavailable, EngineBusy.
    """
    sentences = split_sentences(document.text)
    language = _language_of(document, resource_id)
    result = engine_calls.analyze([text for _, text in sentences], language, resource_id)
    label, scores = document_sentiment(result.scores)
    body = {
        "id": document.id,
        "sentiment": label,
        "confidenceScores": scores_json(scores),
        "sentences": _sentences(document.text, sentences, result.scores, index_type),
        "warnings": [],
    }
    return body, f"{result.engine.name}-{result.engine.version}"


def _sentences(
    text: str,
    sentences: Sequence[tuple[int, str]],
    scores: Sequence[SentimentScores],
    index_type: str,
) -> list[dict[str, Any]]:
    offsets = offsets_of(text, index_type)
    return [
        {
            "sentiment": sentence_label(one),
            "confidenceScores": scores_json(one),
            "offset": offsets[start],
            "length": offsets[start + len(sentence)] - offsets[start],
            "text": sentence,
        }
        for (start, sentence), one in zip(sentences, scores, strict=True)
    ]


def language_of(document: Document, resource_id: UUID) -> tuple[Any, str]:
    """The language of a document as JSON, and the version of the engine.

    Raises EngineUnavailable, EngineBusy.
    """
    result = engine_calls.detect(document.text, resource_id)
    detected = result.language
    is_known = detected.language != UNDETERMINED
    body = {
        "id": document.id,
        "detectedLanguage": {
            "name": name_of(detected.language).name if is_known else UNKNOWN,
            "iso6391Name": detected.language if is_known else UNKNOWN,
            "confidenceScore": round(detected.score, 2) if is_known else 0.0,
        },
        "warnings": [],
    }
    return body, f"{result.engine.name}-{result.engine.version}"


def scores_json(scores: SentimentScores) -> dict[str, float]:
    """Scores with two decimals that add up to 1; the rounding error goes to the largest."""
    percents = {
        "positive": round(scores.positive * 100),
        "neutral": round(scores.neutral * 100),
        "negative": round(scores.negative * 100),
    }
    largest = max(percents, key=lambda name: getattr(scores, name))
    percents[largest] += 100 - sum(percents.values())
    return {name: percent / 100 for name, percent in percents.items()}


def _language_of(document: Document, resource_id: UUID) -> str:
    """The language that the client sent, unless it is missing or the default of the SDKs."""
    preferred = next(iter(engines.sentiment_analyzers()), None)
    if preferred is None or not preferred.languages:
        # The engine does not depend on it.
        return document.language if is_code(document.language) else UNDETERMINED
    if document.language.lower() not in _NO_LANGUAGE and is_code(document.language):
        return document.language
    try:
        return engine_calls.detect(document.text, resource_id).language.language
    except EngineUnavailable:
        return UNDETERMINED


def statistics(documents: Sequence[Document], errors: int) -> dict[str, int]:
    """What `showStats` adds to the result."""
    return {
        "documentsCount": len(documents) + errors,
        "validDocumentsCount": len(documents),
        "erroneousDocumentsCount": errors,
        "transactionsCount": len(documents),
    }
