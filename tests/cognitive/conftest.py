"""Fixtures of the cognitive acceptance tests: a real server with the real engines, and keys to it.

The server is the one that all tests share (tests/server.py).
"""

import subprocess
import sys
import urllib.request
from dataclasses import dataclass
from pathlib import Path

import pytest
from azure.communication.identity import CommunicationIdentityClient
from azure.core.credentials import AccessToken

from cognitive.abilities import EngineUnavailable
from cognitive.providers.moonshine import Moonshine
from tests.cognitive.engines import require_engines
from tests.sdk.nodejs import find_node, find_packages
from tests.server import Server

FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class UserToken:
    """A chat user's token as the SDKs' TokenCredential."""

    token: str
    expires_on: int

    def get_token(self, *scopes: str, **options: object) -> AccessToken:
        """The token, whatever it is wanted for."""
        return AccessToken(self.token, self.expires_on)


@pytest.fixture(scope="session")
def text_engines() -> None:
    """The engines for text, or skip."""
    require_engines()


@pytest.fixture(scope="session")
def speech_engine() -> None:
    """The engine for speech, or skip."""
    try:
        Moonshine()
    except EngineUnavailable as problem:
        pytest.skip(str(problem))


@pytest.fixture(scope="session")
def issued_token(server: Server, access_key: str) -> str:
    """A token that the access key was exchanged for."""
    request = urllib.request.Request(
        f"{server.http_url}/sts/v1.0/issueToken",
        data=b"",
        headers={"Ocp-Apim-Subscription-Key": access_key},
    )
    with urllib.request.urlopen(request) as answer:
        return str(answer.read().decode())


@pytest.fixture
def trust(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """Trust the development CA in the documented way of the Python SDKs."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(server.ca_file))


@pytest.fixture(scope="session")
def access_key(server: Server) -> str:
    """The key of the server's resource."""
    return server.connection_string.partition("accesskey=")[2]


@pytest.fixture
def user(server: Server, trust: None) -> UserToken:
    """A new chat user."""
    client = CommunicationIdentityClient.from_connection_string(server.connection_string)
    _, issued = client.create_user_and_token(["chat"])
    return UserToken(issued.token, issued.expires_on)


@pytest.fixture(scope="session")
def node() -> Path:
    """A Node that is new enough, or skip."""
    return find_node()


@pytest.fixture(scope="session")
def packages(node: Path) -> Path:
    """The folder of the JavaScript tests with the SDKs installed, or skip."""
    return find_packages(node, FOLDER / "node")


@pytest.fixture(scope="session")
def older_translator(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the SDK of the Translator that speaks version 3.0, or skip."""
    folder = tmp_path_factory.mktemp("translator-1.0.1")
    command = [sys.executable, "-m", "pip", "install", "-q", "--disable-pip-version-check"]
    command += ["--no-deps", "--require-hashes", "--target", str(folder)]
    command += ["-r", str(FOLDER / "translator-1.0.1.txt")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=100)
    if done.returncode:
        pytest.skip(f"pip could not install azure-ai-translation-text 1.0.1: {done.stderr[-500:]}")
    return folder
