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
from cognitive.http import Memory, ask
from cognitive.languages import base

# Limits of one question to the Translator, in elements and characters, and to Language.
_TEXTS, _CHARACTERS = 100, 25_000
_DOCUMENTS, _DOCUMENT_CHARACTERS = 10, 5_120
# How detectors call a language whose codes name a script or country at Azure.
_PLAIN = {"zh-Hans": "zh", "sr-Cyrl": "sr", "mn-Cyrl": "mn"}
_AZURES = {plain: code for code, plain in _PLAIN.items()}
_NOT_WHAT_IS_DOCUMENTED = "The answer is not what the documentation says."


class _AzureTranslation:
    """What translation and detection share."""

    name = "azure"
    version = "3.0"

    def __init__(self) -> None:
        if not settings.CHATSITE_COGNITIVE_AZURE_TRANSLATOR_URL:
            raise EngineUnavailable("CHATSITE_COGNITIVE_AZURE_TRANSLATOR_URL is not set.")
        self._memory = Memory()

    def _ask(self, method: str, path: str, query: str = "", body: object = None) -> Any:
        url = settings.CHATSITE_COGNITIVE_AZURE_TRANSLATOR_URL.rstrip("/")
        headers = {}
        if body is not None:
            headers["Ocp-Apim-Subscription-Key"] = settings.CHATSITE_COGNITIVE_AZURE_TRANSLATOR_KEY
            region = settings.CHATSITE_COGNITIVE_AZURE_TRANSLATOR_REGION
            if region:
                headers["Ocp-Apim-Subscription-Region"] = region
        address = f"{url}/{path}?api-version=3.0{query}"
        return ask("Azure Translator", method, address, body=body, headers=headers)

    @property
    def languages(self) -> frozenset[str]:
        """The languages that it lists. Raises EngineUnavailable."""

        def anew() -> frozenset[str]:
            try:
                listed = self._ask("GET", "languages", "&scope=translation")["translation"]
                codes = {str(code) for code in listed}
            except (TypeError, KeyError):
                raise EngineUnavailable(_NOT_WHAT_IS_DOCUMENTED) from None
            return frozenset(codes | {_PLAIN[code] for code in codes if code in _PLAIN})

        known: frozenset[str] = self._memory.get("languages", anew)
        return known


class AzureDetector(_AzureTranslation):
    """Azure Translator's detection."""

    def detect(self, text: str) -> DetectedLanguage:
        """The language. Raises EngineUnavailable."""
        answer = self._ask("POST", "detect", body=[{"Text": text[:_CHARACTERS]}])
        try:
            found, score = str(answer[0]["language"]), float(answer[0]["score"])
        except (TypeError, KeyError, IndexError, ValueError):
            raise EngineUnavailable(_NOT_WHAT_IS_DOCUMENTED) from None
        return DetectedLanguage(base(found) or UNDETERMINED, score)


class AzureTranslator(_AzureTranslation):
    """Azure Translator."""

    @property
    def pairs(self) -> frozenset[tuple[str, str]]:
        """Each listed language with each other. Raises EngineUnavailable."""

        def anew() -> frozenset[tuple[str, str]]:
            return frozenset(permutations(self.languages, 2))

        known: frozenset[tuple[str, str]] = self._memory.get("pairs", anew)
        return known

    def translate(self, texts: Sequence[str], source: str, target: str) -> list[Translation]:
        """Translations. Raises EngineUnavailable."""
        found: list[Translation] = []
        for some in _portions(texts):
            query = (
                f"&textType=plain&from={_AZURES.get(source, source)}"
                f"&to={_AZURES.get(target, target)}"
            )
            answer = self._ask("POST", "translate", query, [{"Text": text} for text in some])
            try:
                done = [str(answer[place]["translations"][0]["text"]) for place in range(len(some))]
            except (TypeError, KeyError, IndexError):
                raise EngineUnavailable(_NOT_WHAT_IS_DOCUMENTED) from None
            found += [Translation(text, Quality.CLOUD) for text in done]
        return found


class AzureSentiment:
    """Azure Language's sentiment analysis."""

    name = "azure"
    version = "2023-04-01"
    # It knows many and is told which; what it does not know it says.
    languages: frozenset[str] = frozenset()

    def __init__(self) -> None:
        if not settings.CHATSITE_COGNITIVE_AZURE_LANGUAGE_URL:
            raise EngineUnavailable("CHATSITE_COGNITIVE_AZURE_LANGUAGE_URL is not set.")

    def analyze(self, sentences: Sequence[str], language: str) -> list[SentimentScores]:
        """Scores; each sentence is a document. Raises EngineUnavailable."""
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
        answer = ask(
            "Azure Language",
            "POST",
            f"{settings.CHATSITE_COGNITIVE_AZURE_LANGUAGE_URL.rstrip('/')}"
            f"/language/:analyze-text?api-version={self.version}",
            body={
                "kind": "SentimentAnalysis",
                "analysisInput": {"documents": documents},
                # What people write to each other is not for the service to keep.
                "parameters": {"loggingOptOut": True},
            },
            headers={"Ocp-Apim-Subscription-Key": settings.CHATSITE_COGNITIVE_AZURE_LANGUAGE_KEY},
        )
        try:
            found = {one["id"]: one["confidenceScores"] for one in answer["results"]["documents"]}
            return [_scores(found[document["id"]]) for document in documents]
        except (TypeError, KeyError, ValueError):
            raise EngineUnavailable(_NOT_WHAT_IS_DOCUMENTED) from None


def _scores(given: dict[str, float]) -> SentimentScores:
    return SentimentScores(
        float(given["positive"]), float(given["neutral"]), float(given["negative"])
    )


def _portions(texts: Sequence[str]) -> Iterator[list[str]]:
    """The texts in groups that one question may hold."""
    some: list[str] = []
    size = 0
    for text in texts:
        if some and (len(some) == _TEXTS or size + len(text) > _CHARACTERS):
            yield some
            some, size = [], 0
        some.append(text)
        size += len(text)
    if some:
        yield some
