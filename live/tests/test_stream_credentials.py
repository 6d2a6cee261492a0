"""Credentials for the event stream: how clients present them, and when they expire."""

import time
from typing import Any

import jwt
import pytest
from channels.testing import HttpCommunicator
from django.db import OperationalError

from chatsite.asgi import application
from identity.models import Resource
from identity.services import delete_user, issue_access_token, regenerate_key, revoke_access_tokens
from live import hub
from live.stream import socket
from live.tests.clients import (
    Stream,
    act,
    pass_time,
    stream_of,
    stream_of_service,
    token_for,
    types,
    until,
)
from tests.cast import Person, make_person

pytestmark = pytest.mark.django_db(transaction=True)


async def test_a_client_that_cannot_set_headers_authenticates_in_its_first_frame(
    alice: Person,
) -> None:
    stream = Stream()
    assert await stream.open()
    await stream.say({"type": "authenticate", "token": alice.token})
    assert (await stream.frame())["type"] == "connected"
    await act(alice.create_thread)
    assert types(await stream.events(1)) == ["chatThreadCreated"]
    await stream.close()


@pytest.mark.parametrize("in_the_frame", [True, False])
async def test_a_ticket_opens_the_stream_once(alice: Person, in_the_frame: bool) -> None:
    answer = await act(alice.post, "/chat/events/tickets")
    assert answer.status_code == 201
    assert answer["cache-control"] == "no-store"
    ticket = answer.json()["ticket"]
    stream = Stream() if in_the_frame else Stream(f"?ticket={ticket}")
    assert await stream.open()
    if in_the_frame:
        await stream.say({"type": "authenticate", "ticket": ticket})
    assert (await stream.frame())["type"] == "connected"
    await act(alice.create_thread)
    assert types(await stream.events(1)) == ["chatThreadCreated"]
    await stream.close()
    assert not await Stream(f"?ticket={ticket}").open()
    again = Stream()
    assert await again.open()
    await again.say({"type": "authenticate", "ticket": ticket})
    assert await again.code() == 4401


async def test_a_ticket_requires_a_valid_token(alice: Person) -> None:
    alice.token = "x"
    assert (await act(alice.post, "/chat/events/tickets")).status_code == 401


@pytest.mark.parametrize("authorization", ["Bearer x", "Bearer ", "HMAC-SHA256 x", "Basic YTpi"])
async def test_a_wrong_header_is_refused_before_the_socket_opens(
    authorization: str, resource: Resource
) -> None:
    assert not await Stream("", {"authorization": authorization}).open()


async def test_a_token_in_the_url_is_not_accepted(alice: Person) -> None:
    assert not await Stream(f"?ticket={alice.token}").open()
    for name in ("token", "access_token"):
        stream = Stream(f"?{name}={alice.token}")
        assert await stream.open()
        # The server still waits for the client to authenticate.
        await until(lambda: len(socket._unauthenticated) == 1)
        await stream.close()


async def test_a_token_of_another_resource_is_refused(mallory: Person) -> None:
    assert not await Stream("", {"authorization": f"Bearer {mallory.token}"}).open()


async def test_a_token_without_a_chat_scope_is_refused(resource: Resource) -> None:
    caller = await act(make_person, "Voice", resource, "voip")
    assert not await Stream("", {"authorization": f"Bearer {caller.token}"}).open()


async def test_an_unknown_host_is_refused(alice: Person) -> None:
    alice.host = "evil.example"
    assert not await stream_of(alice).open()


async def test_a_client_that_does_not_authenticate_in_time_is_disconnected(
    resource: Resource, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket, "AUTHENTICATION_SECONDS", 0.05)
    stream = Stream()
    assert await stream.open()
    assert await stream.frame() == {"type": "disconnecting", "reason": "unauthorized"}
    assert await stream.code() == 4401


async def test_the_number_of_unauthenticated_sockets_is_limited(
    resource: Resource, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket, "MAX_UNAUTHENTICATED", 2)
    streams = [Stream() for _ in range(3)]
    assert [await stream.open() for stream in streams] == [True, True, False]
    await streams[0].close()
    assert await Stream().open()


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        ({"type": "authenticate", "token": "x"}, 4401),
        ({"type": "authenticate", "ticket": "x"}, 4401),
        ({"type": "authenticate", "token": 5}, 4401),
        ({"type": "something"}, 4400),
        ("no json", 4400),
        ("[" * 5000, 4400),
        ("5", 4400),
        ("x" * 20_000, 4413),
    ],
)
async def test_a_first_frame_that_does_not_authenticate_closes_the_socket(
    resource: Resource, frame: Any, code: int
) -> None:
    stream = Stream()
    assert await stream.open()
    await stream.say(frame)
    assert await stream.code() == code


