"""Endpoints that are slow, garble, hang up, send too much, or are somewhere they must not be."""

import contextlib
import gzip
import ipaddress
import socket
import ssl
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pycurl
import pytest
from django.test import override_settings

from chatsite import certificates
from load_testing.ports import free_port
from webhooks import client as client_module
from webhooks import transfer as transfer_module
from webhooks.addresses import InvalidEndpoint, is_allowed, parse_endpoint, resolve
from webhooks.client import Client, RequestFailed
from webhooks.tests.receiver import Answer, Received, read_request, receiving, speaking


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


def kept(client: Client) -> list[int]:
    """The local ports of the client's idle connections, the oldest first."""
    return [idle.handle.getinfo(pycurl.LOCAL_PORT) for idle in client._idle]


def test_connections_are_kept_until_they_are_old() -> None:
    client = Client()
    ports = []
    with receiving() as receiver:
        for _ in range(3):
            client.send("POST", receiver.url, {}, b"[]")
            ports += kept(client)
        assert len(ports) == 3 and len(set(ports)) == 1
        client.close_idle(older_than=0)
        assert not client._idle
        client.send("POST", receiver.url, {}, b"[]")
        assert kept(client) != ports[:1]


def test_a_connection_that_the_endpoint_announces_to_close_is_not_kept() -> None:
    client = Client()
    with receiving(lambda request: (200, {"Connection": "close"}, b"")) as receiver:
        for _ in range(2):
            assert client.send("POST", receiver.url, {}, b"[]").status == 200
            assert not client._idle


@pytest.fixture
def tls(settings: Any) -> ssl.SSLContext:
    """The server's side of TLS for localhost, by a CA that the client trusts."""
    made = certificates.ensure_for_settings()
    settings.CHATSITE_WEBHOOK_CA = made.ca
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(made.server, made.server_key)
    return context


OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


@pytest.mark.parametrize("is_secure", [False, True])
@pytest.mark.parametrize("is_request_read", [False, True])
def test_a_kept_connection_that_the_endpoint_has_closed_is_replaced(
    is_secure: bool, is_request_read: bool, tls: ssl.SSLContext
) -> None:
    """Most servers close idle connections after some seconds; that is not a failed delivery.

    Some do it while the next request is under way.
    """
    closed, connections = threading.Semaphore(0), []

    def answer_once(connection: socket.socket) -> None:
        connections.append(connection)
        connection.sendall(OK)
        if is_request_read:
            read_request(connection)
        with contextlib.suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)
        connection.close()
        closed.release()

    client = Client()
    with speaking(answer_once, tls if is_secure else None) as url:
        for number in range(3):
            assert client.send("POST", url, {}, b"[]", seconds=10).body == b"ok"
            assert len(kept(client)) == 1
            assert len(connections) == number + 1
            assert is_request_read or closed.acquire(timeout=10)


def test_a_request_on_a_kept_connection_is_not_repeated_after_a_time_out() -> None:
    heads: list[bytes] = []

    def answer_once(connection: socket.socket) -> None:
        connection.sendall(OK)
        heads.append(read_request(connection))
        over.wait(10)

    client, over = Client(), threading.Event()
    with speaking(answer_once) as url:
        client.send("POST", url, {}, b"[]")
        with pytest.raises(RequestFailed) as problem:
            client.send("POST", url, {}, b"[]", seconds=0.5)
        over.set()
    assert problem.value.outcome == "TimedOut"
    assert len(heads) == 1 and not kept(client)


def test_many_threads_share_a_client() -> None:
    client = Client()

    def echo(request: Received) -> Answer:
        return 200, {"X-Number": request.headers["x-number"]}, request.body

    def send(number: int) -> bool:
        body = str(number).encode() * 100
        reply = client.send("POST", receiver.url, {"X-Number": str(number)}, body)
        return reply.body == body and reply.headers["x-number"] == str(number)

    with receiving(echo) as receiver, ThreadPoolExecutor(32) as pool:
        assert all(pool.map(send, range(500)))
    assert 0 < len(kept(client)) <= 32


def test_the_number_of_idle_connections_is_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_module, "_MAX_IDLE", 2)
    client = Client()
    with receiving() as receiver:
        for name in ("a", "b", "c"):
            client.send("POST", f"{receiver.url}/{name}", {}, b"[]")
        assert [idle.url[-1] for idle in client._idle] == ["b", "c"]


# --- What is sent --------------------------------------------------------------------------------


