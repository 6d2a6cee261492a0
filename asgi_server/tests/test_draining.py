"""Stopping a server: requests in progress finish, and sockets are closed for a reconnect."""

import contextlib
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from asgi_server.tests.slow_application import LARGE
from load_testing.ports import free_port
from load_testing.servers import CHECKOUT, restore_interrupts


class SlowServer:
    """A process that serves `slow_application`, and the lines it prints."""

    def __init__(self, *, seconds: float, drain: float = 10.0) -> None:
        self.port = free_port()
        arguments = [str(self.port), str(seconds), str(drain)]
        self.process = subprocess.Popen(
            [sys.executable, "-m", "asgi_server.tests.slow_application", *arguments],
            cwd=CHECKOUT,
            stdout=subprocess.PIPE,
            text=True,
            preexec_fn=restore_interrupts,
        )
        self.wait_for("ready")

    def wait_for(self, line: str) -> None:
        assert self.process.stdout is not None
        for printed in self.process.stdout:
            if printed.strip() == line:
                return
        raise AssertionError(f"the server ended without printing {line!r}")

    def wait_until_port_is_closed(self) -> None:
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=2).close()
            except ConnectionRefusedError:
                return
            time.sleep(0.02)
        raise AssertionError("the server still accepts connections")

    def get(self, path: str) -> bytes:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=20) as answer:
            body: bytes = answer.read()
            return body


@contextlib.contextmanager
def slow_server(*, seconds: float, drain: float = 10.0) -> Iterator[SlowServer]:
    server = SlowServer(seconds=seconds, drain=drain)
    try:
        yield server
    finally:
        server.process.kill()
        server.process.wait()


@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("path", ["/async", "/sync"])
def test_a_request_in_progress_finishes_when_the_server_is_told_to_stop(
    path: str, sign: signal.Signals
) -> None:
    with slow_server(seconds=1.5) as server, ThreadPoolExecutor() as pool:
        answer = pool.submit(server.get, path)
        server.wait_for(f"began {path}")
        server.process.send_signal(sign)
        assert answer.result() == b"finished"
        assert server.process.wait(30) == 0


def test_a_large_response_is_written_to_its_end() -> None:
    with slow_server(seconds=0) as server:
        with socket.create_connection(("127.0.0.1", server.port)) as client:
            client.sendall(b"GET /large HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            server.wait_for("began /large")
            server.process.send_signal(signal.SIGTERM)
            server.wait_until_port_is_closed()
            received = sum(len(chunk) for chunk in iter(lambda: client.recv(65536), b""))
        assert received > LARGE
        assert server.process.wait(30) == 0


def test_an_open_socket_is_closed_with_code_1012() -> None:
    with slow_server(seconds=0) as server:
        with connect(f"ws://127.0.0.1:{server.port}/") as client:
            server.process.send_signal(signal.SIGTERM)
            with pytest.raises(ConnectionClosed) as closed:
                client.recv(timeout=5)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1012
        assert server.process.wait(30) == 0


def test_new_connections_are_refused_while_the_server_drains() -> None:
    with slow_server(seconds=2) as server:
        waiting = threading.Thread(target=server.get, args=["/async"])
        waiting.start()
        server.wait_for("began /async")
        server.process.send_signal(signal.SIGTERM)
        server.wait_until_port_is_closed()
        assert waiting.is_alive()
        waiting.join()


def test_a_request_that_takes_too_long_does_not_keep_the_server_alive() -> None:
    with slow_server(seconds=30, drain=0.5) as server:
        threading.Thread(target=_ignore_failure, args=[server], daemon=True).start()
        server.wait_for("began /sync")
        began = time.monotonic()
        server.process.send_signal(signal.SIGTERM)
        server.wait_for("overdue 1")
        assert server.process.wait(30) == 0
        assert time.monotonic() - began < 5


def _ignore_failure(server: SlowServer) -> None:
    with contextlib.suppress(OSError):
        server.get("/sync")
