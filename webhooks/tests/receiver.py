"""Webhook endpoints on loopback whose responses a test chooses."""

import contextlib
import json
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Received:
    """A request that has arrived."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    at: float

    @property
    def json(self) -> Any:
        return json.loads(self.body)


# Status, headers and body of an answer.
Answer = tuple[int, dict[str, str], bytes]


def accept(request: Received) -> Answer:
    """Accepts handshakes and events."""
    if request.method == "OPTIONS":
        return 200, {"WebHook-Allowed-Origin": "*"}, b""
    if request.headers.get("aeg-event-type") == "SubscriptionValidation":
        code = request.json[0]["data"]["validationCode"]
        return 200, {}, json.dumps({"validationResponse": code}).encode()
    return 200, {}, b""


@dataclass
class Receiver:
    """An endpoint; `answer` returns its responses and may be changed at any time."""

    url: str
    answer: Callable[[Received], Answer] = accept
    requests: list[Received] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def notifications(self) -> list[Received]:
        """The requests that carried events."""
        with self.lock:
            return [r for r in self.requests if r.headers.get("aeg-event-type") == "Notification"]

    @property
    def events(self) -> list[dict[str, Any]]:
        """All events that have arrived, one by one."""
        bodies = [request.json for request in self.notifications]
        return [e for body in bodies for e in (body if isinstance(body, list) else [body])]

    def wait_for(self, count: int, seconds: float = 15.0) -> list[dict[str, Any]]:
        """The events, when at least `count` have arrived."""
        deadline = time.monotonic() + seconds
        while len(self.events) < count:
            assert time.monotonic() < deadline, f"{len(self.events)} of {count} events"
            time.sleep(0.02)
        return self.events


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def _handle(self) -> None:
        length = int(self.headers.get("content-length") or 0)
        body = self.rfile.read(length)
        if len(body) < length:
            # The sender was killed in the middle of it.
            return
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = Received(self.command, self.path, headers, body, time.time())
        receiver: Receiver = self.server.receiver  # type: ignore[attr-defined]
        status, more, content = receiver.answer(request)
        with receiver.lock:
            receiver.requests.append(request)
        self.send_response(status)
        for name, value in more.items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = do_OPTIONS = _handle  # noqa: N815

    def log_message(self, *args: Any) -> None:
        pass


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, *args: Any) -> None:
        pass


@contextlib.contextmanager
def receiving(answer: Callable[[Received], Answer] = accept) -> Iterator[Receiver]:
    """An endpoint while the context lasts."""
    server = _Server(("127.0.0.1", 0), _Handler)
    receiver = Receiver(f"http://127.0.0.1:{server.server_port}/hook", answer)
    server.receiver = receiver  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()


def _secured(connection: socket.socket, tls: ssl.SSLContext | None) -> socket.socket:
    return tls.wrap_socket(connection, server_side=True) if tls else connection


def read_request(connection: socket.socket) -> bytes:
    """The head of a request, which is read to its end: closing before would be a reset."""
    with connection.makefile("rb") as stream:
        length, head = 0, b""
        for line in iter(stream.readline, b""):
            head += line
            if line == b"\r\n":
                break
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        stream.read(length)
        return head


@contextlib.contextmanager
def speaking(
    talk: Callable[[socket.socket], None], tls: ssl.SSLContext | None = None
) -> Iterator[str]:
    """The URL of a server that reads one request of each connection and then calls `talk`."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]

        def serve() -> None:
            while True:
                try:
                    connection, _ = listening.accept()
                except OSError:
                    return

                def run(plain: socket.socket = connection) -> None:
                    with contextlib.suppress(OSError), _secured(plain, tls) as connection:
                        read_request(connection)
                        talk(connection)

                threading.Thread(target=run, daemon=True).start()

        threading.Thread(target=serve, daemon=True).start()
        yield f"https://localhost:{port}/hook" if tls else f"http://127.0.0.1:{port}/hook"
        # Wakes the accept that would otherwise wait for ever.
        listening.shutdown(socket.SHUT_RDWR)
