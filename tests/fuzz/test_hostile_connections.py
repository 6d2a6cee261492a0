"""Hostile bytes on the connection of a server process: what no HTTP client would send."""

from __future__ import annotations

import json
import socket
import urllib.request
from urllib.parse import urlsplit

import pytest

from tests.replay.sites import OverTheWire
from tests.server import Server

SECONDS = 10.0
# An answer to a whole request starts at once; nothing comes after half a request.
FIRST_BYTE_SECONDS = 1.0
SILENCE_SECONDS = 0.1
LIST = "/chat/threads?api-version=2025-03-15"

# %TOKEN% becomes a valid token; a request may be one that works.
REQUESTS: dict[str, bytes] = {
    "nothing": b"\r\n\r\n",
    "noise": bytes(range(256)) * 4,
    "no version": b"GET /chat/threads\r\n\r\n",
    "an unknown version": b"GET /chat/threads HTTP/9.9\r\nHost: localhost\r\n\r\n",
    "a TLS greeting": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 40 + b"\r\n\r\n",
    "an HTTP/2 preface": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "no host": f"GET {LIST} HTTP/1.1\r\nAuthorization: Bearer %TOKEN%\r\n\r\n".encode(),
    **{
        f"the host {host!r}": (
            f"GET {LIST} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer %TOKEN%\r\n\r\n"
        ).encode("latin-1")
        for host in ("", "<a b>", "a@b", "localhost:99999999", "[::1", "\xff\xfe", "a\r\n : x")
    },
    "two hosts": (
        f"GET {LIST} HTTP/1.1\r\nHost: localhost\r\nHost: evil\r\n"
        "Authorization: Bearer %TOKEN%\r\n\r\n"
    ).encode(),
    "an absolute target": f"GET http://evil{LIST} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode(),
    "a target of bytes": b"GET /chat/threads/\xff\xfe HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "a NUL in the target": b"GET /chat/threads/\x00?a HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "a NUL in the query": b"GET /chat/threads?a=\x00 HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "an asterisk": b"OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "a long target": b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "a token of bytes": (
        f"GET {LIST} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer \xff\xfe\r\n\r\n"
    ).encode("latin-1"),
    "two tokens": (
        f"GET {LIST} HTTP/1.1\r\nHost: localhost\r\n"
        "Authorization: Bearer %TOKEN%\r\nAuthorization: Bearer x\r\n\r\n"
    ).encode(),
    "a long header": b"GET /chat/threads HTTP/1.1\r\nHost: localhost\r\nX: "
    + b"a" * 100_000
    + b"\r\n\r\n",
    "a thousand headers": (
        b"GET /chat/threads HTTP/1.1\r\nHost: localhost\r\n"
        + b"".join(b"X-%d: a\r\n" % number for number in range(1000))
        + b"\r\n"
    ),
    "a header without a colon": b"GET /chat/threads HTTP/1.1\r\nHost: localhost\r\nnothing\r\n\r\n",
    "a header with a blank name": b"GET /chat/threads HTTP/1.1\r\nHost: localhost\r\n : x\r\n\r\n",
    "a length that is no number": (
        b"POST /chat/threads HTTP/1.1\r\nHost: localhost\r\nContent-Length: abc\r\n\r\n"
    ),
    "a negative length": (
        b"POST /chat/threads HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n"
    ),
    "two lengths": (
        b"POST /chat/threads HTTP/1.1\r\nHost: localhost\r\n"
        b"Content-Length: 2\r\nContent-Length: 30\r\n\r\n{}"
    ),
    "length and chunks": (
        b"POST /chat/threads HTTP/1.1\r\nHost: localhost\r\n"
        b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /x HTTP/1.1\r\n\r\n"
    ),
    "a broken chunk": (
        b"POST /chat/threads HTTP/1.1\r\nHost: localhost\r\n"
        b"Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n"
    ),
    "an unknown transfer coding": (
        b"POST /chat/threads HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: gzip\r\n\r\n{}"
    ),
    "an expectation": (
        b"POST /chat/threads HTTP/1.1\r\nHost: localhost\r\n"
        b"Expect: nonsense\r\nContent-Length: 2\r\n\r\n{}"
    ),
    "an upgrade to nothing": (
        b"GET /chat/threads HTTP/1.1\r\nHost: localhost\r\n"
        b"Connection: upgrade\r\nUpgrade: nothing\r\n\r\n"
    ),
    "a websocket on the API": (
        b"GET /chat/threads HTTP/1.1\r\nHost: localhost\r\nConnection: upgrade\r\n"
        b"Upgrade: websocket\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
        b"Sec-WebSocket-Version: 13\r\n\r\n"
    ),
}


@pytest.mark.parametrize("name", REQUESTS)
def test_the_server_survives(name: str, server: Server) -> None:
    """The answer is a refusal or a closed connection, and the next request is served."""
    site = OverTheWire(server)
    token = site.token(site.new_user())
    logged = server.log.stat().st_size
    answer = exchange(server, REQUESTS[name].replace(b"%TOKEN%", token.encode()))
    status = int(answer.split()[1]) if answer.startswith(b"HTTP/1.") else 0
    assert status < 500, answer[:500]
    assert server.process.poll() is None
    assert list_threads(server, token) == (200, {"value": []})
    assert b"Traceback" not in server.log.read_bytes()[logged:]


def exchange(server: Server, request: bytes) -> bytes:
    """What the server says to these bytes until it falls silent or closes."""
    address = urlsplit(server.http_url)
    assert address.hostname and address.port
    answer = b""
    with socket.create_connection((address.hostname, address.port), timeout=SECONDS) as connection:
        try:
            connection.sendall(request)
            connection.settimeout(FIRST_BYTE_SECONDS)
            while received := connection.recv(65536):
                answer += received
                connection.settimeout(SILENCE_SECONDS)
        except (ConnectionError, TimeoutError):
            pass
    return answer


def list_threads(server: Server, token: str) -> tuple[int, object]:
    """A well-behaved request."""
    request = urllib.request.Request(
        f"{server.http_url}{LIST}", headers={"Authorization": f"Bearer {token}"}
    )
    with urllib.request.urlopen(request, timeout=SECONDS) as response:
        return response.status, json.loads(response.read())
