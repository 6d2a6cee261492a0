"""A small HTTP/1.1 client, and a closed loop of requests.

In a closed loop, each client sends its next request when the response to the previous one has
arrived. So the rate is the throughput of the server at this number of clients.
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
RESPONSE_TIMEOUT = 20.0
"""Seconds after which a missing response aborts the run."""


class UnexpectedResponse(Exception):
    """A response differs from what the measurement requires."""


def build_request(
    port: int,
    method: str,
    target: str,
    *,
    token: str,
    body: object = None,
    content_type: str = "application/json",
) -> bytes:
    """The bytes of a keep-alive request; `body` is sent as JSON unless it is None."""
    payload = b"" if body is None else json.dumps(body).encode()
    lines = [
        f"{method} {target} HTTP/1.1",
        f"Host: {HOST}:{port}",
        f"Authorization: Bearer {token}",
        # As a proxy that terminates TLS; a server in production accepts nothing else.
        "X-Forwarded-Proto: https",
    ]
    lines += ["Accept: application/json"]
    if payload:
        lines += [f"Content-Type: {content_type}", f"Content-Length: {len(payload)}"]
    return "\r\n".join([*lines, "", ""]).encode() + payload


def messages_path(thread: str) -> str:
    """The path of a thread's messages, escaped like in the official SDKs."""
    return f"/chat/threads/{thread.replace(':', '%3A').replace('@', '%40')}/messages"


def send_request(port: int, thread: str, token: str, text: str) -> bytes:
    """The request that sends a message."""
    target = f"{messages_path(thread)}?api-version={API_VERSION}"
    body = {"content": text, "type": "text", "senderDisplayName": "Alice"}
    return build_request(port, "POST", target, token=token, body=body)


def list_request(port: int, thread: str, token: str, size: int) -> bytes:
    """The request for the newest `size` messages."""
    target = f"{messages_path(thread)}?maxPageSize={size}&api-version={API_VERSION}"
    return build_request(port, "GET", target, token=token)


def follow_request(port: int, next_link: str, token: str) -> bytes:
    """The request for the page at `next_link`, an absolute URL."""
    parts = urlsplit(next_link)
    target = parts.path.replace("@", "%40") + "?" + parts.query
    return build_request(port, "GET", target, token=token)


class Connection:
    """A keep-alive connection, for one request at a time."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    @classmethod
    async def open(cls, port: int) -> "Connection":
        return cls(*await asyncio.open_connection(HOST, port, limit=1 << 20))

    async def request(self, request: bytes) -> tuple[int, bytes]:
        """Sends a request; returns status and body of the response."""
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
    """The result of a closed loop."""

    seconds: float
    latencies: list[float] = field(default_factory=list)
    """Seconds from request to response, sorted."""

    @property
    def rate(self) -> float:
        """Responses per second."""
        return len(self.latencies) / self.seconds

    def percentile(self, percent: float) -> float:
        """The percentile of the latency in milliseconds."""
        index = min(len(self.latencies) - 1, int(len(self.latencies) * percent / 100))
        return self.latencies[index] * 1000


async def request_once(port: int, request: bytes, expected: int = 200) -> bytes:
    """Sends a request on a new connection; returns the body of the response."""
    connection = await Connection.open(port)
    try:
        status, body = await asyncio.wait_for(connection.request(request), RESPONSE_TIMEOUT)
    finally:
        connection.close()
    if status != expected:
        raise UnexpectedResponse(f"{status} instead of {expected}: {body[:300]!r}")
    return body


async def run_closed_loop(
    port: int, requests: Sequence[Sequence[bytes]], expected: int, seconds: float
) -> Sample:
    """Runs a client for each entry of `requests`, which it repeats in order, for `seconds`.

    Raises UnexpectedResponse for any status but `expected`: an error must not count as work.
    """
    connections = [await Connection.open(port) for _ in requests]
    latencies: list[float] = []
    started = time.perf_counter()
    deadline = started + seconds
    try:
        async with asyncio.timeout(seconds + RESPONSE_TIMEOUT), asyncio.TaskGroup() as group:
            for connection, own in zip(connections, requests, strict=True):
                group.create_task(_client(connection, own, expected, deadline, latencies))
    except* (UnexpectedResponse, OSError, EOFError) as problems:
        raise UnexpectedResponse(f"{problems.exceptions[0]}") from None
    finally:
        for connection in connections:
            connection.close()
    return Sample(seconds=time.perf_counter() - started, latencies=sorted(latencies))


async def _client(
    connection: Connection,
    requests: Sequence[bytes],
    expected: int,
    deadline: float,
    latencies: list[float],
) -> None:
    clock = time.perf_counter
    for request in itertools.cycle(requests):
        sent = clock()
        if sent >= deadline:
            return
        status, body = await connection.request(request)
        latencies.append(clock() - sent)
        if status != expected:
            raise UnexpectedResponse(f"{status} instead of {expected}: {body[:300]!r}")
