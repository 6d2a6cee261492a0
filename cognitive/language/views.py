"""The APIs of Azure Language (cognitive contract 5)."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from rest_framework.request import Request

from cognitive.azure_errors import LanguageError
from cognitive.azure_views import AzureView
from cognitive.credentials import caller_of_request
from cognitive.language.answers import language_of, sentiment_of, statistics
from cognitive.language.documents import Document, parse_documents
from cognitive.language.offsets import STRING_INDEX_TYPES, TEXT_ELEMENTS
from wire.views import json_response

# Maximum numbers of documents in a request.
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

# Returns the item of a document, and the version of the engine.
Analysis = Callable[[Document], tuple[Any, str]]


class AnalyzeTextView(AzureView):
    """`POST /language/:analyze-text`."""

    def post(self, request: Request, **kwargs: Any) -> HttpResponse:
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
        documents = body.get("analysisInput")
        resource_id = caller_of_request(request).resource_id
        if kind == "SentimentAnalysis":
            index_type = string_index_type(parameters.get("stringIndexType"))
            analysis, limit = sentiments(index_type, resource_id), SENTIMENT_DOCUMENTS
        elif kind == "LanguageDetection":
            analysis, limit = languages(resource_id), DETECTION_DOCUMENTS
        else:
            raise LanguageError(
                "InvalidParameterValue",
                "The kind must be SentimentAnalysis or LanguageDetection.",
            )
        results = results_of(documents, limit, analysis, shows_statistics(request))
        return json_response({"kind": f"{kind}Results", "results": results})


class LegacySentimentView(AzureView):
    """`POST /text/analytics/v3.x/sentiment`."""

    def post(self, request: Request, **kwargs: Any) -> HttpResponse:
        body = self.json(request)
        index_type = string_index_type(request.query_params.get("stringIndexType"))
        analysis = sentiments(index_type, caller_of_request(request).resource_id)
        return json_response(
            results_of(body, SENTIMENT_DOCUMENTS, analysis, shows_statistics(request))
        )


class LegacyLanguagesView(AzureView):
    """`POST /text/analytics/v3.x/languages`."""

    def post(self, request: Request, **kwargs: Any) -> HttpResponse:
        body = self.json(request)
        analysis = languages(caller_of_request(request).resource_id)
        return json_response(
            results_of(body, DETECTION_DOCUMENTS, analysis, shows_statistics(request))
        )


def sentiments(index_type: str, resource_id: UUID) -> Analysis:
    """The sentiment analysis of one document."""
    return lambda document: sentiment_of(document, index_type, resource_id)


def languages(resource_id: UUID) -> Analysis:
    """The language detection of one document."""
    return lambda document: language_of(document, resource_id)


def results_of(body: Any, limit: int, analysis: Analysis, with_statistics: bool) -> dict[str, Any]:
    """The `results` of a response, with the documents that failed in `errors`."""
    documents, errors = parse_documents(body, limit)
    items = []
    version = "latest"
    for document in documents:
        item, version = analysis(document)
        if with_statistics:
            item["statistics"] = {"charactersCount": document.length, "transactionsCount": 1}
        items.append(item)
    results: dict[str, Any] = {
        "documents": items,
        "errors": [one.json() for one in errors],
        "modelVersion": version,
    }
    if with_statistics:
        results["statistics"] = statistics(documents, len(errors))
    return results


def string_index_type(given: Any) -> str:
    """The unit of offsets, text elements by default. Raises LanguageError."""
    if given is None or given == "":
        return TEXT_ELEMENTS
    if not isinstance(given, str) or given.lower() not in STRING_INDEX_TYPES:
        raise LanguageError(
            "InvalidParameterValue",
            "stringIndexType must be TextElements_v8, UnicodeCodePoint or Utf16CodeUnit.",
        )
    return given.lower()


def shows_statistics(request: Request) -> bool:
    """Whether the request asks for statistics."""
    return (request.query_params.get("showStats") or "").lower() == "true"