def head_of_request(headers: dict[str, str], method: str = "POST", body: bytes = b"[]") -> bytes:
    """The request line and the headers as they arrive."""
    heads: list[bytes] = []

    def listen(connection: socket.socket) -> None:
        heads.append(read_request(connection))
        connection.sendall(OK)

    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            connection, _ = listening.accept()
            with connection:
                listen(connection)

        thread = threading.Thread(target=serve)
        thread.start()
        url = f"http://127.0.0.1:{listening.getsockname()[1]}/a/../b?c=%20d"
        Client().send(method, url, headers, body)
        thread.join(10)
    return heads[0]


def test_the_request_has_the_given_headers_and_those_that_http_needs() -> None:
    head = head_of_request({"X-Own": "1", "X-Empty": "", "Content-Type": "application/json"})
    line, *headers = head.decode().split("\r\n")[:-2]
    assert line == "POST /a/../b?c=%20d HTTP/1.1"
    host = next(header for header in headers if header.startswith("Host: 127.0.0.1:"))
    assert sorted(set(headers) - {host}) == [
        "Accept-Encoding: identity",
        "Content-Length: 2",
        "Content-Type: application/json",
        "X-Empty:",
        "X-Own: 1",
    ]


def test_a_handshake_without_body_says_so() -> None:
    head = head_of_request({}, "OPTIONS", b"")
    assert head.startswith(b"OPTIONS /") and b"\r\nContent-Length: 0\r\n" in head
    assert b"Content-Type" not in head


def test_a_body_of_a_megabyte_arrives() -> None:
    with receiving() as receiver:
        Client().send("POST", receiver.url, {}, b"x" * 1048576)
    assert len(receiver.requests[0].body) == 1048576
    assert "expect" not in receiver.requests[0].headers


@pytest.mark.parametrize("value", ["a\r\nX-Injected: 1", "a\nb", "a\x00b", "\u20ac"])
def test_a_header_that_would_break_its_line_is_not_sent(value: str) -> None:
    with receiving() as receiver:
        with pytest.raises(RequestFailed):
            Client().send("POST", receiver.url, {"X-Own": value}, b"[]")
        assert receiver.requests == []


def test_proxies_of_the_environment_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{free_port()}")
    with receiving() as receiver:
        assert Client().send("POST", receiver.url, {}, b"[]").status == 200


def test_cookies_are_not_kept() -> None:
    client = Client()
    with receiving(lambda request: (200, {"Set-Cookie": "a=b"}, b"")) as receiver:
        client.send("POST", receiver.url, {}, b"[]")
        client.send("POST", receiver.url, {}, b"[]")
    assert "cookie" not in receiver.requests[1].headers


# --- What is received ----------------------------------------------------------------------------


def test_a_redirect_is_an_answer_like_any_other() -> None:
    with receiving(lambda request: (302, {"Location": "/elsewhere"}, b"")) as receiver:
        assert Client().send("POST", receiver.url, {}, b"[]").status == 302
        assert [request.path for request in receiver.requests] == ["/hook"]


def test_silence_ends_at_the_deadline() -> None:
    with speaking(lambda connection: time.sleep(30)) as url:
        outcome, text, duration = failure_of(url)
    assert outcome == "TimedOut" and "1 seconds" in text
    assert duration < 2


def test_silence_during_the_tls_handshake_ends_at_the_deadline() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        url = f"https://localhost:{listening.getsockname()[1]}/hook"
        outcome, _, duration = failure_of(url)
    assert outcome == "TimedOut"
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


@pytest.mark.parametrize("is_secure", [False, True])
@pytest.mark.parametrize("bytes_later", [0, 50])
@pytest.mark.parametrize("framing", ["Content-Length: 1000", "Connection: close"])
def test_a_slow_body_does_not_hold_up_an_answer_that_is_known(
    monkeypatch: pytest.MonkeyPatch,
    framing: str,
    bytes_later: int,
    is_secure: bool,
    tls: ssl.SSLContext,
) -> None:
    monkeypatch.setattr(transfer_module, "_ANSWER_SECONDS", 0.5)

    def trickle(connection: socket.socket) -> None:
        connection.sendall(f"HTTP/1.1 200 OK\r\n{framing}\r\n\r\nxx".encode())
        for _ in range(bytes_later):
            connection.sendall(b"x")
            time.sleep(0.1)
        over.wait(10)

    over = threading.Event()
    with speaking(trickle, tls if is_secure else None) as url:
        started = time.monotonic()
        reply = Client().send("POST", url, {}, b"[]", seconds=10)
        duration = time.monotonic() - started
        over.set()
    assert reply.status == 200 and reply.body.startswith(b"xx")
    assert duration < 2


