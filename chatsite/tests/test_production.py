"""What changes with CHATSITE_ENV=production."""

import http.client
import re
from pathlib import Path

import pytest

from chatsite import development
from chatsite.tests.handshakes import handshake
from load_testing.ports import free_port
from load_testing.servers import clean_environment, start, stop, wait_until_ready
from tests.server import manage, run_manage


@pytest.fixture(scope="module")
def refusals() -> list[str]:
    """The errors of the server if it starts before the operator has prepared it."""
    return []


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory, refusals: list[str]) -> dict[str, str]:
    """An installation that the operator has prepared, after two failed starts."""
    environment = clean_environment(
        tmp_path_factory.mktemp("production") / "data",
        CHATSITE_ENV="production",
        CHATSITE_PUBLIC_URL="https://chat.example.org",
        CHATSITE_TRUST_PROXY="1",
        CHATSITE_PORT=str(free_port()),
    )
    refusals.append(_refusal(environment))
    manage(environment, "migrate", "--verbosity=0")
    refusals.append(_refusal(environment))
    manage(environment, "collectstatic", "--noinput", "--verbosity=0")
    return environment


def test_it_starts_only_when_the_operator_has_prepared_it(
    environment: dict[str, str], refusals: list[str], tmp_path: Path
) -> None:
    assert "run `manage.py migrate`" in refusals[0]
    assert "Run `manage.py collectstatic" in refusals[1]
    log = tmp_path / "log"
    process = start(environment, log)
    try:
        wait_until_ready(process, _local(environment), log)
        key = _key(environment)
        assert key != development.ACCESS_KEY
        assert len(key) == 88
        assert key not in log.read_text()
        assert "shown only once" not in log.read_text()
        assert _ask(environment, "https").status == 200
        assert _ask(environment, "http").status == 301
        _check_static_files(environment)
        _check_event_stream(environment)
    finally:
        assert stop(process) == 0
    assert not (Path(environment["CHATSITE_DATA"]) / "ca.pem").exists()


def test_it_refuses_a_database_with_the_development_key(environment: dict[str, str]) -> None:
    code = (
        "from identity.models import Resource\n"
        "from chatsite.development import ACCESS_KEY\n"
        "Resource.objects.create(name='old', secondary_key=ACCESS_KEY)"
    )
    manage(environment, "shell", "--no-imports", "-c", code)
    assert "The resource 'old' has the development key" in _refusal(environment)


def _refusal(environment: dict[str, str]) -> str:
    finished = run_manage(environment, "serve")
    assert finished.returncode == 1, finished.stdout
    assert "Traceback" not in finished.stderr
    return finished.stderr


def _key(environment: dict[str, str]) -> str:
    return manage(environment, "connection_string").strip().partition("accesskey=")[2]


def _local(environment: dict[str, str]) -> str:
    return f"http://127.0.0.1:{environment['CHATSITE_PORT']}"


def _check_static_files(environment: dict[str, str]) -> None:
    """The admin's own files are served under names with a hash, which browsers may keep forever."""
    page = _ask(environment, "https").read().decode()
    files = re.findall(r'/static/admin_toolkit/[^"]+', page)
    for name in ("admin_toolkit", "theme", "lists", "pages", "icon"):
        assert any(re.search(rf"/{name}\.[0-9a-f]{{12}}\.\w+$", file) for file in files), name
    for file in files:
        answer = _ask(environment, "https", file)
        assert answer.status == 200
        assert "immutable" in str(answer.getheader("Cache-Control"))


def _check_event_stream(environment: dict[str, str]) -> None:
    """The proxy says whether the client connected over https."""
    port, host = int(environment["CHATSITE_PORT"]), "chat.example.org"
    for proto, socket_status, stream_status in [("https", 101, 401), ("http", 403, 403)]:
        header = f"X-Forwarded-Proto: {proto}"
        assert handshake(port, "/chat/events", header, host=host) == socket_status
        assert _ask(environment, proto, "/chat/events").status == stream_status
    assert handshake(port, "/chat/events", host=host) == 403
    for proto, socket_status in [("wss", 101), ("ws", 403)]:
        header = f"X-Forwarded-Proto: {proto}"
        assert handshake(port, "/chat/events", header, host=host) == socket_status
    assert _ask(environment, "wss", "/chat/events").status == 403


def _ask(
    environment: dict[str, str], forwarded_proto: str, path: str = "/admin/login/"
) -> http.client.HTTPResponse:
    """The response for a browser behind a proxy."""
    connection = http.client.HTTPConnection("127.0.0.1", int(environment["CHATSITE_PORT"]))
    headers = {
        "Host": "chat.example.org",
        "X-Forwarded-For": "198.51.100.7",
        "X-Forwarded-Proto": forwarded_proto,
    }
    connection.request("GET", path, headers=headers)
    return connection.getresponse()
