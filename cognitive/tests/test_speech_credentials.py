"""Who may speak: by key or token, in headers, in the query, or in the first frame."""

from typing import Any
from urllib.parse import quote

import pytest
from django.test import Client

from cognitive.speech import socket, tokens
from cognitive.tests.speech import (
    CONVERSATION,
    Speaker,
    post,
    texts,
    wav_header,
)
from cognitive.tests.speech import engine as engine
from identity.models import Resource, new_access_key
from identity.services import revoke_access_tokens
from live.tests.clients import act, pass_time, token_for
from tests.cast import Person

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("engine")]
KEY = "Ocp-Apim-Subscription-Key"


def by_header(**headers: str) -> Speaker:
    return Speaker(CONVERSATION, {name.replace("_", "-"): v for name, v in headers.items()})


def by_query(name: str, value: str) -> Speaker:
    return Speaker(f"{CONVERSATION}&{name}={quote(value, safe='')}")


def issue(key: str, host: str = "testserver") -> Any:
    """The answer to a request for a token."""
    return Client().post("/sts/v1.0/issueToken", headers={KEY: key, "host": host})


async def speaks(speaker: Speaker) -> bool:
    """Whether the socket is accepted and what is said on it is understood."""
    accepted, _ = await speaker.open()
    if accepted:
        assert texts(await speaker.turn(b"hello.")) == ["hello."]
        await speaker.close()
    return accepted


async def test_an_access_key_or_a_users_token_opens(alice: Person, resource: Resource) -> None:
    assert await speaks(Speaker(CONVERSATION, {KEY: resource.primary_key}))
    assert await speaks(by_query(KEY, resource.secondary_key))
    assert await speaks(by_header(authorization=f"Bearer {alice.token}"))
    assert await speaks(by_query("Authorization", f"Bearer {alice.token}"))


async def test_python_asks_for_a_subprotocol(resource: Resource) -> None:
    speaker = Speaker(CONVERSATION, {KEY: resource.primary_key}, subprotocols=["USP"])
    assert await speaker.open() == (True, "USP")
    await speaker.close()


async def test_what_opens_nothing_is_refused(
    alice: Person, mallory: Person, other_resource: Resource, resource: Resource
) -> None:
    assert not await speaks(Speaker(CONVERSATION, {KEY: "wrong"}))
    assert not await speaks(by_query(KEY, ""))
    assert not await speaks(by_query(KEY, "schlüssel"))
    assert not await speaks(by_query("Authorization", "Bearer "))
    assert not await speaks(by_query("Authorization", alice.token))
    assert not await speaks(by_header(authorization=f"Bearer {alice.token}x"))
    # Of another resource than the host's.
    assert not await speaks(Speaker(CONVERSATION, {KEY: other_resource.primary_key}))
    assert not await speaks(by_header(authorization=f"Bearer {mallory.token}"))
    assert not await speaks(by_header(authorization=f"Bearer {alice.token}", host=mallory.host))
    assert not await speaks(Speaker(CONVERSATION, {KEY: resource.primary_key, "host": "evil.x"}))


async def test_a_token_may_come_in_the_first_frame(alice: Person, mallory: Person) -> None:
    speaker = Speaker(CONVERSATION)
    assert (await speaker.open())[0]
    await speaker.send_text("authorization", {"token": alice.token})
    assert texts(await speaker.turn(b"hello.")) == ["hello."]
    # A fresh one of the same user is welcome, one of somebody else is not.
    await speaker.send_text("authorization", {"token": alice.token})
    assert texts(await speaker.turn(b"again.")) == ["again."]
    await speaker.send_text("authorization", {"token": mallory.token})
    assert await speaker.close_code() == socket.UNAUTHORIZED


@pytest.mark.parametrize("body", [{"token": "forged"}, {}, {"token": 1}, "no JSON"])
async def test_a_bad_first_frame_closes(resource: Resource, body: object) -> None:
    speaker = Speaker(CONVERSATION)
    assert (await speaker.open())[0]
    await speaker.send_text("authorization", body)
    assert await speaker.close_code() in (socket.UNAUTHORIZED, socket.MALFORMED)


