"""Endpoints that are slow, garble, hang up, send too much, or are somewhere they must not be."""

import ipaddress
import socket
import ssl
import threading
import time
from typing import Any

import pytest
from django.test import override_settings

from chatsite import certificates
from tests.ports import free_port
from webhooks import client as client_module
from webhooks.addresses import InvalidEndpoint, is_allowed, parse_endpoint, resolve
from webhooks.client import Client, RequestFailed
from webhooks.tests.receiver import receiving, speaking


def failure_of(url: str, *, seconds: float = 1.0) -> tuple[str, str, float]:
    """Outcome, text and duration of a request that fails."""
    started = time.monotonic()
    with pytest.raises(RequestFailed) as problem:
        Client().send("POST", url, {}, b"[]", seconds=seconds)
    return problem.value.outcome, str(problem.value), time.monotonic() - started


def test_an_answer_has_status_headers_and_body() -> None:
    with receiving(lambda request: (202, {"X-More": "yes"}, b"thanks")) as receiver:
        reply = Client().send("POST", receiver.url, {"X-Own": "1"}, b"[1]")
    assert (reply.status, reply.body, reply.headers["x-more"]) == (202, b"thanks", "yes")
    (request,) = receiver.requests
    assert (request.body, request.headers["x-own"]) == (b"[1]", "1")


def test_connections_are_kept_and_a_lost_one_is_replaced() -> None:
    client = Client()
    ports: list[Any] = []
    with receiving() as receiver:
        for _ in range(3):
            client.send("POST", receiver.url, {}, b"[]")
        ports = [c.sock.getsockname()[1] for kept in client._idle.values() for c in kept]
        assert len(ports) == 1
        # The endpoint forgets the connection while it is idle.
        for kept in client._idle.values():
            kept[0].handle.shutdown(socket.SHUT_RDWR)  # type: ignore[union-attr]
        assert client.send("POST", receiver.url, {}, b"[]").status == 200
    client.close_idle(older_than=0)
    assert not client._idle


