"""The requests of the Java and .NET SDKs, written by hand: neither runs in these tests."""

from __future__ import annotations

import json
import time
import uuid
from email.utils import formatdate
from urllib.parse import quote, urlsplit

import pytest

from tests.sdk.keys import regenerate_secondary_key, secondary_key
from tests.sdk.people import Person
from tests.sdk.signing import JSON, Answer, send, signature, signed_headers
from tests.server import Server

pytestmark = pytest.mark.sdk

IDENTITY = "api-version=2023-10-01"
CREATE = f"/identities?{IDENTITY}"
CHAT = "api-version=2025-03-15"


def access_key(server: Server) -> str:
    """The key in the connection string."""
    return server.connection_string.partition(";accesskey=")[2]


def host(server: Server) -> str:
    """The authority of the endpoint, port included."""
    return urlsplit(server.https_url).netloc


def create_identity(
    server: Server, key: str, *, signed_host: str | None = None, date: str | None = None
) -> Answer:
    """CreateIdentity, signed with a key; by default for the right host and now."""
    headers = signed_headers(key, "POST", CREATE, host=signed_host or host(server), date=date)
    return send(server, "POST", CREATE, headers=headers)


def as_user(
    person: Person, method: str, target: str, server: Server, body: object = None
) -> Answer:
    """A chat request with a user's token; no body and no content type without `body`."""
    headers = {"Authorization": f"Bearer {person.token}"}
    if body is None:
        return send(server, method, target, headers=headers)
    kind = "application/merge-patch+json" if method == "PATCH" else "application/json"
    headers |= {"Content-Type": kind}
    return send(server, method, target, headers=headers, body=json.dumps(body).encode())


def quoted(thread_id: str) -> str:
    """The thread's path as Java, .NET, Python and JavaScript write it."""
    return f"/chat/threads/{quote(thread_id, safe='')}"


# Signatures ------------------------------------------------------------------------------


def test_the_signature_is_that_of_the_official_sdk() -> None:
    assert (
        signature(
            "bG9jYWwtdGVzdC1rZXktMDEyMzQ1Njc4OWFiY2RlZjA=",
            "POST",
            "/identities/8%3Aacs%3Aaaaa_bbbb/:issueAccessToken?api-version=2023-10-01",
            date="Mon, 23 Nov 2026 06:00:00 GMT",
            host="localhost:8443",
            body=b'{"scopes": ["chat"]}',
        )
        == "u+KoPK3ItMNR06Rd9ywM9O09XR9KiQgNSXwrsT456Hk="
    )


def test_java_signs_the_host_without_the_port(server: Server) -> None:
    answer = create_identity(server, access_key(server), signed_host="localhost")
    assert answer.status == 201
    raw_id = answer.json()["identity"]["id"]
    for operation, status in ((":issueAccessToken", 200), (":revokeAccessTokens", 204)):
        for spelling in (quote(raw_id, safe=""), raw_id):
            target = f"/identities/{spelling}/{operation}?{IDENTITY}"
            body = b'{"scopes":["chat"]}' if status == 200 else b""
            headers = signed_headers(
                access_key(server), "POST", target, host="localhost", body=body
            )
            headers |= JSON if body else {}
            assert send(server, "POST", target, headers=headers, body=body).status == status


def test_dotnet_signs_the_host_with_the_port(server: Server) -> None:
    assert create_identity(server, access_key(server)).status == 201


def test_the_signed_host_may_be_spelled_otherwise_than_the_sent_one(server: Server) -> None:
    with_port = host(server)
    spellings = [
        ("localhost", with_port),
        (with_port, "localhost"),
        (f"{with_port}/", with_port),
    ]
    for signed, sent in spellings:
        headers = signed_headers(access_key(server), "POST", CREATE, host=signed)
        answer = send(server, "POST", CREATE, headers=headers | {"Host": sent})
        assert answer.status == 201, (signed, sent)
    headers = signed_headers(access_key(server), "POST", CREATE, host="example.org")
    answer = send(server, "POST", CREATE, headers=headers | {"Host": with_port})
    assert answer.status == 401


def test_a_signature_of_something_else_is_refused(server: Server) -> None:
    key = access_key(server)
    stale = formatdate(time.time() - 3600, usegmt=True)
    early = formatdate(time.time() + 3600, usegmt=True)
    refused = [
        create_identity(server, "d3Jvbmc="),
        create_identity(server, key, date=stale),
        create_identity(server, key, date=early),
        create_identity(server, key, date="yesterday"),
    ]
    body = b'{"createTokenWithScopes":["chat"]}'
    signed = signed_headers(key, "POST", CREATE, host=host(server), body=body) | JSON
    other_body = body.replace(b"chat", b"voip")
    refused += [
        send(server, "POST", CREATE, headers=signed, body=other_body),
        send(server, "POST", f"{CREATE}&more=1", headers=signed, body=body),
        send(server, "POST", "/identities?api-version=2022-10-01", headers=signed, body=body),
        send(server, "POST", CREATE, headers=JSON, body=body),
    ]
    for answer in refused:
        assert answer.status == 401
        assert answer.json()["error"]["code"]
        assert answer.headers["www-authenticate"].startswith("HMAC-SHA256")
    assert send(server, "POST", CREATE, headers=signed, body=body).status == 201


