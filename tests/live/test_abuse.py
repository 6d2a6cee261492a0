"""Abusive clients, over real sockets: disconnected with a clear code, without harm to others."""

from __future__ import annotations

import asyncio
import contextlib
import re
import uuid
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from load_testing.clients import Person, Site, Stream, bearer, people_of, trouter
from tests.server import Server


def memory(server: Server) -> int:
    """The resident memory of the server process, in bytes."""
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    found = re.search(r"^VmRSS:\s+(\d+) kB", status, re.MULTILINE)
    assert found
    return int(found[1]) * 1024


async def code_of(client: Any) -> int | None:
    """The close code of a connection; frames before it are ignored."""
    async with asyncio.timeout(20):
        try:
            while True:
                await client.recv()
        except ConnectionClosed as closed:
            return closed.rcvd.code if closed.rcvd else None


async def is_well(alice: Person, thread: str, witness: Stream) -> None:
    """Another client still receives events."""
    text = uuid.uuid4().hex
    await alice.send(thread, text)
    (frame,) = await witness.frames(1)
    assert frame["message"]["content"]["message"] == text


@pytest.mark.parametrize("protocol", ["native", "trouter"])
async def test_ten_thousand_frames_a_second(server: Server, protocol: str) -> None:
    site = Site.of(server)
    async with people_of(site) as people:
        alice, bob, eve = [await people.person(name) for name in ("Alice", "Bob", "Eve")]
        thread = await alice.create_thread(bob)
        witness = await Stream.open(site, bearer(bob))
        await witness.frame()
        before = memory(server)
        for _ in range(2):
            if protocol == "native":
                socket = (await Stream.open(site, bearer(eve))).socket
                frame = '{"type":"authenticate","token":"' + eve.token + '"}'
            else:
                socket = (await trouter(site, eve)).socket
                frame = '5:1+::{"name":"ping"}'
            ended = asyncio.create_task(code_of(socket))
            try:
                for number in range(10_000):
                    await socket.send(frame)
                    if number % 500 == 0:
                        await asyncio.sleep(0)
            except ConnectionClosed:
                pass
            assert await ended in (4429, None)
            await is_well(alice, thread, witness)
        assert memory(server) - before < 60_000_000
        await witness.socket.close()


async def test_frames_too_large(server: Server) -> None:
    site = Site.of(server)
    async with people_of(site) as people:
        eve = await people.person("Eve")
        for size in (100_000, 900_000):
            stream = await Stream.open(site, bearer(eve))
            await stream.frame()
            await stream.socket.send("x" * size)
            assert await code_of(stream.socket) == 4413
            client = await trouter(site, eve)
            await client.socket.send("3:::" + "x" * size)
            assert await code_of(client.socket) == 4413
        # Daphne itself takes no more than a megabyte.
        stream = await Stream.open(site, bearer(eve))
        await stream.frame()
        with contextlib.suppress(ConnectionClosed):
            # It may close while the client is still sending.
            await stream.socket.send("x" * 3_000_000)
        assert await code_of(stream.socket) in (1009, None)


async def test_binary_frames_are_malformed(server: Server) -> None:
    site = Site.of(server)
    async with people_of(site) as people:
        eve = await people.person("Eve")
        stream = await Stream.open(site, bearer(eve))
        await stream.frame()
        await stream.socket.send(b"\x00\xff")
        assert await code_of(stream.socket) == 4400
        client = await trouter(site, eve)
        await client.socket.send(b"\x00\xff")
        assert await code_of(client.socket) == 4400


@pytest.mark.parametrize(
    "path",
    [
        "/socket.io/1/websocket/unknown",
        "/socket.io/1/websocket/%2e%2e%2f",
        "/socket.io/1/websocket/",
        "/chat/events?ticket=unknown",
        "/chat/events?after=unknown",
        "/chat/nothing",
    ],
)
async def test_unauthorized_sockets_are_refused(server: Server, path: str) -> None:
    with pytest.raises(InvalidStatus) as problem:
        await connect(Site.of(server).socket_url + path, proxy=None)
    assert problem.value.response.status_code == 403
