"""The APIs of Azure Language and Text Analytics: requests of the SDKs and their responses."""

from typing import Any

import pytest
from pytest_django import Settings

from cognitive import engines
from cognitive.tests.azure_clients import AzureClient
from cognitive.tests.azure_clients import app as app
from cognitive.tests.azure_clients import engines_for_tests as engines_for_tests
from cognitive.tests.azure_engines import GoodAndBad

ANALYZE = "/language/:analyze-text?api-version=2023-04-01"
LEGACY = "/text/analytics/v3.1"
NEUTRAL = {"positive": 0.33, "neutral": 0.34, "negative": 0.33}
GOOD = {"positive": 0.98, "neutral": 0.01, "negative": 0.01}
BAD = {"positive": 0.01, "neutral": 0.29, "negative": 0.7}


def documents(*texts: str, **members: Any) -> dict[str, Any]:
    """The input with these texts; their ids are 0, 1, …"""
    listed = [{"id": str(n), "text": text, **members} for n, text in enumerate(texts)]
    return {"documents": listed}


def sentiment(*texts: str, **parameters: Any) -> dict[str, Any]:
    """The body that asks for the sentiment of texts."""
    asked = {"kind": "SentimentAnalysis", "analysisInput": documents(*texts)}
    return {**asked, "parameters": parameters}


def error_of(answer: Any) -> tuple[int, str, str | None]:
    """Status, code and inner code of an error; asserts its form."""
    body = answer.json()
    assert list(body) == ["error"]
    error = body["error"]
    assert error["message"]
    assert answer["apim-request-id"]
    inner = error.get("innererror")
    assert inner is None or inner["message"]
    return answer.status_code, error["code"], inner and inner["code"]


def test_sentiment_of_a_document_and_its_sentences(app: AzureClient) -> None:
    answer = app.post(ANALYZE, sentiment("It is good. Nothing else."))
    assert answer.status_code == 200, answer.content
    assert answer.json() == {
        "kind": "SentimentAnalysisResults",
        "results": {
            "documents": [
                {
                    "id": "0",
                    "sentiment": "positive",
                    "confidenceScores": {"positive": 0.66, "neutral": 0.17, "negative": 0.17},
                    "sentences": [
                        {
                            "sentiment": "positive",
                            "confidenceScores": GOOD,
                            "offset": 0,
                            "length": 11,
                            "text": "It is good.",
                        },
                        {
                            "sentiment": "neutral",
                            "confidenceScores": NEUTRAL,
                            "offset": 12,
                            "length": 13,
                            "text": "Nothing else.",
                        },
                    ],
                    "warnings": [],
                }
            ],
            "errors": [],
            "modelVersion": "good-and-bad-1",
        },
    }


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("It is good. So.", "positive"),
        ("It is bad. So.", "negative"),
        ("It is good. It is bad.", "mixed"),
        ("So. So.", "neutral"),
    ],
)
def test_the_label_of_a_document(app: AzureClient, text: str, label: str) -> None:
    [document] = app.post(ANALYZE, sentiment(text)).json()["results"]["documents"]
    assert document["sentiment"] == label
    assert sum(document["confidenceScores"].values()) == pytest.approx(1)


@pytest.mark.parametrize(
    ("index_type", "offset", "length"),
    [
        ("UnicodeCodePoint", 13, 5),
        ("Utf16CodeUnit", 15, 6),
        ("TextElements_v8", 9, 4),
        ("TextElement_v8", 9, 4),
        (None, 9, 4),
    ],
)
def test_offsets_are_counted_as_the_client_counts(
    app: AzureClient, index_type: str | None, offset: int, length: int
) -> None:
    # Flags are two code points and one text element, an accent is a code point of its own.
    text = "Cafe\u0301\r\n\U0001f1eb\U0001f1f7\u1112\u1161! a\u0301 \U0001f44d."
    parameters = {"stringIndexType": index_type} if index_type else {}
    [document] = app.post(ANALYZE, sentiment(text, **parameters)).json()["results"]["documents"]
    last = document["sentences"][-1]
    assert (last["offset"], last["length"]) == (offset, length)


