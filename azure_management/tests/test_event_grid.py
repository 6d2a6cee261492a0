"""The management API of event subscriptions: definitions, refusals, secrets, concurrency."""

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client, override_settings

from identity.models import Resource, new_access_key
from tests.cast import Person
from webhooks import queue, services
from webhooks.models import Delivery, EventSubscription, ProvisioningState
from webhooks.tests.hooks import PREFIX, subscribe
from wire.errors import ChatError

SERVICE_TOKEN = "a-service-token-of-the-tests-0123456789"
SCOPE = "subscriptions/s/resourceGroups/g/providers/Microsoft.Communication/communicationServices"
URL = "https://example.org/hook?code=hidden"


@pytest.fixture(autouse=True)
def _service_token() -> Iterator[None]:
    with override_settings(CHATSITE_SERVICE_TOKENS=(SERVICE_TOKEN,)):
        yield


def path(name: str = "", resource: str = "default", version: str = "2025-02-15") -> str:
    more = f"/{name}" if name else ""
    return (
        f"/{SCOPE}/{resource}/providers/Microsoft.EventGrid/eventSubscriptions{more}"
        f"?api-version={version}"
    )


def ask(
    method: str, where: str, body: Any = None, *, token: str = SERVICE_TOKEN, **headers: str
) -> Any:
    content = body if isinstance(body, str) else json.dumps(body) if body is not None else ""
    credential = {"authorization": f"Bearer {token}"} if token else {}
    return Client().generic(
        method,
        where,
        content,
        content_type="application/json",
        headers={**credential, **headers},
    )


def definition(**members: Any) -> dict[str, Any]:
    """The body that makes a subscription; `destination` members go into its properties."""
    destination = {"endpointUrl": URL, **members.pop("destination", {})}
    return {
        "properties": {
            "destination": {"endpointType": "WebHook", "properties": destination},
            **members,
        }
    }


def refusal(answer: Any) -> tuple[int, str]:
    error = answer.json()["error"]
    assert error["code"]
    return answer.status_code, error["message"]


def test_get_returns_what_put_has_stored(resource: Resource) -> None:
    filters = {
        "includedEventTypes": [f"{PREFIX}ChatMessageReceived"],
        "subjectBeginsWith": "thread/",
        "subjectEndsWith": "x",
        "isSubjectCaseSensitive": True,
        "enableAdvancedFilteringOnArrays": True,
        "advancedFilters": [
            {"operatorType": "StringIn", "key": "data.type", "values": ["Text"]},
            {"operatorType": "NumberLessThan", "key": "data.version", "value": 5},
            {"operatorType": "IsNotNull", "key": "data.metadata"},
        ],
    }
    body = definition(
        destination={"maxEventsPerBatch": 10, "preferredBatchSizeInKilobytes": 128},
        filter=filters,
        eventDeliverySchema="CloudEventSchemaV1_0",
        labels=["one", "two"],
        expirationTimeUtc="2099-01-01T00:00:00Z",
        retryPolicy={"maxDeliveryAttempts": 5, "eventTimeToLiveInMinutes": 60},
        deadLetterDestination={"endpointType": "StorageBlob", "properties": {"resourceId": "r"}},
    )
    answer = ask("PUT", path("hook"), body)
    assert answer.status_code == 201
    assert answer["retry-after"] == "1"
    assert answer.json()["properties"]["provisioningState"] == "Creating"
    got = ask("GET", path("HOOK"))
    assert got.status_code == 200
    assert got.json()["id"] == path("hook").partition("?")[0]
    assert (got.json()["name"], got.json()["type"]) == (
        "hook",
        "Microsoft.EventGrid/eventSubscriptions",
    )
    properties = got.json()["properties"]
    assert properties["filter"] == filters
    assert properties["topic"] == f"/{SCOPE}/default"
    for member in (
        "eventDeliverySchema", "labels", "expirationTimeUtc", "retryPolicy",
        "deadLetterDestination",
    ):  # fmt: skip
        assert properties[member] == body["properties"][member]
    destination = properties["destination"]["properties"]
    assert destination["maxEventsPerBatch"] == 10
    assert destination["preferredBatchSizeInKilobytes"] == 128
    assert destination["minimumTlsVersionAllowed"] == "1.2"


def test_only_get_full_url_shows_the_query_of_the_endpoint(resource: Resource) -> None:
    ask("PUT", path("hook"), definition())
    for answer in (ask("GET", path("hook")), ask("GET", path())):
        assert "hidden" not in answer.content.decode()
        assert "https://example.org/hook" in answer.content.decode()
    full = ask("POST", path("hook/getFullUrl"))
    assert full.json() == {"endpointUrl": URL}