def test_a_hundred_megabytes_are_not_read() -> None:
    sent: list[int] = []
    over = threading.Event()

    def flood(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 104857600\r\n\r\n")
        try:
            for _ in range(100):
                connection.sendall(b"x" * 1048576)
                sent.append(1)
        finally:
            over.set()

    with speaking(flood) as url:
        client = Client()
        reply = client.send("POST", url, {}, b"[]")
        assert reply.status == 200
        assert len(reply.body) == transfer_module.ANSWER_BYTES
        assert over.wait(10)
    assert len(sent) < 50
    assert not client._idle


def test_a_compressed_answer_is_not_decompressed() -> None:
    bomb = gzip.compress(b"x" * 10485760)
    with receiving(lambda request: (200, {"Content-Encoding": "gzip"}, bomb)) as receiver:
        assert Client().send("POST", receiver.url, {}, b"[]").body == bomb


@pytest.mark.parametrize(
    "rest",
    [
        b"Content-Length: 100\r\n\r\nbegun",
        b"Transfer-Encoding: chunked\r\n\r\n5\r\nbegun\r\n",
        b"Transfer-Encoding: chunked\r\n\r\n5\r\nbegun\r\nnonsense\r\n",
    ],
)
def test_of_an_answer_that_is_cut_off_the_status_and_the_beginning_count(rest: bytes) -> None:
    client = Client()
    with speaking(lambda connection: connection.sendall(b"HTTP/1.1 503 No\r\n" + rest)) as url:
        reply = client.send("POST", url, {}, b"[]")
    assert (reply.status, reply.body) == (503, b"begun")
    assert not client._idle


def test_interim_responses_and_trailers_are_not_the_answer() -> None:
    def talk(connection: socket.socket) -> None:
        connection.sendall(
            b"HTTP/1.1 103 Early Hints\r\nX-Kind: early\r\nX-Early: 1\r\n\r\n"
            b"HTTP/1.1 201 Created\r\nX-Kind: final\r\nTransfer-Encoding: chunked\r\n\r\n"
            b"2\r\nok\r\n0\r\nX-Kind: trailer\r\n\r\n"
        )

    with speaking(talk) as url:
        reply = Client().send("POST", url, {}, b"[]")
    assert (reply.status, reply.body, reply.headers["x-kind"]) == (201, b"ok", "final")
    assert "x-early" not in reply.headers


@pytest.mark.parametrize(
    "garbage",
    [
        b"garbage\r\n\r\n",
        b"HTTP/1.1 abc\r\n\r\n",
        b"\x00" * 100,
        b"",
        b"HTTP/1.1",
        b"HTTP/1.1 101 Switching Protocols\r\n\r\n",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00",
    ],
)
def test_garbage_and_hanging_up_are_socket_errors(garbage: bytes) -> None:
    def talk(connection: socket.socket) -> None:
        connection.sendall(garbage)

    with speaking(talk) as url:
        outcome, text, _ = failure_of(url, seconds=5)
    assert outcome == "SocketError" and text and "\x00" not in text


def test_an_answer_that_is_not_http_is_quoted_and_one_that_is_missing_is_named() -> None:
    with speaking(lambda connection: connection.sendall(b"220 mail \x00 ready\r\n")) as url:
        assert failure_of(url)[1].startswith("The endpoint's answer is not HTTP: 220 mail \ufffd")
    with speaking(lambda connection: None) as url:
        assert failure_of(url)[1] == "The endpoint closed the connection without an answer."


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


def test_a_refused_connection_is_a_socket_error() -> None:
    assert failure_of(f"http://127.0.0.1:{free_port()}/hook")[0] == "SocketError"


def test_a_name_without_address_is_a_resolution_error() -> None:
    assert failure_of("https://nowhere.invalid/hook", seconds=20)[0] == "ResolutionError"


@pytest.mark.parametrize("has_folder", [True, False])
def test_a_certificate_needs_a_ca_of_the_system_or_of_the_setting(
    has_folder: bool, tls: ssl.SSLContext, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Some systems have a folder of CA certificates, found by their hash, others only a file."""
    ca, settings.CHATSITE_WEBHOOK_CA = settings.CHATSITE_WEBHOOK_CA, None
    if not has_folder:
        monkeypatch.setenv("SSL_CERT_FILE", ssl.get_default_verify_paths().cafile or "")
    transfer_module._trust.cache_clear()
    with speaking(lambda connection: connection.sendall(OK), tls) as url:
        outcome, text, _ = failure_of(url, seconds=5)
        assert outcome == "SocketError" and "certificate" in text
        settings.CHATSITE_WEBHOOK_CA = ca
        assert Client().send("POST", url, {}, b"[]").status == 200
    transfer_module._trust.cache_clear()


def test_a_certificate_of_the_systems_ca_file_is_trusted(
    tls: ssl.SSLContext, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    ca, settings.CHATSITE_WEBHOOK_CA = settings.CHATSITE_WEBHOOK_CA, None
    monkeypatch.setenv("SSL_CERT_FILE", str(ca))
    transfer_module._trust.cache_clear()
    with speaking(lambda connection: connection.sendall(OK), tls) as url:
        assert Client().send("POST", url, {}, b"[]").status == 200
    transfer_module._trust.cache_clear()


def test_a_certificate_must_be_for_the_host_of_the_url(
    tls: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    names: list[str] = []
    tls.sni_callback = lambda connection, name, context: names.append(name)
    with speaking(lambda connection: connection.sendall(OK), tls) as url:
        port = parse_endpoint(url).port
        found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *a, **k: found)
        assert Client().send("POST", url, {}, b"[]").status == 200
        outcome, text, _ = failure_of(f"https://example.org:{port}/hook", seconds=5)
    assert outcome == "SocketError" and "example.org" in text
    assert names == ["localhost", "example.org"]


def test_a_missing_ca_file_is_a_socket_error(tls: ssl.SSLContext, settings: Any) -> None:
    settings.CHATSITE_WEBHOOK_CA = "/nonexistent/ca.pem"
    with speaking(lambda connection: connection.sendall(OK), tls) as url:
        assert failure_of(url, seconds=5)[0] == "SocketError"


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
    ("url", "reason"),
    [
        (
            "https://169.254.169.254/metadata",
            "Webhooks may not be sent to the address 169.254.169.254.",
        ),
        (
            "https://[::ffff:169.254.169.254]/",
            "Webhooks may not be sent to the address ::ffff:169.254.169.254.",
        ),
        (
            "https://2852039166/metadata",
            "2852039166 resolves to addresses that webhooks may not reach.",
        ),
        ("https://0x0a000001/", "0x0a000001 resolves to addresses that webhooks may not reach."),
        ("https://10.0.0.1:8443/", "Webhooks may not be sent to the address 10.0.0.1."),
    ],
)
def test_nothing_is_sent_to_a_forbidden_address(url: str, reason: str) -> None:
    outcome, text, duration = failure_of(url)
    assert outcome == "ResolutionError" and reason in text
    assert duration < 1


def test_a_name_is_resolved_once_and_connected_to_what_was_checked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The resolver's second answer would be a forbidden address; it is not asked again."""
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


def test_an_address_that_was_not_checked_is_not_connected_to(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Even if libcurl came to another address than the resolution that was checked."""
    monkeypatch.setattr(
        "webhooks.client.resolve", lambda endpoint: [(socket.AF_INET, ("127.0.0.2", 1))]
    )
    with receiving() as receiver:
        assert failure_of(receiver.url)[0] == "SocketError"
        assert receiver.requests == []


def test_of_several_addresses_the_one_that_answers_is_used(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with receiving() as receiver:
        port = parse_endpoint(receiver.url).port
        found = [
            (socket.AF_INET6, socket.SOCK_STREAM, 6, "", ("::1", port, 0, 0)),
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.2", port)),
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port)),
        ]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *a, **k: found)
        assert Client().send("POST", f"http://x.localhost:{port}/", {}, b"[]").status == 200


@pytest.mark.parametrize("host", ["127.1", "2130706433", "0x7f000001", "[::1]", "localhost"])
def test_all_notations_of_an_address_are_understood_alike(host: str) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    address = "::1" if ":" in host else "127.0.0.1"

    def serve(listening: socket.socket) -> None:
        connection, _ = listening.accept()
        with connection:
            read_request(connection)
            connection.sendall(OK)

    with (
        override_settings(CHATSITE_WEBHOOK_HTTP=True),
        socket.create_server((address, 0), family=family) as listening,
    ):
        threading.Thread(target=serve, args=(listening,), daemon=True).start()
        url = f"http://{host}:{listening.getsockname()[1]}/"
        assert Client().send("POST", url, {}, b"[]").status == 200


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
