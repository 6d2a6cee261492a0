"""The unmodified azure-ai-textanalytics, in all api-versions that it has, against a real server."""

from collections.abc import Iterator
from typing import Any

import pytest
from azure.ai.textanalytics import TextAnalyticsApiVersion, TextAnalyticsClient
from azure.core.credentials import AzureKeyCredential
from azure.core.exceptions import ClientAuthenticationError, HttpResponseError

from tests.cognitive.conftest import UserToken
from tests.server import Server

pytestmark = [
    pytest.mark.cognitive,
    pytest.mark.sdk,
    pytest.mark.usefixtures("text_engines", "trust"),
]

VERSIONS = [version.value for version in TextAnalyticsApiVersion]


@pytest.fixture(params=VERSIONS)
def client(
    request: pytest.FixtureRequest, server: Server, access_key: str
) -> Iterator[TextAnalyticsClient]:
    """The SDK with the access key, asking for one of its versions."""
    with TextAnalyticsClient(
        server.https_url,
        AzureKeyCredential(access_key),
        api_version=request.param,
        retry_total=0,
    ) as made:
        yield made


def test_the_sdk_has_the_versions_that_are_proved() -> None:
    assert set(VERSIONS) == {"2023-04-01", "2022-05-01", "v3.1", "v3.0"}


def test_analyze_sentiment(client: TextAnalyticsClient) -> None:
    texts = ["\U0001f44d\U0001f3fd I love it. The food was awful!", "Ich bin sehr enttäuscht."]
    mixed, german = client.analyze_sentiment([texts[0], texts[1]], show_stats=True)
    assert mixed.sentiment == "mixed"
    assert [sentence.sentiment for sentence in mixed.sentences] == ["positive", "negative"]
    for sentence in mixed.sentences:
        if client._api_version != "v3.0":
            # That version cannot say how it counts.
            start, end = sentence.offset, sentence.offset + sentence.length
            assert texts[0][start:end] == sentence.text
        scores = sentence.confidence_scores
        assert scores.positive + scores.neutral + scores.negative == pytest.approx(1)
    assert mixed.statistics.transaction_count == 1
    assert german.sentiment == "negative"


def test_a_document_that_cannot_be_read_stays_in_its_place(client: TextAnalyticsClient) -> None:
    documents = [{"id": "b", "text": "Great!"}, {"id": "a", "text": " "}]
    good, bad = client.analyze_sentiment(documents)
    assert (good.id, good.is_error, good.sentiment) == ("b", False, "positive")
    assert (bad.id, bad.is_error, bad.error.code) == ("a", True, "InvalidDocument")


def test_detect_language(client: TextAnalyticsClient) -> None:
    french, nothing = client.detect_language(["Bonjour, comment allez-vous ?", "12 \U0001f642"])
    assert (french.primary_language.name, french.primary_language.iso6391_name) == ("French", "fr")
    assert 0.5 < french.primary_language.confidence_score <= 1
    assert nothing.primary_language.name == "(Unknown)"


def test_too_many_documents_are_refused(client: TextAnalyticsClient) -> None:
    with pytest.raises(HttpResponseError) as refused:
        client.analyze_sentiment(["a"] * 11)
    assert refused.value.status_code == 400
    assert refused.value.error.code == "InvalidDocumentBatch"


@pytest.mark.parametrize(
    "operation",
    [
        "extract_key_phrases",
        "recognize_entities",
        "recognize_linked_entities",
        "recognize_pii_entities",
        "begin_analyze_healthcare_entities",
        "begin_extract_summary",
        "begin_abstract_summary",
    ],
)
def test_what_is_not_offered_is_refused(server: Server, access_key: str, operation: str) -> None:
    with TextAnalyticsClient(server.https_url, AzureKeyCredential(access_key)) as client:
        with pytest.raises(HttpResponseError) as refused:
            getattr(client, operation)(["a"])
    assert refused.value.status_code == (404 if operation.startswith("begin_") else 400)


def test_a_key_may_go_over_plain_http(server: Server, access_key: str) -> None:
    endpoint = server.http_url.replace("localhost", "127.0.0.1")
    with TextAnalyticsClient(endpoint, AzureKeyCredential(access_key)) as client:
        [result] = client.analyze_sentiment(["What a wonderful day!"])
    assert result.sentiment == "positive"


@pytest.mark.parametrize("version", ["2023-04-01", "v3.1"])
def test_opinion_mining_finds_no_opinions(server: Server, access_key: str, version: str) -> None:
    with TextAnalyticsClient(
        server.https_url, AzureKeyCredential(access_key), api_version=version
    ) as client:
        [result] = client.analyze_sentiment(["The room was nice."], show_opinion_mining=True)
    assert result.sentiment == "positive"
    assert result.sentences[0].mined_opinions == []


@pytest.mark.parametrize("version", VERSIONS)
def test_credentials(server: Server, user: UserToken, version: str) -> None:
    options: dict[str, Any] = {"api_version": version, "retry_total": 0}
    endpoint = f"{server.https_url}/cognitive"
    with TextAnalyticsClient(endpoint, user, **options) as client:
        [result] = client.analyze_sentiment(["What a wonderful day!"])
        assert result.sentiment == "positive"
    with TextAnalyticsClient(endpoint, AzureKeyCredential("wrong"), **options) as client:
        with pytest.raises(ClientAuthenticationError):
            client.analyze_sentiment(["a"])
