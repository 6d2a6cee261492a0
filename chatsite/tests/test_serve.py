"""`manage.py serve` as a newcomer and an operator meet it: a real process."""

import re
import signal
import socket
import stat
import time
import urllib.error
import urllib.parse
import urllib.request
from http.cookiejar import CookieJar
from pathlib import Path

import pytest

from load_testing.ports import free_port
from load_testing.servers import clean_environment, start, wait_until_ready
from tests.server import Server, manage, run_manage, running_server


def status(server: Server, url: str, **headers: str) -> int:
    request = urllib.request.Request(url, headers=headers)
    try:
        with urllib.request.urlopen(request, context=server.trust(), timeout=10) as response:
            code: int = response.status
            return code
    except urllib.error.HTTPError as refused:
        return refused.code


def can_sign_in(server: Server, username: str, password: str) -> bool:
    """Whether the operator can sign in with the form of the admin."""
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
    login = f"{server.http_url}/admin/login/?next=/admin/"
    with browser.open(login) as form:
        found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', form.read().decode())
    assert found is not None
    fields = {
        "username": username,
        "password": password,
        "csrfmiddlewaretoken": found[1],
    }
    with browser.open(login, urllib.parse.urlencode(fields).encode()) as answer:
        url: str = answer.url
        return url == f"{server.http_url}/admin/"


def shown_password(log: str) -> str | None:
    found = re.search(r"password +(\S+)$", log, re.MULTILINE)
    return found[1] if found else None


def test_it_answers_over_http_and_over_https_that_clients_can_trust(server: Server) -> None:
    port = server.https_url.rpartition(":")[2]
    assert status(server, f"{server.http_url}/admin/login/") == 200
    assert status(server, f"{server.https_url}/admin/login/") == 200
    assert status(server, f"https://127.0.0.1:{port}/admin/login/") == 200
    assert status(server, f"{server.https_url}/static/admin/css/base.css") == 200


def test_it_tells_a_newcomer_what_comes_next(server: Server) -> None:
    log = server.log.read_text()
    assert server.connection_string in log
    assert "this access key is public" in log
    assert f"REQUESTS_CA_BUNDLE={server.ca_file}" in log
    assert f"SSL_CERT_FILE={server.ca_file}" in log
    assert f"NODE_EXTRA_CA_CERTS={server.ca_file}" in log
    assert f"{server.https_url}/admin/" in log


def test_files_with_secrets_are_readable_by_their_owner_only(server: Server) -> None:
    private = ["chatsite.sqlite3", "secret_key", "tls/ca.key", "tls/server.key"]
    for name in private:
        assert stat.S_IMODE((server.data / name).stat().st_mode) == 0o600, name