def test_both_keys_sign_until_they_are_regenerated(server: Server) -> None:
    old = secondary_key(server)
    assert create_identity(server, old).status == 201
    new = regenerate_secondary_key(server)
    assert create_identity(server, old).status == 401
    assert create_identity(server, new).status == 201
    assert create_identity(server, access_key(server)).status == 201


# .NET ------------------------------------------------------------------------------------


def test_dotnet_sends_identifiers_without_raw_id(
    server: Server, alice: Person, bob: Person
) -> None:
    member = {"communicationIdentifier": {"communicationUser": {"id": bob.id}}}
    target = f"/chat/threads?{CHAT}"
    created = as_user(alice, "POST", target, server, {"topic": "Lunch", "participants": [member]})
    assert created.status == 201
    assert "invalidParticipants" not in created.json()
    thread_id = created.json()["chatThread"]["id"]
    listed = as_user(bob, "GET", f"{quoted(thread_id)}/participants?{CHAT}", server)
    assert [p["communicationIdentifier"] for p in listed.json()["value"]] == [
        {"rawId": raw_id, "communicationUser": {"id": raw_id}} for raw_id in (alice.id, bob.id)
    ]
    target = f"{quoted(thread_id)}/participants/:remove?{CHAT}"
    removed = as_user(alice, "POST", target, server, {"communicationUser": {"id": bob.id}})
    assert removed.status == 204
    assert as_user(bob, "GET", f"{quoted(thread_id)}?{CHAT}", server).status == 403


def test_dotnet_sends_type_null(server: Server, alice: Person) -> None:
    messages = f"{quoted(alice.create_thread())}/messages"
    body = {"content": "Hi", "senderDisplayName": None, "type": None, "metadata": None}
    sent = as_user(alice, "POST", f"{messages}?{CHAT}", server, body)
    assert sent.status == 201
    message = as_user(alice, "GET", f"{messages}/{sent.json()['id']}?{CHAT}", server).json()
    assert message["type"] == "text"
    assert message["content"]["message"] == "Hi"
    assert None not in message.values()


def test_dotnet_add_participant_sees_no_failure(server: Server, alice: Person, bob: Person) -> None:
    target = f"{quoted(alice.create_thread())}/participants/:add?{CHAT}"
    member = {"communicationIdentifier": {"communicationUser": {"id": bob.id}}}
    for _ in range(2):
        added = as_user(alice, "POST", target, server, {"participants": [member]})
        assert (added.status, added.json()) == (201, {})


# Java and the mobile SDKs ----------------------------------------------------------------


def test_java_encodes_the_colon_of_add_and_remove(
    server: Server, alice: Person, bob: Person
) -> None:
    participants = f"{quoted(alice.create_thread())}/participants"
    identifier = {"rawId": bob.id, "communicationUser": {"id": bob.id}}
    body = {"participants": [{"communicationIdentifier": identifier}]}
    added = as_user(alice, "POST", f"{participants}/%3Aadd?{CHAT}", server, body)
    assert (added.status, added.json()) == (201, {})
    removed = as_user(alice, "POST", f"{participants}/%3Aremove?{CHAT}", server, identifier)
    assert (removed.status, removed.body) == (204, b"")


def test_android_and_ios_write_the_thread_id_raw(server: Server, alice: Person) -> None:
    thread_id = alice.create_thread()
    for path in (quoted(thread_id), f"/chat/threads/{thread_id}"):
        answer = as_user(alice, "GET", f"{path}?api-version=2021-09-07", server)
        assert (answer.status, answer.json()["id"]) == (200, thread_id)


def test_typing_needs_neither_body_nor_content_type(server: Server, alice: Person) -> None:
    typing = f"{quoted(alice.create_thread())}/typing?api-version=2021-03-07"
    answer = as_user(alice, "POST", typing, server)
    assert (answer.status, answer.body) == (200, b"")
    assert answer.headers["content-length"] == "0"


def test_location_and_versions_are_told(server: Server, alice: Person) -> None:
    created = as_user(alice, "POST", f"/chat/threads?{CHAT}", server, {"topic": "Lunch"})
    thread_id = created.json()["chatThread"]["id"]
    location = f"{server.https_url.rstrip('/')}/chat/threads/{thread_id.replace(':', '%3A')}"
    assert created.headers["location"] == location
    assert "2025-03-15" in created.headers["api-supported-versions"].split(", ")
    sent = as_user(alice, "POST", f"{quoted(thread_id)}/messages?{CHAT}", server, {"content": "Hi"})
    assert sent.headers["location"] == f"{location}/messages/{sent.json()['id']}"


def test_a_repeated_create_is_the_same_thread(server: Server, alice: Person) -> None:
    headers = JSON | {
        "Authorization": f"Bearer {alice.token}",
        "repeatability-request-id": str(uuid.uuid4()),
    }
    first, again = (
        send(server, "POST", f"/chat/threads?{CHAT}", headers=headers, body=b'{"topic":"Lunch"}')
        for _ in range(2)
    )
    assert (first.status, again.status) == (201, 201)
    assert first.body == again.body


def test_an_error_has_both_roots_and_a_401_none(server: Server, alice: Person, eve: Person) -> None:
    path = f"{quoted(alice.create_thread())}?{CHAT}"
    refused = as_user(eve, "GET", path, server)
    assert refused.status == 403
    assert refused.headers["content-type"] == "application/json"
    assert refused.json()["CommunicationError"]["Code"] == refused.json()["error"]["code"]
    anonymous = send(server, "GET", path, headers={})
    assert (anonymous.status, anonymous.body) == (401, b"")
