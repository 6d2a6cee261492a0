"""Sockets that stay connected: after every disconnect they reconnect to a random server."""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import time
import uuid
from collections.abc import Callable, Sequence
from typing import Any

import aiohttp
from websockets.exceptions import WebSocketException

from load_testing.clients import Person, Site, Stream, Trouter, bearer, trouter
from load_testing.report import Key, Received

# Seconds before a disconnect in which an answer may not have arrived at the server.
UNCERTAIN_SECONDS = 1.0
FAILURES = (OSError, WebSocketException, aiohttp.ClientError, TimeoutError, AssertionError)


class Listener:
    """One socket of a user. Subclasses connect and receive."""

    def __init__(self, person: Person, random_: random.Random) -> None:
        self.received = Received(person)
        self.person = person
        self.transport: Any = None
        self._random = random_
        self._on_first_connection: Callable[[], None] | None = None

    async def listen(self, sites: Sequence[Site], on_first_connection: Callable[[], None]) -> None:
        """Stay connected until cancelled."""
        self._on_first_connection = on_first_connection
        while True:
            with contextlib.suppress(*FAILURES):
                await self.receive(self._random.choice(sites))
            self.transport = None
            await asyncio.sleep(self._random.uniform(0.05, 0.3))

    async def receive(self, site: Site) -> None:
        """Connect, and receive until the connection ends."""
        raise NotImplementedError

    def cut(self) -> None:
        """Reset the connection, as a network may."""
        if self.transport is not None:
            self.transport.abort()

    def _connected(self, transport: Any) -> None:
        self.transport = transport
        self.received.connections += 1
        if self._on_first_connection:
            self._on_first_connection()
            self._on_first_connection = None


class NativeListener(Listener):
    """A socket of the native event stream, which resumes after the last event."""

    _last = ""

    async def receive(self, site: Site) -> None:
        async with asyncio.timeout(10):
            stream = await Stream.open(site, bearer(self.person), self._last)
            connected = await stream.frame()
        assert connected["recovered"] is True
        self._last = self._last or connected["id"]
        self._connected(stream.socket.transport)
        async for text in stream.socket:
            frame = json.loads(text)
            self._last = frame.get("id", self._last)
            if "threadId" in frame and frame["type"] != "typingIndicatorReceived":
                self.received.keys.append((frame["threadId"], frame["version"]))


class TrouterListener(Listener):
    """A socket of the SDKs' protocol, which answers every push and sends a ping after it."""

    def __init__(self, person: Person, random_: random.Random) -> None:
        super().__init__(person, random_)
        self._epid = str(uuid.uuid4())
        # When each push was answered first, and when the last connection ended.
        self._answered: dict[Key, float] = {}
        self._ended = 0.0

    async def receive(self, site: Site) -> None:
        async with asyncio.timeout(10):
            client = await trouter(site, self.person, self._epid)
        self._connected(client.socket.transport)
        ended_before = self._ended
        try:
            async for content in client.socket:
                assert isinstance(content, str)
                if content.startswith("3:::"):
                    await self._push(client, json.loads(content[4:]), ended_before)
        finally:
            self._ended = time.monotonic()

    async def _push(self, client: Trouter, message: dict[str, Any], ended_before: float) -> None:
        body = json.loads(message["body"])
        self._count((body["groupId"], body["version"]), ended_before)
        number = message["id"]
        await client.socket.send(f'3:::{{"id":{number},"status":200}}')
        await client.socket.send(f'5:{number}+::{{"name":"ping"}}')
        self._answered[body["groupId"], body["version"]] = time.monotonic()

    def _count(self, key: Key, ended_before: float) -> None:
        if key not in self._answered:
            self.received.keys.append(key)
        elif self._answered[key] < ended_before - UNCERTAIN_SECONDS:
            self.received.doubled += 1
        else:
            self.received.repeated += 1
