"""A TCP proxy whose connections can be cut, as a network may do."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from collections.abc import Iterator
from urllib.parse import urlsplit

from load_testing.ports import free_port
from tests.server import Server

_RESET = struct.pack("ii", 1, 0)


class WireCutter:
    """Passes bytes between its own `port` and the server's, both ways, until they are cut."""

    def __init__(self, target_port: int) -> None:
        self._target = target_port
        self.port = free_port()
        self._listening = socket.create_server(("127.0.0.1", self.port), backlog=128)
        self._pairs: list[tuple[socket.socket, socket.socket]] = []
        self._lock = threading.Lock()
        self._is_down = False
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self, *, gently: bool = False) -> int:
        """Reset every connection, or close it if `gently`. Returns how many there were."""
        with self._lock:
            pairs, self._pairs = self._pairs, []
        for pair in pairs:
            for end in pair:
                _end(end) if gently else _reset(end)
        return len(pairs)

    @contextlib.contextmanager
    def down(self, *, gently: bool = False) -> Iterator[None]:
        """Cut every connection, and refuse new ones while the context lasts."""
        self._is_down = True
        self.cut(gently=gently)
        yield
        self._is_down = False

    def close(self) -> None:
        self._listening.close()
        self.cut()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listening.accept()
            except OSError:
                return
            try:
                server = socket.create_connection(("127.0.0.1", self._target), timeout=5)
                server.settimeout(None)
            except OSError:
                _reset(client)
                continue
            with self._lock:
                is_down = self._is_down
                if not is_down:
                    self._pairs.append((client, server))
            if is_down:
                _reset(client)
                _reset(server)
                continue
            for source, sink in ((client, server), (server, client)):
                threading.Thread(target=self._pass_on, args=(source, sink), daemon=True).start()

    def _pass_on(self, source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                sink.sendall(data)
        with contextlib.suppress(OSError):
            sink.shutdown(socket.SHUT_WR)
        with self._lock:
            self._pairs = [pair for pair in self._pairs if source not in pair or sink not in pair]


def _reset(end: socket.socket) -> None:
    with contextlib.suppress(OSError):
        end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
    _end(end)


def _end(end: socket.socket) -> None:
    with contextlib.suppress(OSError):
        # Wakes the thread that reads from it, too.
        end.shutdown(socket.SHUT_RDWR)
    with contextlib.suppress(OSError):
        end.close()


@contextlib.contextmanager
def cuttable(server: Server) -> Iterator[tuple[str, WireCutter]]:
    """An https URL of the server behind a wire cutter, and the wire cutter."""
    wire = WireCutter(urlsplit(server.https_url).port or 0)
    try:
        yield f"https://localhost:{wire.port}", wire
    finally:
        wire.close()