async def test_a_database_error_during_authentication_tells_the_client_to_retry(
    alice: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(token: str, host: str) -> None:
        raise OperationalError

    monkeypatch.setattr("live.credentials.of_token", fail)
    stream = Stream()
    assert await stream.open()
    await stream.say({"type": "authenticate", "token": alice.token})
    assert await stream.frame() == {"type": "disconnecting", "reason": "restarting"}
    assert await stream.code() == 4503


async def test_a_flood_of_frames_closes_the_socket_and_affects_no_other(
    alice: Person, bob: Person
) -> None:
    witness = stream_of(alice)
    await witness.start()
    stream = stream_of(bob)
    await stream.start()
    for _ in range(200):
        await stream.say({"type": "authenticate", "token": bob.token})
    assert await stream.code() == 4429
    await act(alice.create_thread)
    assert types(await witness.events(1)) == ["chatThreadCreated"]
    await witness.close()


async def test_the_stream_ends_with_its_token(
    alice: Person, resource: Resource, quick: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    alice.token = token_for(alice, resource, seconds=60)
    stream = stream_of(alice)
    await stream.start()
    pass_time(monkeypatch, seconds=61)
    assert await stream.frame() == {"type": "disconnecting", "reason": "unauthorized"}
    assert await stream.code() == 4401
    assert not await stream_of(alice).open()


async def test_a_token_of_the_openid_issuer_ends_the_services_stream_with_it(
    resource: Resource, quick: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    # What identity/tests/test_service_tokens.py proves.
    monkeypatch.setattr("identity.openid.is_valid", lambda token: True)
    token = jwt.encode({"exp": int(time.time()) + 60}, "k" * 32)
    stream = Stream("", {"authorization": f"Bearer {token}"})
    await stream.start()
    pass_time(monkeypatch, seconds=61)
    assert await stream.code() == 4401


async def test_a_token_of_the_settings_keeps_the_services_stream_open(
    resource: Resource, quick: None, settings: Any, alice: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.CHATSITE_SERVICE_TOKENS = ["secret"]
    stream = Stream("", {"authorization": "Bearer secret"})
    await stream.start()
    await act(alice.create_thread)
    assert types(await stream.events(1)) == ["chatThreadCreated"]
    await stream.close()


async def test_a_new_token_extends_the_stream(
    alice: Person,
    bob: Person,
    resource: Resource,
    quick: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fresh = alice.token
    alice.token = token_for(alice, resource, seconds=60)
    stream, ended = stream_of(alice), stream_of(alice)
    await stream.start()
    await ended.start()
    await stream.say({"type": "authenticate", "token": fresh})
    await until(
        lambda: any(s.credential.expires > time.time() + 61 for s in hub.get_hub().subscribers)
    )
    alice.token = fresh
    pass_time(monkeypatch, seconds=61)
    assert await ended.code() == 4401
    await act(alice.create_thread)
    assert types(await stream.events(1)) == ["chatThreadCreated"]
    await stream.say({"type": "authenticate", "token": bob.token})
    assert await stream.code() == 4401


@pytest.mark.parametrize("how", ["revoked", "deleted", "key regenerated"])
async def test_a_user_whose_tokens_are_revoked_is_disconnected(
    alice: Person, bob: Person, resource: Resource, quick: None, how: str
) -> None:
    stream, witness = stream_of(alice), stream_of(bob)
    bob.token = issue_access_token(
        user=bob.user, scopes=["chat"], key_id=resource.secondary_key_id
    ).token
    witness = stream_of(bob)
    await stream.start()
    await witness.start()
    match how:
        case "revoked":
            await act(revoke_access_tokens, user=alice.user)
        case "deleted":
            await act(delete_user, user=alice.user)
        case "key regenerated":
            await act(regenerate_key, resource=resource, key_type="primary")
    assert await stream.frame() == {"type": "disconnecting", "reason": "revoked"}
    assert await stream.code() == 4403
    await act(bob.create_thread)
    assert types(await witness.events(1)) == ["chatThreadCreated"]
    await witness.close()


async def test_a_service_whose_key_is_regenerated_is_disconnected(
    resource: Resource, quick: None
) -> None:
    stream = stream_of_service(resource)
    await stream.start()
    await act(regenerate_key, resource=resource, key_type="primary")
    assert (await stream.frame())["reason"] == "revoked"
    assert await stream.code() == 4403


@pytest.mark.parametrize(
    "query",
    [
        "after=x",
        "after=5_9-1-1",
        "after=-1",
        "after=" + "9" * 30,
        "eventType=nothing",
        "threadId=%00",
        "&".join(["threadId=x"] * 101),
    ],
)
async def test_invalid_parameters_are_refused(alice: Person, query: str) -> None:
    assert not await stream_of(alice, f"?{query}").open()


async def test_sockets_at_other_paths_are_refused(alice: Person) -> None:
    for path in ("/", "/chat/threads", "/chat/events/x", "/socket.io/1/websocket/"):
        stream = Stream()
        stream.communicator.scope["path"] = path
        assert not await stream.open()


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("POST", "/chat/events", b"GET"),
        ("HEAD", "/chat/events", b"GET"),
        ("PUT", "/socket.io/1/xhr-polling/x", b"GET, POST"),
    ],
)
async def test_other_methods_are_not_allowed(
    resource: Resource, method: str, path: str, allowed: bytes
) -> None:
    answer = await HttpCommunicator(application, method, path).get_response()
    assert answer["status"] == 405
    headers = dict(answer["headers"])
    assert headers[b"allow"] == allowed
    assert headers[b"access-control-allow-origin"] == b"*"
