"""WebSocket clients with as little overhead as possible.

A message contains the time when it was sent. This process sends and receives, so that one clock
measures the whole latency. Trouter clients acknowledge each push and then send a ping, like the
SDKs.
"""

import asyncio
import base64
import os
import time
from dataclasses import dataclass, field

from bench.client import HOST, UnexpectedResponse, build_request, request_once

# Before and after the nanoseconds in a message.
MARK = b"~ns~"


def timestamped_text() -> str:
    """The text of a message sent now."""
    return f"{MARK.decode()}{time.perf_counter_ns()}{MARK.decode()}"


@dataclass
class Deliveries:
    """The messages that all clients of a measurement have received."""

    latencies: list[int] = field(default_factory=list)
    """Nanoseconds from sending to receiving, one for each delivery."""


class LiveClient(asyncio.Protocol):
    """A WebSocket that parses frames, records messages and acknowledges pushes."""

    def __init__(self, deliveries: Deliveries, *, acknowledges: bool) -> None:
        self.deliveries, self.acknowledges = deliveries, acknowledges
        self.opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.connected: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.transport: asyncio.Transport | None = None
        self.ended = False
        self._buffer = bytearray()
        self._is_open = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def connection_lost(self, problem: Exception | None) -> None:
        self.ended = True
        for future in (self.opened, self.connected):
            if not future.done():
                future.set_exception(UnexpectedResponse("a socket was closed"))

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if self._is_open or self._read_handshake():
            self._read_frames()

    def _read_handshake(self) -> bool:
        """Whether the response to the handshake is complete and successful."""
        buffer = self._buffer
        end = buffer.find(b"\r\n\r\n")
        if end < 0:
            return False
        if not buffer.startswith(b"HTTP/1.1 101"):
            self.opened.set_exception(UnexpectedResponse(bytes(buffer[:100]).decode()))
            return False
        del buffer[: end + 4]
        self._is_open = True
        self.opened.set_result(None)
        return True

    def _read_frames(self) -> None:
        buffer = self._buffer
        place, length = 0, len(buffer)
        while length - place >= 2:
            size, start = buffer[place + 1], place + 2
            if size == 126:
                size = int.from_bytes(buffer[start : start + 2], "big")
                start += 2
            elif size == 127:
                size = int.from_bytes(buffer[start : start + 8], "big")
                start += 8
            if length < start + size:
                break
            if buffer[place] == 0x81:
                self._text(bytes(buffer[start : start + size]))
            elif buffer[place] == 0x89:
                self._write(0x8A, bytes(buffer[start : start + size]))
            place = start + size
        del buffer[:place]

    def _text(self, text: bytes) -> None:
        mark = text.find(MARK)
        if mark >= 0:
            begin = mark + len(MARK)
            sent = int(text[begin : text.index(MARK, begin)])
            self.deliveries.latencies.append(time.perf_counter_ns() - sent)
        if text.startswith(b"3:::"):
            if self.acknowledges:
                number = text[10 : text.index(b",")]
                self._write(
                    0x81,
                    b'3:::{"id":%b,"status":200,"headers":{"MS-CV":"x.0.0",'
                    b'"trouter-client":"{\\"cd\\":0}"},"body":""}' % number,
                )
                self._write(0x81, b'5:%b+::{"name":"ping"}' % number)
        elif not self.connected.done() and b"connected" in text:
            self.connected.set_result(None)

    def _write(self, kind: int, payload: bytes) -> None:
        assert self.transport is not None
        size = len(payload)
        head = bytes((kind, 0x80 | size)) if size < 126 else b""
        if not head:
            head = bytes((kind, 0xFE)) + size.to_bytes(2, "big")
        # A masking key of zeros leaves the payload unchanged.
        self.transport.write(head + b"\0\0\0\0" + payload)


async def open_socket(
    port: int, target: str, deliveries: Deliveries, *, token: str = "", acknowledges: bool = False
) -> LiveClient:
    """Opens a WebSocket and waits until the server reports the connection."""
    loop = asyncio.get_running_loop()
    _, client = await loop.create_connection(
        lambda: LiveClient(deliveries, acknowledges=acknowledges), HOST, port
    )
    authorization = f"Authorization: Bearer {token}\r\n" if token else ""
    assert client.transport is not None
    client.transport.write(
        f"GET {target} HTTP/1.1\r\nHost: {HOST}:{port}\r\nUpgrade: websocket\r\n"
        "X-Forwarded-Proto: https\r\n"
        "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        f"Sec-WebSocket-Key: {base64.b64encode(os.urandom(16)).decode()}\r\n"
        f"{authorization}\r\n".encode()
    )
    async with asyncio.timeout(30):
        await client.opened
        await client.connected
    return client


async def handshake(port: int, token: str, epid: str) -> str:
    """The session id for opening a Trouter WebSocket."""
    request = build_request(port, "GET", f"/socket.io/1/?v=v4&epid={epid}", token=token)
    request = request.replace(b"Authorization: Bearer ", b"X-Skypetoken: ")
    return (await request_once(port, request)).partition(b":")[0].decode()
