"""Authentication of the Azure-compatible APIs, and their error responses."""

from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from chatsite.handler import POOL_SIZES, PooledHandler, PoolSize
from cognitive.tests.azure_clients import AzureClient
from cognitive.tests.azure_clients import engines_for_tests as engines_for_tests
from identity.models import Resource
from identity.services import delete_user, regenerate_key, revoke_access_tokens
from tests.cast import Person
from wire.routes import Pool

TRANSLATE = "/translate?api-version=3.0&to=es&from=en"
ANALYZE = "/language/:analyze-text?api-version=2023-04-01"
TEXTS = [{"text": "hello"}]
DOCUMENTS = {
    "kind": "SentimentAnalysis",
    "analysisInput": {"documents": [{"id": "0", "text": "good"}]},
}


def statuses(client: AzureClient) -> tuple[int, int]:
    """The responses of both APIs to a valid request."""
    translated = client.post(TRANSLATE, TEXTS)
    analyzed = client.post(ANALYZE, DOCUMENTS)
    if translated.status_code == 401:
        assert translated.json()["error"]["code"] == 401000
        assert "credentials are missing" in translated.json()["error"]["message"]
    if analyzed.status_code == 401:
        assert analyzed.json()["error"]["code"] == "401"
    return translated.status_code, analyzed.status_code


def with_key(key: str, host: str = "testserver") -> AzureClient:
    return AzureClient({"ocp-apim-subscription-key": key}, host)


def with_token(person: Person, host: str = "testserver") -> AzureClient:
    return AzureClient({"authorization": f"Bearer {person.token}"}, host)


def test_both_access_keys_open(resource: Resource) -> None:
    assert statuses(with_key(resource.primary_key)) == (200, 200)
    assert statuses(with_key(resource.secondary_key)) == (200, 200)


def test_a_users_token_opens(alice: Person) -> None:
    assert statuses(with_token(alice)) == (200, 200)


@pytest.mark.parametrize("key", ["wrong", "", "é", "k" * 1000])
def test_other_keys_do_not_open(resource: Resource, key: str) -> None:
    assert statuses(with_key(key)) == (401, 401)


def test_a_wrong_key_is_not_made_good_by_a_token(alice: Person) -> None:
    client = with_token(alice)
    client.headers["ocp-apim-subscription-key"] = "wrong"
    assert statuses(client) == (401, 401)


def test_nothing_opens_nothing(resource: Resource) -> None:
    assert statuses(AzureClient({})) == (401, 401)
    assert statuses(AzureClient({"authorization": "Bearer x.y.z"})) == (401, 401)
    assert statuses(AzureClient({"authorization": resource.primary_key})) == (401, 401)


def test_a_regenerated_key_is_dead_at_once(resource: Resource) -> None:
    old = resource.primary_key
    regenerate_key(resource=resource, key_type="primary")
    assert statuses(with_key(old)) == (401, 401)
    assert statuses(with_key(resource.primary_key)) == (200, 200)


def test_revoked_tokens_and_deleted_users_are_dead_at_once(alice: Person, eve: Person) -> None:
    revoke_access_tokens(user=alice.user)
    assert statuses(with_token(alice)) == (401, 401)
    delete_user(user=eve.user)
    assert statuses(with_token(eve)) == (401, 401)


def test_the_host_chooses_the_resource(
    resource: Resource, other_resource: Resource, alice: Person, mallory: Person
) -> None:
    assert statuses(with_key(other_resource.primary_key, "other.localhost")) == (200, 200)
    assert statuses(with_token(mallory, "other.localhost:8000")) == (200, 200)
    assert statuses(with_key(resource.primary_key, "other.localhost")) == (401, 401)
    assert statuses(with_key(other_resource.primary_key)) == (401, 401)
    assert statuses(with_token(alice, "other.localhost")) == (401, 401)
    assert statuses(with_token(mallory)) == (401, 401)


def test_users_are_limited_and_applications_are_not(
    alice: Person, eve: Person, resource: Resource, settings: Settings
) -> None:
    settings.CHATSITE_COGNITIVE_REQUESTS = 2
    eager = with_token(eve)
    answers = [eager.post(TRANSLATE, TEXTS) for _ in range(5)]
    refused = [answer for answer in answers if answer.status_code == 429]
    # The minute may end in between.
    assert refused
    assert refused[0].json()["error"]["code"] == 429000
    assert 0 < int(refused[0]["Retry-After"]) <= 60
    assert statuses(with_token(alice)) == (200, 200)
    for _ in range(3):
        assert statuses(with_key(resource.primary_key)) == (200, 200)


def test_pages_of_other_origins_may_ask(resource: Resource) -> None:
    headers = "authorization,content-type,ocp-apim-subscription-key,x-ms-useragent"
    asked = {"origin": "https://app.example", "access-control-request-method": "POST"}
    for path in (TRANSLATE, ANALYZE, f"/cognitive{ANALYZE}", "/languages?api-version=3.0"):
        preflight = Client().options(
            path, headers={**asked, "access-control-request-headers": headers}
        )
        assert preflight.status_code == 200
        assert preflight["Access-Control-Allow-Origin"] == "*"
        allowed = preflight["Access-Control-Allow-Headers"].split(", ")
        assert set(headers.split(",")) <= set(allowed)
    client = with_key(resource.primary_key)
    answer = client.post(TRANSLATE, TEXTS, origin="https://app.example")
    assert answer["Access-Control-Allow-Origin"] == "*"
    exposed = answer["Access-Control-Expose-Headers"].split(", ")
    assert {"x-requestid", "x-metered-usage", "x-mt-system", "retry-after"} <= set(exposed)


def test_plain_http_is_refused_in_the_format_of_the_api(
    resource: Resource, settings: Settings
) -> None:
    settings.SECURE_SSL_REDIRECT = True
    client = with_key(resource.primary_key)
    refused = client.post(TRANSLATE, TEXTS)
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, 403000)
    refused = client.post(ANALYZE, DOCUMENTS)
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "Forbidden")


@pytest.mark.parametrize(
    ("path", "code"),
    [("/translate", 429000), ("/languages", 429000), ("/language/:analyze-text", "429")],
)
async def test_a_full_queue_is_refused_in_the_format_of_the_api(
    monkeypatch: pytest.MonkeyPatch, path: str, code: Any
) -> None:
    sent: list[dict[str, Any]] = []

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    monkeypatch.setitem(POOL_SIZES, Pool.ENGINES, PoolSize(threads=1, queue=-1))
    await PooledHandler()({"type": "http", "method": "POST", "path": path}, None, send)
    assert sent[0]["status"] == 429
    headers = {name.lower(): value for name, value in sent[0]["headers"]}
    assert headers[b"retry-after"] == b"1"
    assert headers[b"access-control-allow-origin"] == b"*"
    assert f'"code":{code if isinstance(code, int) else chr(34) + code + chr(34)}' in (
        sent[1]["body"].decode()
    )
