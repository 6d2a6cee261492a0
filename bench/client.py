"""A small HTTP/1.1 client and the closed loop that drives a server with it.

A closed loop: each client sends its next request when the answer to the one before has arrived.
So the rate is what the server does, and a latency is what one client waits while others wait too.
"""

import asyncio
import itertools
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

HOST = "127.0.0.1"
API_VERSION = "2024-03-07"
ANSWER_TIMEOUT = 20.0
"""Seconds that an answer may take before the run is given up."""


class UnexpectedAnswer(Exception):
    """The server answered otherwise than the measurement takes for granted."""


def build_request(
    port: int,
    method: str,
    target: str,
    *,
    token: str,
    body: object = None,
    content_type: str = "application/json",
) -> bytes:
    """The bytes of one keep-alive request; `body` is sent as JSON unless it is None."""
    payload = b"" if body is None else json.dumps(body).encode()
    lines = [
        f"{method} {target} HTTP/1.1",
        f"Host: {HOST}:{port}",
        f"Authorization: Bearer {token}",
    ]
    lines += ["Accept: application/json"]
    if payload:
        lines += [f"Content-Type: {content_type}", f"Content-Length: {len(payload)}"]
    return "\r\n".join([*lines, "", ""]).encode() + payload


def messages_path(thread: str) -> str:
    """The path of a thread's messages, escaped as the official SDKs escape it."""
    return f"/chat/threads/{thread.replace(':', '%3A').replace('@', '%40')}/messages"


def send_request(port: int, thread: str, token: str, text: str) -> bytes:
    """The bytes of one sent message."""
    target = f"{messages_path(thread)}?api-version={API_VERSION}"
    body = {"content": text, "type": "text", "senderDisplayName": "Alice"}
    return build_request(port, "POST", target, token=token, body=body)


def list_request(port: int, thread: str, token: str, size: int) -> bytes:
    """The bytes of one request for the newest `size` messages."""
    target = f"{messages_path(thread)}?maxPageSize={size}&api-version={API_VERSION}"
    return build_request(port, "GET", target, token=token)


def follow_request(port: int, next_link: str, token: str) -> bytes:
    """The bytes of one request for the page that `next_link` (an absolute address) names."""
    parts = urlsplit(next_link)
    target = parts.path.replace("@", "%40") + "?" + parts.query
    return build_request(port, "GET", target, token=token)


class Connection:
    """One keep-alive connection; one request at a time."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    @classmethod
    async def open(cls, port: int) -> "Connection":
        return cls(*await asyncio.open_connection(HOST, port, limit=1 << 20))

    async def ask(self, request: bytes) -> tuple[int, bytes]:
        """Sends a request; returns status and body of the answer."""
        self._writer.write(request)
        head = (await self._reader.readuntil(b"\r\n\r\n")).lower()
        status = int(head[9:12])
        start = head.find(b"\r\ncontent-length:")
        if start >= 0:
            length = int(head[start + 17 : head.index(b"\r\n", start + 17)])
            return status, await self._reader.readexactly(length) if length else b""
        if b"\r\ntransfer-encoding: chunked" in head:
            return status, await self._chunks()
        return status, b""

    async def _chunks(self) -> bytes:
        body = b""
        while size := int(await self._reader.readline(), 16):
            body += await self._reader.readexactly(size)
            await self._reader.readexactly(2)
        await self._reader.readexactly(2)
        return body

    def close(self) -> None:
        self._writer.close()


@dataclass
class Sample:
    """What one closed loop saw."""

    seconds: float
    latencies: list[float] = field(default_factory=list)
    """Seconds from request to answer, sorted."""

    @property
    def rate(self) -> float:
        """Answers per second."""
        return len(self.latencies) / self.seconds

    def percentile(self, percent: float) -> float:
        """Latency in milliseconds below which `percent` of the answers lie."""
        index = min(len(self.latencies) - 1, int(len(self.latencies) * percent / 100))
        return self.latencies[index] * 1000


async def ask_once(port: int, request: bytes, expected: int = 200) -> bytes:
    """The body of the answer to one request on a connection of its own."""
    connection = await Connection.open(port)
    try:
        status, body = await asyncio.wait_for(connection.ask(request), ANSWER_TIMEOUT)
    finally:
        connection.close()
    if status != expected:
        raise UnexpectedAnswer(f"{status} instead of {expected}: {body[:300]!r}")
    return body


async def drive(
    port: int, requests: Sequence[Sequence[bytes]], expected: int, seconds: float
) -> Sample:
    """Runs one client for each entry of `requests`, which it repeats in order, for `seconds`.

    Raises UnexpectedAnswer for any status but `expected`: a fast refusal must not count as work.
    """
    connections = [await Connection.open(port) for _ in requests]
    latencies: list[float] = []
    started = time.perf_counter()
    deadline = started + seconds

    async def client(connection: Connection, own: Sequence[bytes]) -> None:
        clock = time.perf_counter
        for request in itertools.cycle(own):
            asked = clock()
            if asked >= deadline:
                return
            status, body = await connection.ask(request)
            latencies.append(clock() - asked)
            if status != expected:
                raise UnexpectedAnswer(f"{status} instead of {expected}: {body[:300]!r}")

    try:
        async with asyncio.timeout(seconds + ANSWER_TIMEOUT), asyncio.TaskGroup() as group:
            for connection, own in zip(connections, requests, strict=True):
                group.create_task(client(connection, own))
    except* (UnexpectedAnswer, OSError, EOFError) as problems:
        raise UnexpectedAnswer(f"{problems.exceptions[0]}") from None
    finally:
        for connection in connections:
            connection.close()
    return Sample(seconds=time.perf_counter() - started, latencies=sorted(latencies))