def header(name: str, value: Any, is_secret: bool) -> dict[str, Any]:
    return {"name": name, "type": "Static", "properties": {"value": value, "isSecret": is_secret}}


def test_a_secret_header_can_be_written_and_never_read(resource: Resource) -> None:
    headers = [header("X-Key", "s3cr3t", True), header("X-Open", "seen", False)]
    created = ask(
        "PUT", path("hook"), definition(destination={"deliveryAttributeMappings": headers})
    )
    answers = [
        created,
        ask("GET", path("hook")),
        ask("GET", path()),
        ask("POST", path("hook/getDeliveryAttributes")),
    ]
    for answer in answers:
        assert "s3cr3t" not in answer.content.decode() and "seen" in answer.content.decode()
    shown = answers[3].json()["value"]
    assert shown == [header("X-Key", None, True), header("X-Open", "seen", False)]
    # Sending back what was read changes nothing.
    body = definition(destination={"deliveryAttributeMappings": shown})
    assert ask("PUT", path("hook"), body).status_code == 201
    stored = EventSubscription.objects.get().delivery_attributes
    assert stored[0]["properties"]["value"] == "s3cr3t"


def test_put_resets_missing_members_and_patch_keeps_them(resource: Resource) -> None:
    ask("PUT", path("hook"), definition(labels=["x"], filter={"subjectBeginsWith": "a"}))
    patched = ask("PATCH", path("hook"), {"labels": ["y"]})
    assert patched.status_code == 201
    assert patched.json()["properties"]["filter"]["subjectBeginsWith"] == "a"
    assert patched.json()["properties"]["labels"] == ["y"]
    put = ask("PUT", path("hook"), definition())
    assert put.json()["properties"]["filter"]["subjectBeginsWith"] == ""
    assert put.json()["properties"]["labels"] == []
    assert EventSubscription.objects.count() == 1


def test_a_failed_validation_is_reported_with_its_reason(resource: Resource) -> None:
    subscribe(
        resource,
        URL,
        provisioning_state=ProvisioningState.FAILED,
        last_validation={"problem": "The endpoint answered with 202."},
    )
    answer = ask("GET", path("hook"))
    assert "retry-after" not in answer
    assert refusal(answer) == (200, "The endpoint answered with 202.")


def test_a_list_has_the_subscriptions_of_the_resource(
    resource: Resource, other_resource: Resource
) -> None:
    subscribe(resource, URL, name="b")
    subscribe(resource, URL, name="a")
    subscribe(other_resource, URL, name="theirs")
    assert [item["name"] for item in ask("GET", path()).json()["value"]] == ["a", "b"]


def test_deleting_twice_is_no_error(resource: Resource) -> None:
    subscribe(resource, URL)
    assert ask("DELETE", path("hook")).status_code == 200
    assert ask("DELETE", path("hook")).status_code == 204
    assert refusal(ask("GET", path("hook")))[0] == 404


# --- Access --------------------------------------------------------------------------------------


def test_users_and_anonymous_callers_are_refused(resource: Resource, alice: Person) -> None:
    assert ask("GET", path(), token="").status_code == 401
    assert ask("GET", path(), token="wrong").status_code == 401
    assert ask("GET", path(), token=alice.token).status_code == 403


def signed(resource: Resource, where: str, host: str = "testserver") -> dict[str, str]:
    """The headers of a GET that is signed with the resource's access key."""
    date = datetime.now(UTC).strftime("%a, %d %b %Y %H:%M:%S GMT")
    digest = base64.b64encode(hashlib.sha256(b"").digest()).decode()
    text = f"GET\n{where}\n{date};{host};{digest}"
    key = base64.b64decode(resource.primary_key)
    signature = base64.b64encode(hmac.new(key, text.encode(), hashlib.sha256).digest()).decode()
    names = "x-ms-date;host;x-ms-content-sha256"
    return {
        "host": host,
        "x-ms-date": date,
        "x-ms-content-sha256": digest,
        "authorization": f"HMAC-SHA256 SignedHeaders={names}&Signature={signature}",
    }


def test_the_access_key_is_accepted(resource: Resource) -> None:
    assert ask("GET", path(), token="", **signed(resource, path())).status_code == 200
    resource.primary_key = new_access_key()
    assert ask("GET", path(), token="", **signed(resource, path())).status_code == 401


