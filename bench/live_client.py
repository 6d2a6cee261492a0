"""Live clients: as little as can be between the bytes of a socket and the clock.

A message carries the time at which it was sent; this process is sender and receiver, so one clock
measures the whole way. Clients of the SDKs' dialect answer each push and then ping, as it does.
"""

import asyncio
import base64
import os
import time
from dataclasses import dataclass, field

from bench.client import HOST, UnexpectedAnswer, ask_once, build_request

# In front of and behind the nanoseconds in a message.
MARK = b"~ns~"


def stamped() -> str:
    """The text of a message sent now."""
    return f"{MARK.decode()}{time.perf_counter_ns()}{MARK.decode()}"


@dataclass
class Deliveries:
    """What all clients of a measurement have received."""

    waits: list[int] = field(default_factory=list)
    """Nanoseconds from sending to receiving, one for each delivery."""


class LiveClient(asyncio.Protocol):
    """One WebSocket: reads unmasked frames, counts messages, answers pushes."""

    def __init__(self, deliveries: Deliveries, *, answers: bool) -> None:
        self.deliveries, self.answers = deliveries, answers
        self.opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.greeted: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.transport: asyncio.Transport | None = None
        self.ended = False
        self._buffer = bytearray()
        self._is_open = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def connection_lost(self, problem: Exception | None) -> None:
        self.ended = True
        for future in (self.opened, self.greeted):
            if not future.done():
                future.set_exception(UnexpectedAnswer("a socket was closed"))

    def data_received(self, data: bytes) -> None:
        buffer = self._buffer
        buffer += data
        if not self._is_open:
            end = buffer.find(b"\r\n\r\n")
            if end < 0:
                return
            if not buffer.startswith(b"HTTP/1.1 101"):
                self.opened.set_exception(UnexpectedAnswer(bytes(buffer[:100]).decode()))
                return
            del buffer[: end + 4]
            self._is_open = True
            self.opened.set_result(None)
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
            self.deliveries.waits.append(time.perf_counter_ns() - sent)
        if text.startswith(b"3:::"):
            if self.answers:
                number = text[10 : text.index(b",")]
                self._write(
                    0x81,
                    b'3:::{"id":%b,"status":200,"headers":{"MS-CV":"x.0.0",'
                    b'"trouter-client":"{\\"cd\\":0}"},"body":""}' % number,
                )
                self._write(0x81, b'5:%b+::{"name":"ping"}' % number)
        elif not self.greeted.done() and b"connected" in text:
            self.greeted.set_result(None)

    def _write(self, kind: int, payload: bytes) -> None:
        assert self.transport is not None
        size = len(payload)
        head = bytes((kind, 0x80 | size)) if size < 126 else b""
        if not head:
            head = bytes((kind, 0xFE)) + size.to_bytes(2, "big")
        # A mask of zeros leaves the bytes as they are.
        self.transport.write(head + b"\0\0\0\0" + payload)


async def open_socket(
    port: int, target: str, deliveries: Deliveries, *, token: str = "", answers: bool = False
) -> LiveClient:
    """Opens a WebSocket and waits for the greeting."""
    loop = asyncio.get_running_loop()
    _, client = await loop.create_connection(
        lambda: LiveClient(deliveries, answers=answers), HOST, port
    )
    authorization = f"Authorization: Bearer {token}\r\n" if token else ""
    assert client.transport is not None
    client.transport.write(
        f"GET {target} HTTP/1.1\r\nHost: {HOST}:{port}\r\nUpgrade: websocket\r\n"
        "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        f"Sec-WebSocket-Key: {base64.b64encode(os.urandom(16)).decode()}\r\n"
        f"{authorization}\r\n".encode()
    )
    async with asyncio.timeout(30):
        await client.opened
        await client.greeted
    return client


async def handshake(port: int, token: str, epid: str) -> str:
    """The id under which a socket of the SDKs' dialect may open."""
    request = build_request(port, "GET", f"/socket.io/1/?v=v4&epid={epid}", token=token)
    request = request.replace(b"Authorization: Bearer ", b"X-Skypetoken: ")
    return (await ask_once(port, request)).partition(b":")[0].decode()
