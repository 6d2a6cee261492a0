"""Fixtures of the Event Grid tests: a server with a service token, and the management SDK."""

import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from azure.communication.identity import CommunicationIdentityClient
from azure.core.credentials import AccessToken
from azure.mgmt.eventgrid import EventGridManagementClient

from tests.sdk.nodejs import find_node, find_packages
from tests.sdk.people import Person, invite
from tests.server import Server, running_server

SERVICE_TOKEN = "a-service-token-of-the-tests-0123456789"
SCOPE = (
    "subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/chat"
    "/providers/Microsoft.Communication/communicationServices/default"
)


@pytest.fixture(scope="session")
def grid_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that takes a service token."""
    folder = tmp_path_factory.mktemp("eventgrid") / "data"
    with running_server(folder, CHATSITE_SERVICE_TOKENS=SERVICE_TOKEN) as running:
        yield running


class ServiceToken:
    """The credential that the management SDK asks for tokens."""

    def get_token(self, *scopes: str, **options: object) -> AccessToken:
        return AccessToken(SERVICE_TOKEN, int(time.time()) + 3600)


@pytest.fixture
def management(grid_server: Server) -> Iterator[EventGridManagementClient]:
    """The unmodified management client, with another base URL and nothing else."""
    with EventGridManagementClient(
        ServiceToken(),
        "00000000-0000-0000-0000-000000000001",
        base_url=grid_server.https_url,
        credential_scopes=["https://localhost/.default"],
        connection_verify=str(grid_server.ca_file),
    ) as client:
        yield client


@pytest.fixture
def people(grid_server: Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Person]]:
    """Three users with official chat clients."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(grid_server.ca_file))
    with ExitStack() as clients:
        identity = CommunicationIdentityClient.from_connection_string(grid_server.connection_string)
        yield [
            invite(identity=identity, endpoint=grid_server.https_url, clients=clients)
            for _ in range(3)
        ]


@pytest.fixture(scope="session")
def node() -> Path:
    """A Node that is new enough, or skip."""
    return find_node()


@pytest.fixture(scope="session")
def packages(node: Path) -> Path:
    """The folder with @azure/eventgrid installed, or skip."""
    return find_packages(node, Path(__file__).parent / "node")
