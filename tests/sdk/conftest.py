"""Fixtures of the SDK acceptance tests: a real server process, trust in its CA, and people."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from azure.communication.identity import CommunicationIdentityClient

from tests.sdk.nodejs import find_node, find_packages
from tests.sdk.people import Person, invite
from tests.server import Server


@pytest.fixture(autouse=True)
def trust(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """Trust the development CA in the documented way of the synchronous SDKs."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(server.ca_file))


@pytest.fixture
def clients() -> Iterator[ExitStack]:
    """Open clients, closed at the end of the test."""
    with ExitStack() as stack:
        yield stack


@pytest.fixture
def identity(server: Server, clients: ExitStack) -> CommunicationIdentityClient:
    """The official identity client, made from nothing but the connection string."""
    client = CommunicationIdentityClient.from_connection_string(server.connection_string)
    return client


@pytest.fixture
def alice(server: Server, identity: CommunicationIdentityClient, clients: ExitStack) -> Person:
    """The one who creates threads."""
    return invite(identity=identity, endpoint=server.https_url, clients=clients)


@pytest.fixture
def bob(server: Server, identity: CommunicationIdentityClient, clients: ExitStack) -> Person:
    """The one who is invited."""
    return invite(identity=identity, endpoint=server.https_url, clients=clients)


@pytest.fixture
def eve(server: Server, identity: CommunicationIdentityClient, clients: ExitStack) -> Person:
    """The one who never sees anything."""
    return invite(identity=identity, endpoint=server.https_url, clients=clients)


@pytest.fixture(scope="session")
def node() -> Path:
    """A Node that is new enough, or skip."""
    return find_node()


@pytest.fixture(scope="session")
def packages(node: Path) -> Path:
    """The folder of the JavaScript tests with the SDKs installed, or skip."""
    return find_packages(node)
