"""azure-communication-identity, synchronous and asynchronous, unmodified, over https."""

from __future__ import annotations

import base64
import json
import re
import time
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import datetime, timedelta

import pytest
import pytest_asyncio
from azure.communication.chat import (
    ChatClient,
    CommunicationTokenCredential,
    CommunicationUserIdentifier,
)
from azure.communication.identity import CommunicationIdentityClient, CommunicationTokenScope
from azure.communication.identity.aio import (
    CommunicationIdentityClient as AsyncCommunicationIdentityClient,
)
from azure.core.credentials import AccessToken, AzureKeyCredential
from azure.core.exceptions import (
    ClientAuthenticationError,
    HttpResponseError,
    ResourceNotFoundError,
)

from tests.sdk.keys import regenerate_secondary_key, secondary_key, with_key
from tests.sdk.people import Person
from tests.server import Server

pytestmark = pytest.mark.sdk

Connect = Callable[[str], ChatClient]

USER_ID = re.compile(r"8:acs:[0-9a-f-]{36}_[0-9a-f-]{36}")
CHAT = [CommunicationTokenScope.CHAT]
# Minutes of life as the SDK takes them: accepted and refused ones.
LIVES = [60, 61, 1440]
NO_LIVES = [59, 1441]


@pytest_asyncio.fixture
async def identity_aio(server: Server) -> AsyncIterator[AsyncCommunicationIdentityClient]:
    """The asynchronous client; it trusts the CA by ``connection_verify``."""
    client = AsyncCommunicationIdentityClient.from_connection_string(
        server.connection_string, connection_verify=str(server.ca_file)
    )
    async with client:
        yield client


@pytest.fixture
def chat_with(server: Server) -> Iterator[Connect]:
    """Open a chat client for a token."""
    opened: list[ChatClient] = []

    def connect(token: str) -> ChatClient:
        opened.append(ChatClient(server.https_url, CommunicationTokenCredential(token)))
        return opened[-1]

    yield connect
    for client in opened:
        client.close()


def minutes_of_life(token: str) -> int:
    """From the SDK's own reading of the token's expiry, rounded to a minute."""
    expires_on = CommunicationTokenCredential(token).get_token().expires_on
    return round((expires_on - time.time()) / 60)


def expiring_in(token: str, *, seconds: int) -> str:
    """The token with another expiry: the SDK believes it, no server would."""
    header, payload, signature = token.split(".")
    claims = json.loads(base64.b64decode(payload + "=="))
    claims["exp"] = int(time.time()) + seconds
    changed = base64.b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    return f"{header}.{changed}.{signature}"


# Synchronous -----------------------------------------------------------------------------


def test_create_user_returns_a_new_user_each_time(identity: CommunicationIdentityClient) -> None:
    first, second = identity.create_user(), identity.create_user()
    assert USER_ID.fullmatch(first.properties["id"])
    assert first.raw_id == first.properties["id"]
    assert first.properties["id"] != second.properties["id"]


def test_create_user_and_token_opens_the_chat(
    identity: CommunicationIdentityClient, chat_with: Connect
) -> None:
    user, access_token = identity.create_user_and_token(CHAT)
    assert minutes_of_life(access_token.token) == 1440
    created = chat_with(access_token.token).create_chat_thread("Lunch")
    assert created.chat_thread.created_by.raw_id == user.properties["id"]


def test_expires_on_is_the_expiry_of_the_token(identity: CommunicationIdentityClient) -> None:
    _, access_token = identity.create_user_and_token(CHAT)
    told = datetime.fromisoformat(str(access_token.expires_on))
    read = CommunicationTokenCredential(access_token.token).get_token().expires_on
    assert told.timestamp() == read


@pytest.mark.parametrize("minutes", LIVES)
def test_get_token_takes_60_to_1440_minutes(
    identity: CommunicationIdentityClient, minutes: int
) -> None:
    life = timedelta(minutes=minutes)
    issued = identity.get_token(identity.create_user(), CHAT, token_expires_in=life)
    assert minutes_of_life(issued.token) == minutes
    _, created = identity.create_user_and_token(CHAT, token_expires_in=life)
    assert minutes_of_life(created.token) == minutes


@pytest.mark.parametrize("minutes", NO_LIVES)
def test_get_token_refuses_other_lives(identity: CommunicationIdentityClient, minutes: int) -> None:
    life = timedelta(minutes=minutes)
    user = identity.create_user()
    for attempt in (
        lambda: identity.get_token(user, CHAT, token_expires_in=life),
        lambda: identity.create_user_and_token(CHAT, token_expires_in=life),
    ):
        with pytest.raises(HttpResponseError) as caught:
            attempt()
        assert caught.value.status_code == 400
        assert caught.value.error.code
        assert caught.value.error.message