def test_legacy_answers_are_the_results_without_wrapper(app: AzureClient) -> None:
    for version in ("v3.0", "v3.1"):
        path = f"/text/analytics/{version}/sentiment"
        answer = app.post(path, documents("It is bad."))
        assert answer.status_code == 200, answer.content
        [document] = answer.json()["documents"]
        assert (document["sentiment"], document["confidenceScores"]) == ("negative", BAD)
        assert answer.json()["errors"] == []


def test_the_language_of_documents(app: AzureClient) -> None:
    body = {"kind": "LanguageDetection", "analysisInput": documents("Hola", "🙂")}
    answer = app.post(ANALYZE, body)
    spanish = {"name": "Spanish", "iso6391Name": "es", "confidenceScore": 0.99}
    unknown = {"name": "(Unknown)", "iso6391Name": "(Unknown)", "confidenceScore": 0.0}
    assert answer.json() == {
        "kind": "LanguageDetectionResults",
        "results": {
            "documents": [
                {"id": "0", "detectedLanguage": spanish, "warnings": []},
                {"id": "1", "detectedLanguage": unknown, "warnings": []},
            ],
            "errors": [],
            "modelVersion": "first-word-1",
        },
    }
    answer = app.post(f"{LEGACY}/languages", documents("Hola"))
    assert answer.json()["documents"][0]["detectedLanguage"] == spanish


def test_paths_below_cognitive_are_the_same(app: AzureClient) -> None:
    assert app.post(f"/cognitive{ANALYZE}", sentiment("good")).status_code == 200
    assert app.post(f"/cognitive{LEGACY}/sentiment", documents("good")).status_code == 200


def test_a_document_that_cannot_be_read_does_not_stop_the_others(app: AzureClient) -> None:
    answer = app.post(ANALYZE, sentiment("", "good", " \n", "a" * 5_121, "\U0001f44d" * 5_120))
    results = answer.json()["results"]
    assert [document["id"] for document in results["documents"]] == ["1", "4"]
    assert [error["id"] for error in results["errors"]] == ["0", "2", "3"]
    for error in results["errors"]:
        assert error["error"]["code"] == "InvalidArgument"
        assert error["error"]["innererror"]["code"] == "InvalidDocument"
    assert results["errors"][0]["error"]["innererror"]["message"] == "Document text is empty."


def test_statistics_come_on_demand(app: AzureClient) -> None:
    answer = app.post(f"{LEGACY}/sentiment?showStats=true", documents("", "good"))
    counted = {"documentsCount": 2, "validDocumentsCount": 1, "erroneousDocumentsCount": 1}
    assert answer.json()["statistics"] == {**counted, "transactionsCount": 1}
    of_one = {"charactersCount": 4, "transactionsCount": 1}
    assert answer.json()["documents"][0]["statistics"] == of_one


def test_what_the_sdks_say_by_themselves_is_not_the_language(app: AzureClient) -> None:
    body = {"kind": "SentimentAnalysis", "analysisInput": documents("Hola", language="en")}
    app.post(ANALYZE, body)
    body["analysisInput"] = documents("Hola", language="fr")
    app.post(ANALYZE, body)
    body["analysisInput"] = documents("Hola", language="'; --")
    app.post(ANALYZE, body)
    assert GoodAndBad.languages_called == ["es", "fr", "es"]


