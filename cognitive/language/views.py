"""Sentiment and language of documents, in the dialects of Azure (cognitive contract 5)."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from rest_framework.request import Request

from cognitive.credentials import caller_of_request
from cognitive.dialect_views import DialectView
from cognitive.dialects import LanguageError
from cognitive.language.answers import language_of, sentiment_of, statistics
from cognitive.language.documents import Document, documents_of
from cognitive.language.offsets import STRING_INDEX_TYPES, TEXT_ELEMENTS
from wire.views import json_response

# Documents of one request.
SENTIMENT_DOCUMENTS = 10
DETECTION_DOCUMENTS = 1_000

VERSIONS = frozenset(
    {
        "2022-05-01",
        "2022-10-01-preview",
        "2023-04-01",
        "2023-04-15-preview",
        "2023-11-15-preview",
        "2024-11-01",
        "2024-11-15-preview",
        "2025-05-15-preview",
        "2025-11-01",
    }
)

Answer = Callable[[Document], tuple[Any, str]]


class AnalyzeTextView(DialectView):
    """`POST /language/:analyze-text`."""

    def post(self, request: Request, **kwargs: Any) -> HttpResponse:
        """The results of the one kind of analysis that the body asks for."""
        version = request.query_params.get("api-version")
        if version not in VERSIONS:
            raise LanguageError("InvalidParameterValue", "The api-version is missing or unknown.")
        body = self.json(request)
        if not isinstance(body, dict):
            raise LanguageError("InvalidRequestBodyFormat", "The body must be a JSON object.")
        parameters = body.get("parameters") or {}
        if not isinstance(parameters, dict):
            raise LanguageError("InvalidRequestBodyFormat", "`parameters` must be an object.")
        kind = body.get("kind")
        analyzed = body.get("analysisInput")
        resource_id = caller_of_request(request).resource_id
        if kind == "SentimentAnalysis":
            index_type = string_index_type(parameters.get("stringIndexType"))
            answer, most = sentiments(index_type, resource_id), SENTIMENT_DOCUMENTS
        elif kind == "LanguageDetection":
            answer, most = languages(resource_id), DETECTION_DOCUMENTS
        else:
            raise LanguageError(
                "InvalidParameterValue",
                "The kind must be SentimentAnalysis or LanguageDetection: no other is offered.",
            )
        results = results_of(analyzed, most, answer, shows_statistics(request))
        return json_response({"kind": f"{kind}Results", "results": results})


class LegacySentimentView(DialectView):
    """`POST /text/analytics/v3.x/sentiment`."""

    def post(self, request: Request, **kwargs: Any) -> HttpResponse:
        """The sentiment of each document."""
        body = self.json(request)
        index_type = string_index_type(request.query_params.get("stringIndexType"))
        answer = sentiments(index_type, caller_of_request(request).resource_id)
        return json_response(
            results_of(body, SENTIMENT_DOCUMENTS, answer, shows_statistics(request))
        )


class LegacyLanguagesView(DialectView):
    """`POST /text/analytics/v3.x/languages`."""

    def post(self, request: Request, **kwargs: Any) -> HttpResponse:
        """The language of each document."""
        body = self.json(request)
        answer = languages(caller_of_request(request).resource_id)
        return json_response(
            results_of(body, DETECTION_DOCUMENTS, answer, shows_statistics(request))
        )


def sentiments(index_type: str, resource_id: UUID) -> Answer:
    """A function that tells a document's sentiment."""
    return lambda document: sentiment_of(document, index_type, resource_id)


def languages(resource_id: UUID) -> Answer:
    """A function that tells a document's language."""
    return lambda document: language_of(document, resource_id)


def results_of(members: Any, most: int, answer: Answer, with_statistics: bool) -> dict[str, Any]:
    """The results of the documents; those that are refused stand in `errors`."""
    documents, refused = documents_of(members, most)
    items = []
    version = "latest"
    for document in documents:
        item, version = answer(document)
        if with_statistics:
            item["statistics"] = {"charactersCount": document.length, "transactionsCount": 1}
        items.append(item)
    results: dict[str, Any] = {
        "documents": items,
        "errors": [one.json() for one in refused],
        "modelVersion": version,
    }
    if with_statistics:
        results["statistics"] = statistics(documents, len(refused))
    return results


def string_index_type(given: Any) -> str:
    """How offsets are counted. Raises LanguageError."""
    if given is None or given == "":
        return TEXT_ELEMENTS
    if not isinstance(given, str) or given.lower() not in STRING_INDEX_TYPES:
        raise LanguageError(
            "InvalidParameterValue",
            "stringIndexType must be TextElements_v8, UnicodeCodePoint or Utf16CodeUnit.",
        )
    return given.lower()


def shows_statistics(request: Request) -> bool:
    """Whether statistics are asked for."""
    return (request.query_params.get("showStats") or "").lower() == "true"