def test_each_host_manages_its_own_resource(resource: Resource, other_resource: Resource) -> None:
    subscribe(resource, URL)
    assert refusal(ask("GET", path(resource="other")))[0] == 404

    def ask_there(where: str, key_of: Resource) -> Any:
        return ask("GET", where, token="", **signed(key_of, where, "other.localhost"))

    assert ask_there(path(resource="OTHER"), other_resource).json() == {"value": []}
    assert refusal(ask_there(path("hook", "other"), other_resource))[0] == 404
    # A resource cannot be managed at another resource's host, nor with another resource's key.
    assert refusal(ask_there(path(), other_resource))[0] == 404
    assert ask_there(path(resource="other"), resource).status_code == 401


@pytest.mark.parametrize("version", ["", "x", "2025", "1999-01-01"])
def test_an_api_version_is_required(resource: Resource, version: str) -> None:
    assert refusal(ask("GET", path(version=version)))[0] == 400


def test_paths_ignore_letter_case(resource: Resource) -> None:
    assert ask("GET", path().replace("resourceGroups", "resourcegroups")).status_code == 200


# --- Refusals -----------------------------------------------------------------------------------


def dynamic(name: str, field: Any) -> dict[str, Any]:
    return {"name": name, "type": "Dynamic", "properties": {"sourceField": field}}


def with_headers(*headers: Any) -> dict[str, Any]:
    return definition(destination={"deliveryAttributeMappings": list(headers)})


HUGE = {"operatorType": "NumberIn", "key": "data.version", "values": [10**400]}
REFUSED: list[tuple[Any, str]] = [
    ({}, "properties"),
    ({"properties": {}}, "destination"),
    ({"properties": {"destination": 5}}, "object"),
    ({"properties": {"destination": {"endpointType": "EventHub"}}}, "WebHook"),
    ({"properties": {"destination": {"endpointType": "WebHook"}}}, "object"),
    (definition(destination={"endpointUrl": None}), "endpointUrl"),
    (definition(destination={"endpointUrl": "http://example.org/"}), "https"),
    (definition(destination={"maxEventsPerBatch": 0}), "1 to 5000"),
    (definition(destination={"maxEventsPerBatch": 5001}), "1 to 5000"),
    (definition(destination={"maxEventsPerBatch": True}), "1 to 5000"),
    (definition(destination={"preferredBatchSizeInKilobytes": 1025}), "1 to 1024"),
    (definition(destination={"azureActiveDirectoryTenantId": "t"}), "Entra"),
    (definition(destination={"minimumTlsVersionAllowed": "1.3"}), "1.0, 1.1, 1.2"),
    (definition(eventDeliverySchema="CustomInputSchema"), "eventDeliverySchema"),
    (definition(retryPolicy={"maxDeliveryAttempts": 31}), "1 to 30"),
    (definition(retryPolicy={"eventTimeToLiveInMinutes": 1441}), "1 to 1440"),
    (definition(filter={"includedEventTypes": ["x"]}), "event type"),
    (definition(filter={"subjectBeginsWith": 5}), "subjectBeginsWith"),
    (definition(filter={"advancedFilters": [{}]}), "operator"),
    (definition(filter={"advancedFilters": [HUGE]}), "not valid"),
    (definition(labels="x"), "labels"),
    (definition(deadLetterDestination="x"), "deadLetterDestination"),
    (definition(deadLetterDestination={"x": 1e999}), "not valid JSON"),
    (definition(expirationTimeUtc="2001-01-01T00:00:00Z"), "over"),
    (definition(expirationTimeUtc="soon"), "RFC 3339"),
    (with_headers(*[header(f"X-{n}", "v", False) for n in range(11)]), "10 headers"),
    (with_headers(header("X-A", "v", False), header("x-a", "w", False)), "same name"),
    (with_headers(header("aeg-mine", "v", False)), "cannot be set"),
    (with_headers(header("Host", "v", False)), "cannot be set"),
    (with_headers(header("user-agent", "v", False)), "cannot be set"),
    (with_headers(header("X A", "v", False)), "valid HTTP header name"),
    (with_headers(header("X-A", "a\r\nB: c", False)), "printable"),
    (with_headers(header("X-A", "x" * 4097, False)), "4096"),
    (with_headers(header("X-A", None, True)), "needs a value"),
    (with_headers(header("X-A", None, False)), "needs a value"),
    (with_headers(dynamic("X-A", "source")), "not a key"),
    (with_headers(dynamic("X-A", None)), "not a key"),
    (with_headers({"name": "X-A", "type": "Other", "properties": {}}), "Static or Dynamic"),
]


