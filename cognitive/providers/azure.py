"""Azure's Translator and Language as engines (cognitive contract 4 and 5)."""

from collections.abc import Iterator, Sequence
from itertools import permutations
from typing import Any

from django.conf import settings

from cognitive.abilities import (
    UNDETERMINED,
    DetectedLanguage,
    EngineUnavailable,
    Quality,
    SentimentScores,
    Translation,
)
from cognitive.http import DailyCache, request_json
from cognitive.languages import base

# Limits of a request to Translator and to Language: elements, and characters in total or each.
_TEXTS, _CHARACTERS = 100, 25_000
_DOCUMENTS, _DOCUMENT_CHARACTERS = 10, 5_120
# Languages whose code at Azure has a script, by that code: the code that detectors use.
_PLAIN = {"zh-Hans": "zh", "sr-Cyrl": "sr", "mn-Cyrl": "mn"}
_AZURES = {plain: code for code, plain in _PLAIN.items()}
_UNEXPECTED = "The response does not match the API documentation."


class _AzureTranslation:
    """The base class of translation and detection."""

    name = "azure"
    version = "3.0"

    def __init__(self) -> None:
        if not settings.CHATSITE_COGNITIVE_AZURE_TRANSLATOR_URL:
            raise EngineUnavailable("CHATSITE_COGNITIVE_AZURE_TRANSLATOR_URL is not set.")
        self._cache = DailyCache()

    def _ask(self, method: str, path: str, query: str = "", body: object = None) -> Any:
        url = settings.CHATSITE_COGNITIVE_AZURE_TRANSLATOR_URL.rstrip("/")
        headers = {}
        if body is not None:
            headers["Ocp-Apim-Subscription-Key"] = settings.CHATSITE_COGNITIVE_AZURE_TRANSLATOR_KEY
            region = settings.CHATSITE_COGNITIVE_AZURE_TRANSLATOR_REGION
            if region:
                headers["Ocp-Apim-Subscription-Region"] = region
        address = f"{url}/{path}?api-version=3.0{query}"
        return request_json("Azure Translator", method, address, body=body, headers=headers)

    @property
    def languages(self) -> frozenset[str]:
        """The languages that the service lists. Raises EngineUnavailable."""

        def fetch() -> frozenset[str]:
            try:
                listed = self._ask("GET", "languages", "&scope=translation")["translation"]
                codes = {str(code) for code in listed}
            except (TypeError, KeyError):
                raise EngineUnavailable(_UNEXPECTED) from None
            return frozenset(codes | {_PLAIN[code] for code in codes if code in _PLAIN})

        known: frozenset[str] = self._cache.get("languages", fetch)
        return known


class AzureDetector(_AzureTranslation):
    def detect(self, text: str) -> DetectedLanguage:
        answer = self._ask("POST", "detect", body=[{"Text": text[:_CHARACTERS]}])
        try:
            found, score = str(answer[0]["language"]), float(answer[0]["score"])
        except (TypeError, KeyError, IndexError, ValueError):
            raise EngineUnavailable(_UNEXPECTED) from None
        return DetectedLanguage(base(found) or UNDETERMINED, score)


class AzureTranslator(_AzureTranslation):
    @property
    def pairs(self) -> frozenset[tuple[str, str]]:
        """All pairs of the listed languages. Raises EngineUnavailable."""

        def fetch() -> frozenset[tuple[str, str]]:
            return frozenset(permutations(self.languages, 2))

        known: frozenset[tuple[str, str]] = self._cache.get("pairs", fetch)
        return known

    def translate(self, texts: Sequence[str], source: str, target: str) -> list[Translation]:
        found: list[Translation] = []
        for batch in _batches(texts):
            query = (
                f"&textType=plain&from={_AZURES.get(source, source)}"
                f"&to={_AZURES.get(target, target)}"
            )
            answer = self._ask("POST", "translate", query, [{"Text": text} for text in batch])
            try:
                done = [
                    str(answer[place]["translations"][0]["text"]) for place in range(len(batch))
                ]
            except (TypeError, KeyError, IndexError):
                raise EngineUnavailable(_UNEXPECTED) from None
            found += [Translation(text, Quality.CLOUD) for text in done]
        return found


class AzureSentiment:
    """Sentiment analysis of Azure Language."""

    name = "azure"
    version = "2023-04-01"
    # The service supports many languages and reports those that it does not support.
    languages: frozenset[str] = frozenset()

    def __init__(self) -> None:
        if not settings.CHATSITE_COGNITIVE_AZURE_LANGUAGE_URL:
            raise EngineUnavailable("CHATSITE_COGNITIVE_AZURE_LANGUAGE_URL is not set.")

    def analyze(self, sentences: Sequence[str], language: str) -> list[SentimentScores]:
        """Sends each sentence as a document. Raises EngineUnavailable."""
        return [
            scores
            for start in range(0, len(sentences), _DOCUMENTS)
            for scores in self._analyze(sentences[start : start + _DOCUMENTS], language)
        ]

    def _analyze(self, sentences: Sequence[str], language: str) -> list[SentimentScores]:
        hint = {} if language == UNDETERMINED else {"language": language}
        documents = [
            {"id": str(place), "text": sentence[:_DOCUMENT_CHARACTERS], **hint}
            for place, sentence in enumerate(sentences)
        ]
        answer = request_json(
            "Azure Language",
            "POST",
            f"{settings.CHATSITE_COGNITIVE_AZURE_LANGUAGE_URL.rstrip('/')}"
            f"/language/:analyze-text?api-version={self.version}",
            body={
                "kind": "SentimentAnalysis",
                "analysisInput": {"documents": documents},
                # The service must not store people's messages.
                "parameters": {"loggingOptOut": True},
            },
            headers={"Ocp-Apim-Subscription-Key": settings.CHATSITE_COGNITIVE_AZURE_LANGUAGE_KEY},
        )
        try:
            found = {one["id"]: one["confidenceScores"] for one in answer["results"]["documents"]}
            return [_scores(found[document["id"]]) for document in documents]
        except (TypeError, KeyError, ValueError):
            raise EngineUnavailable(_UNEXPECTED) from None


def _scores(given: dict[str, float]) -> SentimentScores:
    return SentimentScores(
        float(given["positive"]), float(given["neutral"]), float(given["negative"])
    )


def _batches(texts: Sequence[str]) -> Iterator[list[str]]:
    """The texts in groups that fit into one request."""
    batch: list[str] = []
    size = 0
    for text in texts:
        if batch and (len(batch) == _TEXTS or size + len(text) > _CHARACTERS):
            yield batch
            batch, size = [], 0
        batch.append(text)
        size += len(text)
    if batch:
        yield batch