def test_get_token_needs_scopes_that_exist(identity: CommunicationIdentityClient) -> None:
    user = identity.create_user()
    every = [scope.value for scope in CommunicationTokenScope]
    assert minutes_of_life(identity.get_token(user, every).token) == 1440
    for scopes in (None, [], ["chat", "telepathy"]):
        with pytest.raises(HttpResponseError) as caught:
            identity.get_token(user, scopes)
        assert caught.value.status_code == 400


def test_the_sdk_can_read_every_token(identity: CommunicationIdentityClient) -> None:
    scopes = ["chat", "voip", "chat.join", "chat.join.limited", "voip.join"]
    for n in range(40):
        _, issued = identity.create_user_and_token(scopes[: n % 5 + 1])
        CommunicationTokenCredential(issued.token)
        payload = issued.token.split(".")[1]
        assert not set("-_") & set(payload), "the SDK decodes plain base64 only"


def test_revoke_tokens_ends_the_tokens_of_one_user(
    identity: CommunicationIdentityClient, alice: Person, bob: Person, chat_with: Connect
) -> None:
    identity.revoke_tokens(alice.identifier)
    with pytest.raises(ClientAuthenticationError):
        alice.chat.create_chat_thread("Lunch")
    bob.chat.create_chat_thread("Lunch")
    fresh = identity.get_token(alice.identifier, CHAT)
    chat_with(fresh.token).create_chat_thread("Lunch")


def test_delete_user_ends_the_user(
    identity: CommunicationIdentityClient, alice: Person, bob: Person
) -> None:
    thread_id = bob.create_thread(alice.as_participant())
    sent = alice.thread(thread_id).send_message("Farewell")
    identity.delete_user(alice.identifier)
    with pytest.raises(ClientAuthenticationError):
        alice.thread(thread_id).get_properties()
    for attempt in (
        lambda: identity.get_token(alice.identifier, CHAT),
        lambda: identity.revoke_tokens(alice.identifier),
        lambda: identity.delete_user(alice.identifier),
    ):
        with pytest.raises(ResourceNotFoundError) as caught:
            attempt()
        assert caught.value.error.code
    members = [p.identifier.raw_id for p in bob.thread(thread_id).list_participants()]
    assert members == [bob.id]
    assert bob.thread(thread_id).get_message(sent.id).content.message == "Farewell"


def test_an_unknown_user_gets_no_token(identity: CommunicationIdentityClient) -> None:
    existing = identity.create_user().properties["id"]
    raw_id = existing[:-12] + "ffffffffffff"
    with pytest.raises(ResourceNotFoundError):
        identity.get_token(CommunicationUserIdentifier(raw_id), CHAT)


def test_get_token_for_teams_user_is_refused(identity: CommunicationIdentityClient) -> None:
    with pytest.raises(ClientAuthenticationError) as caught:
        identity.get_token_for_teams_user("a.b.c", "client", "user")
    assert caught.value.status_code == 401


@pytest.mark.parametrize("end", ["", "/"])
def test_the_connection_string_works_with_and_without_a_slash(server: Server, end: str) -> None:
    endpoint, _, key = server.connection_string.removeprefix("endpoint=").partition(";accesskey=")
    endpoint = endpoint.rstrip("/") + end
    with_string = CommunicationIdentityClient.from_connection_string(
        f"endpoint={endpoint};accesskey={key}"
    )
    assert USER_ID.fullmatch(with_string.create_user().properties["id"])
    with_credential = CommunicationIdentityClient(endpoint, AzureKeyCredential(key))
    assert USER_ID.fullmatch(with_credential.create_user().properties["id"])


def test_a_wrong_access_key_is_refused(server: Server) -> None:
    wrong = CommunicationIdentityClient(server.https_url, AzureKeyCredential("d3Jvbmc="))
    with pytest.raises(ClientAuthenticationError) as caught:
        wrong.create_user()
    assert caught.value.error.code


def test_a_user_token_does_not_open_the_identity_service(server: Server, alice: Person) -> None:
    intruder = CommunicationIdentityClient(
        server.https_url, CommunicationTokenCredential(alice.token)
    )
    with pytest.raises(HttpResponseError) as caught:
        intruder.create_user()
    assert caught.value.status_code in (401, 403)


def test_a_regenerated_key_takes_its_tokens_with_it(
    server: Server, alice: Person, chat_with: Connect
) -> None:
    old = CommunicationIdentityClient.from_connection_string(
        with_key(server, secondary_key(server))
    )
    _, issued = old.create_user_and_token(CHAT)
    chat_with(issued.token).create_chat_thread("Lunch")

    new_key = regenerate_secondary_key(server)

    with pytest.raises(ClientAuthenticationError):
        old.create_user()
    with pytest.raises(ClientAuthenticationError):
        chat_with(issued.token).create_chat_thread("Lunch")
    alice.chat.create_chat_thread("Lunch")
    new = CommunicationIdentityClient.from_connection_string(with_key(server, new_key))
    _, issued = new.create_user_and_token(CHAT)
    chat_with(issued.token).create_chat_thread("Lunch")