def test_a_connection_that_an_endpoint_behind_tls_has_closed_is_replaced(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Most servers close idle connections after some seconds; that is no failed delivery."""
    made = certificates.ensure_for_settings()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(made.server, made.server_key)
    may_close, closed = threading.Semaphore(0), threading.Semaphore(0)

    def answer_once(listening: socket.socket) -> None:
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            with context.wrap_socket(connection, server_side=True) as secure:
                while not secure.recv(65536).endswith(b"[]"):
                    pass
                secure.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
                may_close.acquire(timeout=10)
            closed.release()

    client = Client()
    with (
        socket.create_server(("127.0.0.1", 0)) as listening,
        override_settings(CHATSITE_WEBHOOK_CA=made.ca),
    ):
        threading.Thread(target=answer_once, args=(listening,), daemon=True).start()
        url = f"https://localhost:{listening.getsockname()[1]}/hook"
        for time_of in ("first", "second", "third"):
            if time_of == "third":
                # As if it were closed only after somebody has looked.
                monkeypatch.setattr(client_module._Connection, "is_lost", False)
            assert client.send("POST", url, {}, b"[]", seconds=10).status == 200
            assert sum(map(len, client._idle.values())) == 1
            may_close.release()
            assert closed.acquire(timeout=10)
        listening.shutdown(socket.SHUT_RDWR)


def test_a_redirect_is_an_answer_like_any_other() -> None:
    with receiving(lambda request: (302, {"Location": "/elsewhere"}, b"")) as receiver:
        assert Client().send("POST", receiver.url, {}, b"[]").status == 302
        assert [request.path for request in receiver.requests] == ["/hook"]


def test_silence_ends_at_the_deadline() -> None:
    with speaking(lambda connection: time.sleep(30)) as url:
        outcome, text, duration = failure_of(url)
    assert outcome == "TimedOut" and "1 seconds" in text
    assert duration < 2


def test_a_trickle_of_headers_ends_at_the_deadline_too() -> None:
    def trickle(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\n")
        for number in range(300):
            connection.sendall(f"X-{number}: y\r\n".encode())
            time.sleep(0.1)

    with speaking(trickle) as url:
        outcome, _, duration = failure_of(url)
    assert outcome == "TimedOut"
    assert duration < 2


@pytest.mark.parametrize("framing", ["Content-Length: 1000", "Connection: close"])
def test_a_trickle_of_body_does_not_hold_up_an_answer_that_is_known(
    monkeypatch: pytest.MonkeyPatch, framing: str
) -> None:
    monkeypatch.setattr(client_module, "_ANSWER_SECONDS", 0.5)

    def trickle(connection: socket.socket) -> None:
        connection.sendall(f"HTTP/1.1 200 OK\r\n{framing}\r\n\r\n".encode())
        for _ in range(50):
            connection.sendall(b"x")
            time.sleep(0.1)

    with speaking(trickle) as url:
        started = time.monotonic()
        reply = Client().send("POST", url, {}, b"[]", seconds=10)
    assert reply.status == 200 and reply.body.startswith(b"xx")
    assert time.monotonic() - started < 2


def test_a_hundred_megabytes_are_not_read() -> None:
    sent: list[int] = []

    def flood(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 104857600\r\n\r\n")
        for _ in range(100):
            connection.sendall(b"x" * 1048576)
            sent.append(1)

    with speaking(flood) as url:
        client = Client()
        reply = client.send("POST", url, {}, b"[]")
        assert reply.status == 200
        assert len(reply.body) == client_module.ANSWER_BYTES
        time.sleep(0.2)
    assert len(sent) < 50
    assert not client._idle


@pytest.mark.parametrize(
    "garbage",
    [b"garbage\r\n\r\n", b"HTTP/1.1 abc\r\n\r\n", b"\x00" * 100, b"", b"HTTP/1.1"],
)
def test_garbage_and_hanging_up_are_socket_errors(garbage: bytes) -> None:
    def talk(connection: socket.socket) -> None:
        connection.sendall(garbage)

    with speaking(talk) as url:
        outcome, text, _ = failure_of(url, seconds=5)
    assert outcome == "SocketError" and text and "\x00" not in text


def test_endless_headers_and_endless_continues_are_bounded() -> None:
    def many(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\n")
        while True:
            connection.sendall(b"X-A: " + b"y" * 1000 + b"\r\n")

    def continues(connection: socket.socket) -> None:
        while True:
            connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")

    with speaking(many) as url:
        assert failure_of(url)[0] == "SocketError"
    with speaking(continues) as url:
        outcome, _, duration = failure_of(url)
    assert outcome in ("TimedOut", "SocketError") and duration < 3


def test_nobody_listening_is_a_socket_error() -> None:
    assert failure_of(f"http://127.0.0.1:{free_port()}/hook")[0] == "SocketError"


def test_a_name_without_address_is_a_resolution_error() -> None:
    assert failure_of("https://nowhere.invalid/hook", seconds=20)[0] == "ResolutionError"


def test_a_certificate_of_an_unknown_ca_is_refused_and_one_of_the_settings_ca_is_not() -> None:
    made = certificates.ensure_for_settings()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(made.server, made.server_key)
    with receiving() as receiver:
        url = _behind_tls(receiver.url, context)
        outcome, text, _ = failure_of(url, seconds=5)
        assert outcome == "SocketError" and "certificate" in text
        with override_settings(CHATSITE_WEBHOOK_CA=made.ca):
            assert Client().send("POST", url, {}, b"[]").status == 200


def _behind_tls(url: str, context: ssl.SSLContext) -> str:
    """The https URL of a relay in front of a plain endpoint."""
    target = int(url.split(":")[2].split("/")[0])
    listening = context.wrap_socket(socket.create_server(("127.0.0.1", 0)), server_side=True)

    def pump(source: socket.socket, sink: socket.socket) -> None:
        try:
            while chunk := source.recv(65536):
                sink.sendall(chunk)
        except OSError:
            pass
        sink.close()

    def serve() -> None:
        while True:
            try:
                inner, _ = listening.accept()
            except OSError:
                continue
            outer = socket.create_connection(("127.0.0.1", target))
            for pair in ((inner, outer), (outer, inner)):
                threading.Thread(target=pump, args=pair, daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    return f"https://localhost:{listening.getsockname()[1]}/hook"


# --- Where nothing is sent -----------------------------------------------------------------------

FORBIDDEN = [
    "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0",
    "224.0.0.1", "255.255.255.255", "240.0.0.1", "192.0.2.1", "198.18.0.1",
    "::", "fe80::1", "fc00::1", "fd00:ec2::254", "fec0::1", "ff02::1", "2001:db8::1",
    "::ffff:169.254.169.254", "::ffff:10.0.0.1", "64:ff9b::a9fe:a9fe", "2002:a9fe:a9fe::1",
    "::ffff:0:0", "::7f00:1", "64:ff9b:1::a9fe:a9fe", "::ffff:0:a9fe:a9fe", "4000::1",
    "192.0.0.192", "192.88.99.1", "168.63.129.16", "2002:c000:c0::1",
]  # fmt: skip
LOOPBACK = ["127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1"]
PUBLIC = ["8.8.8.8", "1.1.1.1", "2606:4700:4700::1111", "64:ff9b::808:808"]


@pytest.mark.parametrize("address", FORBIDDEN)
def test_private_and_special_addresses_are_forbidden(address: str) -> None:
    assert not is_allowed(ipaddress.ip_address(address))


@pytest.mark.parametrize("address", PUBLIC)
def test_addresses_of_the_internet_are_allowed(address: str) -> None:
    with override_settings(CHATSITE_WEBHOOK_NETWORKS=()):
        assert is_allowed(ipaddress.ip_address(address))


@pytest.mark.parametrize("address", LOOPBACK)
def test_loopback_is_allowed_in_development_only(address: str) -> None:
    assert is_allowed(ipaddress.ip_address(address))
    with override_settings(CHATSITE_WEBHOOK_NETWORKS=()):
        assert not is_allowed(ipaddress.ip_address(address))


def test_networks_of_the_setting_are_allowed() -> None:
    with override_settings(CHATSITE_WEBHOOK_NETWORKS=(ipaddress.ip_network("10.1.0.0/16"),)):
        assert is_allowed(ipaddress.ip_address("10.1.2.3"))
        assert is_allowed(ipaddress.ip_address("::ffff:10.1.2.3"))
        assert not is_allowed(ipaddress.ip_address("10.2.2.3"))


@pytest.mark.parametrize(
    "url",
    [
        "https://169.254.169.254/metadata",
        "https://[::ffff:169.254.169.254]/",
        "https://2852039166/metadata",
        "https://0x0a000001/",
        "https://10.0.0.1:8443/",
    ],
)
def test_nothing_is_sent_to_a_forbidden_address(url: str) -> None:
    outcome, text, duration = failure_of(url)
    assert outcome == "ResolutionError" and "webhooks may not reach" in text
    assert duration < 1


def test_a_name_is_resolved_once_and_connected_to_what_was_checked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The second answer of the resolver would be a forbidden address; nobody asks for it."""
    asked: list[str] = []
    with receiving() as receiver:
        port = parse_endpoint(receiver.url).port

        def rebinding(host: str, *arguments: Any, **options: Any) -> Any:
            asked.append(host)
            address = "127.0.0.1" if len(asked) == 1 else "169.254.169.254"
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

        monkeypatch.setattr(socket, "getaddrinfo", rebinding)
        assert Client().send("POST", f"http://x.localhost:{port}/", {}, b"[]").status == 200
    assert asked == ["x.localhost"]


def test_of_several_addresses_only_allowed_ones_are_used(monkeypatch: pytest.MonkeyPatch) -> None:
    found = [
        (socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 443))
        for address in ("10.0.0.1", "93.184.216.34")
    ]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *a, **k: found)
    endpoint = parse_endpoint("https://example.org/")
    assert resolve(endpoint) == [(socket.AF_INET, ("93.184.216.34", 443))]


@pytest.mark.parametrize(
    "url",
    [
        "",
        "hook",
        "ftp://example.org/",
        "https://",
        "https://user:password@example.org/",
        "https://example.org:0/",
        "https://example.org:99999/",
        "https://example.org/a b",
        "https://example.org/\r\nX: y",
        "https://exämple.org/",
        "https://[::1/",
        "http://example.org/",
        "http://10.0.0.1/",
        f"https://example.org/{'x' * 5000}",
    ],
)
def test_a_url_that_is_no_endpoint_is_refused(url: str) -> None:
    with pytest.raises(InvalidEndpoint):
        parse_endpoint(url)


def test_plain_http_is_for_loopback_unless_a_setting_allows_it() -> None:
    assert parse_endpoint("http://localhost:8080/a?b=c").target == "/a?b=c"
    assert parse_endpoint("http://[::1]:8080").host_header == "[::1]:8080"
    with override_settings(CHATSITE_WEBHOOK_HTTP=True):
        assert parse_endpoint("http://example.org").host_header == "example.org"


def test_plain_http_to_a_name_that_only_looks_like_loopback_is_not_sent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("93.184.216.34", 80))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *a, **k: found)
    assert failure_of("http://evil.localhost/")[0] == "ResolutionError"
