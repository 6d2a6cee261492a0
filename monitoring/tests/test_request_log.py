"""The request log: the columns of Azure's tables, and no secrets."""

import json

import pytest
from django.test import Client, override_settings

from identity.models import Resource
from monitoring import flusher, request_log
from monitoring.collector import collector
from monitoring.models import DAY_MS, RequestRecord
from monitoring.request_log import sdk_and_platform
from monitoring.sweeps import prune_request_log
from tests.cast import Person
from wire.times import now_ms

AGENT = "azsdk-python-communication-chat/1.3.0 Python/3.11.7 (Linux-6.1.0-x86_64-with-glibc2.36)"


def test_a_sent_message_fills_every_column(alice: Person) -> None:
    thread = alice.create_thread()
    collector.take()
    headers = {"user-agent": AGENT, "x-ms-client-request-id": "correlation-7"}
    answer = alice.post(f"{thread}/messages", {"content": "a secret word"}, headers=headers)
    flusher.flush()
    record = RequestRecord.objects.get()
    columns = request_log.columns_of(record)
    assert columns["OperationName"] == "SendChatMessage"
    assert columns["OperationVersion"] == "2025-03-15"
    assert columns["Category"] == "Operational Chat Logs"
    assert columns["CorrelationId"] == "correlation-7"
    assert (columns["ResultType"], columns["ResultSignature"]) == ("Succeeded", 201)
    assert columns["UserId"] == alice.id
    assert columns["ChatThreadId"] == thread.rpartition("/")[2]
    assert columns["ChatMessageId"] == answer.json()["id"]
    assert columns["SdkType"] == "communication-chat-python 1.3.0"
    assert columns["PlatformType"] == "Linux"
    assert columns["Level"] == "Informational"
    assert columns["DurationMs"] > 0
    assert columns["Type"] == "ACSChatIncomingOperations"


def test_bodies_tokens_and_unknown_parameters_are_in_no_column(alice: Person) -> None:
    thread = alice.create_thread(topic="a secret topic")
    alice.post(f"{thread}/messages", {"content": "a secret word", "metadata": {"k": "secret"}})
    alice.get(f"{thread}/messages", "sig=a-secret-signature&maxPageSize=5")
    alice.post(f"{thread}/messages", {"content": 5, "senderDisplayName": "a secret name"})
    Client().get(f"{thread}/messages", headers={"authorization": "Bearer secret-token"})
    flusher.flush()
    text = json.dumps([request_log.columns_of(record) for record in RequestRecord.objects.all()])
    assert RequestRecord.objects.count() == 5
    assert "maxPageSize=5" in text
    for word in ("secret", alice.token, "Bearer"):
        assert word not in text


def test_a_refusal_is_logged_with_the_code_of_the_error(alice: Person) -> None:
    assert alice.get("/chat/threads/19:nobody@thread.v2").status_code in (400, 403, 404)
    flusher.flush()
    record = RequestRecord.objects.get()
    assert (record.result_type, record.level) == ("ClientError", "Warning")
    assert record.result_description in ("BadRequest", "Forbidden", "NotFound")


def test_identity_requests_use_the_authentication_table(resource: Resource) -> None:
    assert Client().post("/identities?api-version=2023-10-01").status_code == 401
    flusher.flush()
    columns = request_log.columns_of(RequestRecord.objects.get())
    assert columns["Type"] == "ACSAuthIncomingOperations"
    assert columns["OperationName"] == "CreateIdentity"
    assert {"Identity", "Scopes"} <= set(columns)


def test_json_lines_go_to_stdout(alice: Person, capsys: pytest.CaptureFixture[str]) -> None:
    with override_settings(CHATSITE_REQUEST_LOG="stdout"):
        alice.get("/chat/threads")
        alice.get("/chat/threads")
        flusher.flush()
    lines = capsys.readouterr().out.splitlines()
    assert [json.loads(line)["OperationName"] for line in lines] == ["ListChatThreads"] * 2
    assert not RequestRecord.objects.exists()


def test_nothing_is_logged_when_it_is_off(
    alice: Person, capsys: pytest.CaptureFixture[str]
) -> None:
    with override_settings(CHATSITE_REQUEST_LOG="off"):
        alice.get("/chat/threads")
        flusher.flush()
    assert not RequestRecord.objects.exists()
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("agent", "sdk", "platform"),
    [
        (AGENT, "communication-chat-python 1.3.0", "Linux"),
        (
            "azsdk-js-communication-chat/1.6.0 core-rest-pipeline/1.16.3 OS/Windows_NT",
            "communication-chat-js 1.6.0",
            "Windows",
        ),
        (
            "azsdk-net-Communication.Chat/1.3.1 (.NET 8.0.0; Darwin 23)",
            "communication.chat-net 1.3.1",
            "Darwin",
        ),
        ("curl/8.5.0", "", ""),
        ("", "", ""),
    ],
)
def test_sdk_and_platform_come_from_the_user_agent(agent: str, sdk: str, platform: str) -> None:
    assert sdk_and_platform(agent) == (sdk, platform)


def test_hostile_headers_are_stored_shortened_and_harmless(alice: Person) -> None:
    headers = {
        "user-agent": "azsdk-x-y/" + "9" * 500,
        "x-ms-client-request-id": "\ud800" + "x" * 999,
    }
    alice.get("/chat/threads", headers=headers)
    flusher.flush()
    record = RequestRecord.objects.get()
    assert len(record.correlation_id) == 200 and len(record.sdk_type) == 80


def test_a_nul_in_the_api_version_does_not_prevent_logging(alice: Person) -> None:
    Client().get("/chat/threads?api-version=%00")
    alice.get("/chat/threads")
    flusher.flush()
    versions = RequestRecord.objects.order_by("id").values_list("operation_version", flat=True)
    assert list(versions) == ["\ufffd", "2025-03-15"]


def test_old_requests_are_deleted(alice: Person) -> None:
    alice.get("/chat/threads")
    flusher.flush()
    assert prune_request_log(now_ms()) == 0
    assert prune_request_log(now_ms() + 31 * DAY_MS) == 1
    assert not RequestRecord.objects.exists()