def test_a_token_refresher_is_asked_before_the_token_ends(
    server: Server, identity: CommunicationIdentityClient
) -> None:
    user = identity.create_user()
    refreshed = []

    def refresh() -> AccessToken:
        token = identity.get_token(user, CHAT).token
        refreshed.append(token)
        return CommunicationTokenCredential(token).get_token()

    ending = expiring_in(identity.get_token(user, CHAT).token, seconds=60)
    with CommunicationTokenCredential(ending, token_refresher=refresh) as credential:
        created = ChatClient(server.https_url, credential).create_chat_thread("Lunch")
    assert created.chat_thread.created_by.raw_id == user.properties["id"]
    assert len(refreshed) == 1


# Asynchronous ----------------------------------------------------------------------------


async def test_create_user_aio(identity_aio: AsyncCommunicationIdentityClient) -> None:
    first, second = await identity_aio.create_user(), await identity_aio.create_user()
    assert USER_ID.fullmatch(first.properties["id"])
    assert first.properties["id"] != second.properties["id"]


async def test_create_user_and_token_aio(
    identity_aio: AsyncCommunicationIdentityClient, chat_with: Connect
) -> None:
    user, access_token = await identity_aio.create_user_and_token(CHAT)
    assert minutes_of_life(access_token.token) == 1440
    created = chat_with(access_token.token).create_chat_thread("Lunch")
    assert created.chat_thread.created_by.raw_id == user.properties["id"]


@pytest.mark.parametrize("minutes", LIVES)
async def test_get_token_takes_60_to_1440_minutes_aio(
    identity_aio: AsyncCommunicationIdentityClient, minutes: int
) -> None:
    life = timedelta(minutes=minutes)
    issued = await identity_aio.get_token(
        await identity_aio.create_user(), CHAT, token_expires_in=life
    )
    assert minutes_of_life(issued.token) == minutes


@pytest.mark.parametrize("minutes", NO_LIVES)
async def test_get_token_refuses_other_lives_aio(
    identity_aio: AsyncCommunicationIdentityClient, minutes: int
) -> None:
    life = timedelta(minutes=minutes)
    user = await identity_aio.create_user()
    with pytest.raises(HttpResponseError) as caught:
        await identity_aio.get_token(user, CHAT, token_expires_in=life)
    assert caught.value.status_code == 400
    with pytest.raises(HttpResponseError) as caught:
        await identity_aio.create_user_and_token(CHAT, token_expires_in=life)
    assert caught.value.status_code == 400


async def test_revoke_tokens_aio(
    identity_aio: AsyncCommunicationIdentityClient, alice: Person, bob: Person
) -> None:
    await identity_aio.revoke_tokens(alice.identifier)
    with pytest.raises(ClientAuthenticationError):
        alice.chat.create_chat_thread("Lunch")
    bob.chat.create_chat_thread("Lunch")


async def test_delete_user_aio(
    identity_aio: AsyncCommunicationIdentityClient, alice: Person
) -> None:
    await identity_aio.delete_user(alice.identifier)
    with pytest.raises(ClientAuthenticationError):
        alice.chat.create_chat_thread("Lunch")
    with pytest.raises(ResourceNotFoundError):
        await identity_aio.get_token(alice.identifier, CHAT)


async def test_get_token_for_teams_user_is_refused_aio(
    identity_aio: AsyncCommunicationIdentityClient,
) -> None:
    with pytest.raises(ClientAuthenticationError):
        await identity_aio.get_token_for_teams_user("a.b.c", "client", "user")


@pytest.mark.parametrize("end", ["", "/"])
async def test_the_connection_string_works_with_and_without_a_slash_aio(
    server: Server, end: str
) -> None:
    endpoint, _, key = server.connection_string.removeprefix("endpoint=").partition(";accesskey=")
    endpoint = endpoint.rstrip("/") + end
    ca_file = str(server.ca_file)
    clients = (
        AsyncCommunicationIdentityClient.from_connection_string(
            f"endpoint={endpoint};accesskey={key}", connection_verify=ca_file
        ),
        AsyncCommunicationIdentityClient(
            endpoint, AzureKeyCredential(key), connection_verify=ca_file
        ),
    )
    for client in clients:
        async with client:
            user = await client.create_user()
            # The user id is in the path: its colons are signed as aiohttp sends them.
            assert (await client.get_token(user, CHAT)).token
            await client.revoke_tokens(user)
            await client.delete_user(user)