@pytest.mark.parametrize(("body", "problem"), REFUSED)
def test_an_invalid_definition_is_refused(resource: Resource, body: Any, problem: str) -> None:
    # Other clients can send what json.dumps cannot write.
    content = json.dumps(body).replace("Infinity", "1e999")
    status, message = refusal(ask("PUT", path("hook"), content))
    assert (status, problem in message) == (400, True), message
    assert not EventSubscription.objects.exists()


@pytest.mark.parametrize("name", ["ab", "a_b", "x" * 65, "a%20b", "a.b"])
def test_a_name_that_event_grid_does_not_allow_is_refused(resource: Resource, name: str) -> None:
    assert refusal(ask("PUT", path(name), definition()))[0] == 400


def test_a_patch_is_checked_against_the_resulting_schema(resource: Resource) -> None:
    topic = {"operatorType": "StringIn", "key": "dataVersion", "values": ["1"]}
    ask("PUT", path("hook"), definition(filter={"advancedFilters": [topic]}))
    answer = ask("PATCH", path("hook"), {"eventDeliverySchema": "CloudEventSchemaV1_0"})
    assert refusal(answer)[0] == 400


# --- Concurrency ---------------------------------------------------------------------------------


def test_two_changes_at_once_both_count(resource: Resource) -> None:
    """A change of a stale object must not undo a change made in between."""
    subscribe(resource, URL)
    one, other = EventSubscription.objects.get(), EventSubscription.objects.get()
    services.update_event_subscription(subscription=one, fields={"labels": ["x"]})
    services.replay(subscription=one, since_ms=0)
    EventSubscription.objects.update(replay_after_id=5, failures=3)
    services.update_event_subscription(subscription=other, fields={"max_events_per_batch": 7})
    made = EventSubscription.objects.get()
    assert (made.labels, made.max_events_per_batch) == (["x"], 7)
    assert (made.replay_after_id, made.failures) == (5, 3)
    stale = EventSubscription.objects.get()
    services.update_event_subscription(subscription=made, fields={"labels": ["y"]})
    services.validate_again(subscription=stale)
    assert EventSubscription.objects.get().labels == ["y"]


def test_changing_a_subscription_that_was_deleted_meanwhile_is_not_found(
    resource: Resource,
) -> None:
    gone = subscribe(resource, URL)
    EventSubscription.objects.all().delete()
    for change in (
        lambda: services.update_event_subscription(subscription=gone, fields={"labels": ["x"]}),
        lambda: services.validate_again(subscription=gone),
    ):
        with pytest.raises(ChatError) as refused:
            change()
        assert refused.value.status == 404
    services.delete_event_subscription(subscription=gone)
    assert not EventSubscription.objects.exists()


def test_of_two_concurrent_creations_with_one_name_one_is_refused(
    resource: Resource, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The database guarantees that names differ by more than case."""
    ask("PUT", path("hook"), definition())
    monkeypatch.setattr(services, "_find", lambda *arguments: None)
    assert refusal(ask("PUT", path("HOOK"), definition()))[0] == 409
    assert EventSubscription.objects.get().name == "hook"


def test_events_that_arrive_while_a_subscription_is_deleted_go_with_it(
    resource: Resource, monkeypatch: pytest.MonkeyPatch
) -> None:
    subscription = subscribe(resource, URL)
    real = queue.delete_some
    late = iter([1])

    def delete_some(deliveries: Any) -> int:
        deleted = real(deliveries)
        for _ in () if deleted else late:
            services.send_test_event(subscription=subscription)
        return deleted

    monkeypatch.setattr(queue, "delete_some", delete_some)
    services.send_test_event(subscription=subscription)
    assert ask("DELETE", path("hook")).status_code == 200
    assert not EventSubscription.objects.exists() and not Delivery.objects.exists()


@pytest.mark.parametrize(
    "where",
    [path("a%00b"), path("a%00b/getFullUrl"), path("hook").replace("/s/", "/%00/", 1)],
)
@pytest.mark.parametrize("method", ["GET", "PUT", "POST", "DELETE"])
def test_no_address_breaks_the_server(resource: Resource, method: str, where: str) -> None:
    answer = ask(method, where, definition() if method == "PUT" else None)
    assert answer.status_code < 500
    long = path("hook").replace("/s/", f"/{'s' * 600}/", 1)
    assert ask(method, long, definition() if method == "PUT" else None).status_code < 500
