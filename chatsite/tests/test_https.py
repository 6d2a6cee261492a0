"""Plain http in production: refused for every API route, over HTTP and as a WebSocket."""

import json
import ssl
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from chatsite.certificates import Certificates
from chatsite.tests.handshakes import get, handshake
from load_testing.ports import free_port
from load_testing.servers import clean_environment, start, stop, wait_until_ready
from tests.server import Server, manage

SPEECH = "/speech/recognition/conversation/cognitiveservices/v1"
SOCKETS = ["/chat/events", "/socket.io/1/websocket/unknown", SPEECH, "/speech/universal/v2"]
STREAMS = ["/chat/events", "/socket.io/1/xhr-polling/unknown", SPEECH, "/chat/threads"]


@dataclass(frozen=True)
class Production:
    """A production server without a proxy."""

    port: int
    tls_port: int
    trust: ssl.SSLContext


@pytest.fixture(scope="module")
def production(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Production]:
    folder = tmp_path_factory.mktemp("https")
    manage(clean_environment(folder / "certificates"), "devcert")
    made = Certificates.inside(folder / "certificates")
    port, tls_port = free_port(), free_port()
    environment = clean_environment(
        folder / "data",
        CHATSITE_ENV="production",
        CHATSITE_PUBLIC_URL=f"https://localhost:{tls_port}",
        CHATSITE_PORT=str(port),
        CHATSITE_TLS_PORT=str(tls_port),
        CHATSITE_TLS_CERT=str(made.server),
        CHATSITE_TLS_KEY=str(made.server_key),
    )
    manage(environment, "migrate", "--verbosity=0")
    manage(environment, "collectstatic", "--noinput", "--verbosity=0")
    process = start(environment, folder / "log")
    wait_until_ready(process, f"http://127.0.0.1:{port}", folder / "log")
    trust = ssl.create_default_context(cafile=made.ca)
    yield Production(port, tls_port, trust)
    assert stop(process) == 0


@pytest.mark.parametrize("path", STREAMS)
def test_a_request_over_plain_http_is_refused_in_the_format_of_its_route(
    production: Production, path: str
) -> None:
    answer = get(production.port, path)
    assert answer.status == 403
    error = json.loads(answer.read())["error"]
    assert (error["code"], "requires HTTPS" in error["message"]) == ("Forbidden", True)
    over_tls = get(production.tls_port, path, tls=production.trust)
    assert over_tls.status != 403 or b"requires HTTPS" not in over_tls.read()


@pytest.mark.parametrize("path", SOCKETS)
def test_a_websocket_over_plain_http_is_denied(production: Production, path: str) -> None:
    assert handshake(production.port, path) == 403
    # Without CHATSITE_TRUST_PROXY the header could have been set by the client.
    assert handshake(production.port, path, "X-Forwarded-Proto: https") == 403


def test_a_websocket_over_tls_is_accepted(production: Production) -> None:
    assert handshake(production.tls_port, "/chat/events", tls=production.trust) == 101


@pytest.mark.parametrize("path", ["/chat/events", "//chat/events", "///chat/events"])
def test_a_websocket_finds_a_path_with_any_number_of_leading_slashes(
    server: Server, path: str
) -> None:
    port = int(server.environment["CHATSITE_PORT"])
    assert handshake(port, path) == 101
    assert get(port, path).status == 401


@pytest.mark.parametrize("path", ["//x/chat/events", "//localhost/chat/events", "/x/chat/events"])
def test_the_first_segment_after_two_slashes_is_no_host_name(server: Server, path: str) -> None:
    port = int(server.environment["CHATSITE_PORT"])
    assert handshake(port, path) == 403
    assert get(port, path).status == 404
