"""A server with a service token and an operator, and clients with the Azure SDKs."""

import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from azure.communication.identity import CommunicationIdentityClient
from azure.core.credentials import AccessToken
from azure.mgmt.monitor import MonitorManagementClient

from tests.sdk.people import Person, invite
from tests.server import Server, manage, running_server

SERVICE_TOKEN = "a-service-token-of-the-tests-0123456789"
SUBSCRIPTION = "00000000-0000-0000-0000-000000000001"
SCOPE = (
    f"subscriptions/{SUBSCRIPTION}/resourceGroups/chat"
    "/providers/Microsoft.Communication/communicationServices/default"
)
USERNAME, PASSWORD = "olga", "correct horse battery staple"


@pytest.fixture(scope="session")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that only these tests use."""
    folder = tmp_path_factory.mktemp("watched") / "data"
    with running_server(
        folder, CHATSITE_SERVICE_TOKENS=SERVICE_TOKEN, CHATSITE_DEMO="0"
    ) as running:
        account = {"CHATSITE_ADMIN_USERNAME": USERNAME, "CHATSITE_ADMIN_PASSWORD": PASSWORD}
        manage(running.environment | account, "operator")
        yield running


class ServiceToken:
    """A credential for the management SDK."""

    def get_token(self, *scopes: str, **options: object) -> AccessToken:
        return AccessToken(SERVICE_TOKEN, int(time.time()) + 3600)


@pytest.fixture
def management(watched: Server) -> Iterator[MonitorManagementClient]:
    """The unmodified management client, with another base URL and nothing else."""
    with MonitorManagementClient(
        ServiceToken(),
        SUBSCRIPTION,
        base_url=watched.https_url,
        credential_scopes=["https://localhost/.default"],
        connection_verify=str(watched.ca_file),
    ) as client:
        yield client


@pytest.fixture
def alice(watched: Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[Person]:
    """A user with an Azure chat client."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(watched.ca_file))
    with ExitStack() as clients:
        identity = CommunicationIdentityClient.from_connection_string(watched.connection_string)
        yield invite(identity=identity, endpoint=watched.https_url, clients=clients)


def metrics(url: str) -> dict[str, float]:
    """The values of `/metrics`, by series."""
    with urllib.request.urlopen(f"{url}/metrics", timeout=10) as answer:
        lines = answer.read().decode().splitlines()
    parsed = (line.rpartition(" ") for line in lines if line and line[0] != "#")
    return {series: float(value) for series, _, value in parsed}


def requests_of(url: str, operation: str) -> dict[str, int]:
    """The number of requests of an operation, by status."""
    return {
        series.partition('status_code="')[2].partition('"')[0]: int(value)
        for series, value in metrics(url).items()
        if series.startswith("acs_api_requests_total") and f'operation="{operation}"' in series
    }
