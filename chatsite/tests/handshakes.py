"""WebSocket handshakes on a raw socket, with any target in the request line."""

import contextlib
import http.client
import socket
import ssl

_UPGRADE = (
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
)


def handshake(
    port: int,
    target: str,
    *headers: str,
    host: str = "localhost",
    tls: ssl.SSLContext | None = None,
) -> int:
    """The status of the answer to a WebSocket handshake: 101 if it is accepted."""
    lines = [f"GET {target} HTTP/1.1", f"Host: {host}", *_UPGRADE, *headers, "", ""]
    with contextlib.ExitStack() as stack:
        connection = stack.enter_context(socket.create_connection(("127.0.0.1", port), 20))
        if tls:
            connection = stack.enter_context(tls.wrap_socket(connection, server_hostname=host))
        connection.sendall("\r\n".join(lines).encode())
        status = stack.enter_context(connection.makefile("rb")).readline()
    return int(status.split()[1])


def get(
    port: int, target: str, host: str = "localhost", tls: ssl.SSLContext | None = None
) -> http.client.HTTPResponse:
    """The answer to a GET request; its body is not read."""
    connection = (
        http.client.HTTPSConnection("localhost", port, timeout=20, context=tls)
        if tls
        else http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    )
    connection.putrequest("GET", target, skip_host=True)
    connection.putheader("Host", host)
    connection.endheaders()
    return connection.getresponse()