def test_the_operators_password_is_shown_once_and_stored_nowhere(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with running_server(data) as server:
        password = shown_password(server.log.read_text())
        assert password is not None
        assert can_sign_in(server, "admin", password)
        assert not can_sign_in(server, "admin", "wrong")
    for file in data.rglob("*"):
        assert file.is_dir() or password.encode() not in file.read_bytes()
    with running_server(data) as server:
        assert shown_password(server.log.read_text()) is None
        assert can_sign_in(server, "admin", password)


def test_make_admin_sets_a_new_password(server: Server) -> None:
    answers = {"CHATSITE_ADMIN_USERNAME": "olga", "CHATSITE_ADMIN_PASSWORD": "first-of-olga-1"}
    assert "Created operator 'olga'" in manage(server.environment | answers, "operator")
    assert can_sign_in(server, "olga", "first-of-olga-1")
    del answers["CHATSITE_ADMIN_PASSWORD"]
    printed = manage(server.environment | answers, "operator")
    made = re.search(r"shown only once\): (\S+)", printed)
    assert made is not None
    assert can_sign_in(server, "olga", made[1])
    assert not can_sign_in(server, "olga", "first-of-olga-1")


def test_without_terminal_and_variables_make_admin_does_what_its_help_says(tmp_path: Path) -> None:
    environment = clean_environment(tmp_path / "data")
    manage(environment, "migrate", "--verbosity=0")
    printed = manage(environment, "operator")
    assert printed.startswith("Created operator 'admin'.\nPassword (shown only once): ")
    described = " ".join(manage(environment, "operator", "--help").split())
    assert "Without a terminal, the username is `admin`" in described
    assert "a password that is not set is generated and printed once" in described


def test_make_admin_refuses_a_password_that_everybody_guesses(server: Server) -> None:
    answers = {"CHATSITE_ADMIN_USERNAME": "otto", "CHATSITE_ADMIN_PASSWORD": "password"}
    finished = run_manage(server.environment | answers, "operator")
    assert finished.returncode == 1
    assert "too common" in finished.stderr


def test_two_servers_run_side_by_side(server: Server, tmp_path: Path) -> None:
    with running_server(tmp_path / "other") as other:
        assert status(other, f"{other.https_url}/admin/login/") == 200
        assert status(server, f"{server.https_url}/admin/login/") == 200
        assert other.ca_file.read_bytes() != server.ca_file.read_bytes()
        with pytest.raises(urllib.error.URLError, match="CERTIFICATE_VERIFY_FAILED"):
            status(server, f"{other.https_url}/admin/login/")


def test_a_port_in_use_is_said_in_one_sentence(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        environment = clean_environment(
            tmp_path, CHATSITE_PORT=str(free_port()), CHATSITE_TLS_PORT=port
        )
        finished = run_manage(environment, "serve")
    assert finished.returncode == 1
    assert f"Port {port} on 127.0.0.1 is in use by another program." in finished.stderr
    assert "Traceback" not in finished.stderr
    # Nothing was begun: the first start that succeeds still shows the operator's password.
    assert shown_password(finished.stdout) is None
    assert (tmp_path / "chatsite.sqlite3").stat().st_size == 0


def test_a_host_that_is_not_of_this_machine_is_said_in_one_sentence(tmp_path: Path) -> None:
    environment = clean_environment(tmp_path, CHATSITE_HOST="192.0.2.1")
    finished = run_manage(environment, "serve")
    assert finished.returncode == 1
    assert "192.0.2.1 is not an address of this machine." in finished.stderr


def resident_megabytes(pid: int) -> float:
    """The memory of a process that is in use and not swapped out."""
    found = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    assert found is not None
    return int(found[1]) / 1024


def test_a_second_start_is_quick_and_small_and_ctrl_c_ends_it_with_success(tmp_path: Path) -> None:
    port = free_port()
    environment = clean_environment(
        tmp_path / "data", CHATSITE_PORT=str(port), CHATSITE_TLS_PORT=str(free_port())
    )
    log = tmp_path / "log"
    for _ in range(2):
        began = time.monotonic()
        process = start(environment, log)
        wait_until_ready(process, f"http://localhost:{port}", log)
        seconds = time.monotonic() - began
        megabytes = resident_megabytes(process.pid)
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0, log.read_text()
    # On a machine of its own it takes one second or two; here others may be busy.
    assert seconds < 10
    assert megabytes < 100


def test_a_client_cannot_choose_where_redirects_lead(server: Server) -> None:
    headers = {"Daphne-Root-Path": "/%2Fevil.example.org"}
    request = urllib.request.Request(f"{server.http_url}/admin/", headers=headers)
    with urllib.request.urlopen(request, timeout=10) as answer:
        assert answer.url.startswith(f"{server.http_url}/admin/login/")


def test_a_request_for_an_unknown_host_is_logged_as_a_warning_in_one_line(server: Server) -> None:
    before = len(server.log.read_text())
    assert status(server, f"{server.http_url}/admin/login/", Host="unknown.example") == 400
    (line,) = server.log.read_text()[before:].splitlines()
    assert " WARNING django.security.DisallowedHost: " in line
    assert "unknown.example" in line
