"""Two resources on one server, and service tokens, through the official SDKs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from types import SimpleNamespace
from typing import Any

import pytest
from azure.communication.chat import ChatClient, CommunicationTokenCredential
from azure.communication.identity import CommunicationIdentityClient
from azure.core.credentials import AccessToken
from azure.core.exceptions import (
    ClientAuthenticationError,
    HttpResponseError,
    ResourceNotFoundError,
)

from tests.sdk.people import Person, invite
from tests.server import Server, running_server

pytestmark = pytest.mark.sdk

SERVICE_TOKEN = "a-long-random-service-token-0123456789"
CREATE_RESOURCE = (
    "from identity.models import Resource\n"
    "Resource.objects.create(name='other', hostname='127.0.0.1')"
)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with a service token, and a second resource for the host 127.0.0.1."""
    data = tmp_path_factory.mktemp("resources") / "data"
    with running_server(data, CHATSITE_SERVICE_TOKENS=SERVICE_TOKEN) as running:
        running.manage("shell", "--verbosity", "0", "-c", CREATE_RESOURCE)
        yield running


@pytest.fixture
def other(server: Server) -> SimpleNamespace:
    """The second resource: its connection string and endpoint."""
    connection_string = server.manage("connection_string", "--resource", "other").strip()
    endpoint = connection_string.partition(";")[0].removeprefix("endpoint=")
    return SimpleNamespace(connection_string=connection_string, endpoint=endpoint)


@pytest.fixture
def mallory(other: SimpleNamespace, clients: ExitStack) -> Person:
    """A user of the second resource."""
    identity = CommunicationIdentityClient.from_connection_string(other.connection_string)
    return invite(identity=identity, endpoint=other.endpoint, clients=clients)


class ServiceCredential:
    """A token credential of azure-core that always gives the same token."""

    def __init__(self, token: str) -> None:
        self.token = token

    def get_token(self, *scopes: str, **options: Any) -> AccessToken:
        """The token, for an hour."""
        return AccessToken(self.token, 2**33)


def test_a_user_of_another_resource_cannot_be_added(alice: Person, mallory: Person) -> None:
    thread_id = alice.create_thread()
    [(_, error)] = alice.thread(thread_id).add_participants([mallory.as_participant()])
    assert (error.code, error.target) == ("403", mallory.id)
    assert len(list(alice.thread(thread_id).list_participants())) == 1


def test_threads_of_another_resource_do_not_exist(alice: Person, mallory: Person) -> None:
    thread_id = alice.create_thread()
    with pytest.raises(ResourceNotFoundError):
        mallory.thread(thread_id).get_properties()
    mallory.create_thread()
    assert [item.id for item in alice.chat.list_chat_threads()] == [thread_id]


def test_a_token_is_good_for_its_own_resource_only(
    server: Server, other: SimpleNamespace, alice: Person, mallory: Person
) -> None:
    for endpoint, person in ((server.https_url, mallory), (other.endpoint, alice)):
        with ChatClient(endpoint, CommunicationTokenCredential(person.token)) as strayed:
            with pytest.raises(ClientAuthenticationError):
                list(strayed.list_chat_threads())


def test_an_access_key_is_good_for_its_own_resource_only(
    identity: CommunicationIdentityClient, other: SimpleNamespace, mallory: Person, server: Server
) -> None:
    key = server.connection_string.partition(";")[2]
    strayed = CommunicationIdentityClient.from_connection_string(f"endpoint={other.endpoint};{key}")
    with pytest.raises(ClientAuthenticationError):
        strayed.create_user()
    with pytest.raises(ResourceNotFoundError):
        identity.get_token(mallory.identifier, ["chat"])
    with pytest.raises(ResourceNotFoundError):
        identity.delete_user(mallory.identifier)


def test_a_service_token_opens_the_identity_service(server: Server, clients: ExitStack) -> None:
    identity = CommunicationIdentityClient(server.https_url, ServiceCredential(SERVICE_TOKEN))
    person = invite(identity=identity, endpoint=server.https_url, clients=clients)
    person.create_thread()
    identity.revoke_tokens(person.identifier)
    identity.delete_user(person.identifier)
    stranger = CommunicationIdentityClient(server.https_url, ServiceCredential(SERVICE_TOKEN[1:]))
    with pytest.raises(ClientAuthenticationError):
        stranger.create_user()


def test_a_service_token_is_no_user(server: Server) -> None:
    user = CommunicationIdentityClient(server.https_url, ServiceCredential(SERVICE_TOKEN))
    user.create_user()
    with ChatClient(server.https_url, ServiceCredential(SERVICE_TOKEN)) as chat:
        with pytest.raises(HttpResponseError) as caught:
            chat.create_chat_thread("Lunch")
        assert caught.value.status_code == 401