@pytest.mark.parametrize(
    ("path", "body", "inner"),
    [
        ("/language/:analyze-text", sentiment("a"), "InvalidParameterValue"),
        (f"{ANALYZE}x", sentiment("a"), "InvalidParameterValue"),
        (ANALYZE, [], "InvalidRequestBodyFormat"),
        (ANALYZE, b"{", "InvalidRequestBodyFormat"),
        (ANALYZE, {"kind": "KeyPhraseExtraction"}, "InvalidParameterValue"),
        (ANALYZE, {"kind": ["a"]}, "InvalidParameterValue"),
        (ANALYZE, {"kind": "SentimentAnalysis"}, "MissingInputDocuments"),
        (ANALYZE, {"kind": "SentimentAnalysis", "parameters": 7}, "InvalidRequestBodyFormat"),
        (ANALYZE, sentiment(), "MissingInputDocuments"),
        (ANALYZE, sentiment("a", stringIndexType="Bytes"), "InvalidParameterValue"),
        (ANALYZE, sentiment("a", stringIndexType=8), "InvalidParameterValue"),
        (ANALYZE, sentiment(*["a"] * 11), "InvalidDocumentBatch"),
        (f"{LEGACY}/sentiment", documents(*["a"] * 11), "InvalidDocumentBatch"),
        (f"{LEGACY}/languages", documents(*["a"] * 1_001), "InvalidDocumentBatch"),
        (f"{LEGACY}/sentiment", {}, "MissingInputDocuments"),
        (f"{LEGACY}/sentiment", [], "MissingInputDocuments"),
        (f"{LEGACY}/sentiment", {"documents": [7]}, "InvalidRequestBodyFormat"),
        (f"{LEGACY}/sentiment", {"documents": [{"text": "a"}]}, "InvalidDocument"),
        (f"{LEGACY}/sentiment", {"documents": [{"id": 7, "text": "a"}]}, "InvalidDocument"),
        (
            f"{LEGACY}/sentiment",
            {"documents": [{"id": "a", "text": 7}]},
            "InvalidRequestBodyFormat",
        ),
        (f"{LEGACY}/sentiment", {"documents": [{"id": "a", "text": "a"}] * 2}, "InvalidDocument"),
        (f"{LEGACY}/sentiment?stringIndexType=a", documents("a"), "InvalidParameterValue"),
    ],
)
def test_a_request_that_makes_no_sense(app: AzureClient, path: str, body: Any, inner: str) -> None:
    assert error_of(app.post(path, body)) == (400, "InvalidRequest", inner)
    assert GoodAndBad.languages_called == []


def test_other_methods_and_content_types_are_refused(app: AzureClient) -> None:
    assert error_of(app.get(ANALYZE)) == (405, "MethodNotAllowed", None)
    answer = app.post(ANALYZE, b"a", content_type="text/plain")
    assert error_of(answer) == (415, "UnsupportedMediaType", None)


@pytest.mark.parametrize(
    "path",
    ["/language/", "/language/analyze-text/jobs", "/text/analytics/v2.1/sentiment",
     "/text/analytics/v3.1/keyPhrases", "/cognitive/language/x"],
)  # fmt: skip
def test_unknown_operations_are_refused(app: AzureClient, path: str) -> None:
    assert error_of(app.post(path, {})) == (404, "404", None)


def test_a_body_over_the_limit_is_refused(app: AzureClient, settings: Settings) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 100
    answer = app.post(ANALYZE, sentiment("a" * 200))
    assert error_of(answer) == (413, "RequestEntityTooLarge", None)


@pytest.mark.parametrize("names", [[], ["broken"]])
def test_without_an_engine_that_works_the_service_is_unavailable(
    app: AzureClient, settings: Settings, names: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    settings.COGNITIVE_ENGINES = {**settings.COGNITIVE_ENGINES, "sentiment": names}
    engines.reset_engines()
    answer = app.post(ANALYZE, sentiment("a secret"))
    assert error_of(answer) == (503, "ServiceUnavailable", None)
    assert "secret" not in answer.content.decode() + caplog.text


def test_the_next_engine_answers_for_one_that_fails(app: AzureClient, settings: Settings) -> None:
    settings.COGNITIVE_ENGINES = {
        **settings.COGNITIVE_ENGINES,
        "sentiment": ["broken", "good-and-bad"],
    }
    engines.reset_engines()
    results = app.post(ANALYZE, sentiment("good")).json()["results"]
    assert results["documents"][0]["sentiment"] == "positive"
    assert results["modelVersion"] == "good-and-bad-1"