async def test_nothing_is_done_for_a_stranger(
    resource: Resource, monkeypatch: pytest.MonkeyPatch
) -> None:
    speaker = Speaker(CONVERSATION)
    assert (await speaker.open())[0]
    await speaker.send_audio(wav_header() + b"hello.")
    assert await speaker.close_code() == socket.UNAUTHORIZED
    monkeypatch.setattr(socket, "AUTHENTICATION_SECONDS", 0.05)
    silent = Speaker(CONVERSATION)
    assert (await silent.open())[0]
    assert await silent.close_code() == socket.UNAUTHORIZED


async def test_strangers_leave_room_for_others(
    alice: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket, "SOCKETS_PER_STREAM", 1)
    stranger = Speaker(CONVERSATION)
    assert (await stranger.open())[0]
    assert not (await Speaker(CONVERSATION).open())[0]
    assert await speaks(by_header(authorization=f"Bearer {alice.token}"))
    await stranger.close()


async def test_a_revoked_token_opens_no_further_turn(alice: Person) -> None:
    speaker = by_header(authorization=f"Bearer {alice.token}")
    assert (await speaker.open())[0]
    await speaker.turn(b"hello.")
    await act(revoke_access_tokens, user=alice.user)
    await speaker.send_audio(wav_header() + b"again.")
    assert await speaker.close_code() == socket.UNAUTHORIZED


async def test_an_expired_token_opens_nothing(
    alice: Person, resource: Resource, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = token_for(alice, resource, seconds=60)
    assert await speaks(by_query("Authorization", f"Bearer {token}"))
    pass_time(monkeypatch, seconds=61)
    assert not await speaks(by_query("Authorization", f"Bearer {token}"))


# --- tokens that are issued for a key ------------------------------------------------------------


async def test_an_issued_token_opens_speech_for_a_while(
    resource: Resource, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = await act(issue, resource.primary_key)
    assert answer.status_code == 200
    assert answer["content-type"].startswith("text/plain")
    assert answer["cache-control"] == "no-store"
    bearer = f"Bearer {answer.content.decode()}"
    assert await speaks(by_header(authorization=bearer))
    assert await speaks(by_query("Authorization", bearer))
    pass_time(monkeypatch, seconds=tokens.LIFETIME_SECONDS + 1)
    assert not await speaks(by_header(authorization=bearer))


async def test_a_new_key_ends_the_tokens_of_the_old_one(resource: Resource) -> None:
    answer = await act(issue, resource.primary_key)
    resource.primary_key, resource.primary_key_id = new_access_key(), "next"
    await resource.asave()
    assert not await speaks(by_header(authorization=f"Bearer {answer.content.decode()}"))


async def test_an_issued_token_is_of_one_resource(
    resource: Resource, other_resource: Resource
) -> None:
    answer = await act(issue, other_resource.primary_key, "other.localhost")
    bearer = f"Bearer {answer.content.decode()}"
    assert not await speaks(by_header(authorization=bearer))
    assert await speaks(by_header(authorization=bearer, host="other.localhost"))


def test_an_issued_token_does_not_chat(alice: Person, resource: Resource) -> None:
    eve = Person("Eve", alice.user, issue(resource.primary_key).content.decode())
    assert eve.get("/chat/threads").status_code == 401
    assert eve.post("/identities", {}, version="2023-10-01").status_code == 401


def test_only_the_key_gets_a_token(alice: Person, resource: Resource) -> None:
    for headers in (
        {},
        {KEY: "wrong"},
        {KEY: ""},
        {"authorization": f"Bearer {alice.token}"},
        {"authorization": f"Bearer {issue(resource.primary_key).content.decode()}"},
    ):
        answer = Client().post("/sts/v1.0/issueToken", headers=headers)
        assert answer.status_code == 401
        assert answer.json()["error"]["code"] == "Unauthorized"
    assert (
        Client().get("/sts/v1.0/issueToken", headers={KEY: resource.primary_key}).status_code == 405
    )


async def test_short_sound_takes_no_credentials_from_the_address(
    alice: Person, resource: Resource
) -> None:
    sound = wav_header() + b"hello."
    path = f"{CONVERSATION}&{KEY}={quote(resource.primary_key, safe='')}"
    assert (await post(path, sound, {}))[0] == 403
    assert (await post(CONVERSATION, sound, {KEY: "wrong"}))[0] == 401
    assert (await post(CONVERSATION, sound, {"authorization": "Bearer no"}))[0] == 401
    assert (await post(CONVERSATION, sound, {KEY: resource.primary_key}))[0] == 200
    by_token = {"authorization": f"Bearer {alice.token}"}
    assert (await post(CONVERSATION, sound, by_token))[0] == 200
