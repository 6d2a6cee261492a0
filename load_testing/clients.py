"""Clients of real servers: users, the native event stream, and the SDKs' protocol."""

from __future__ import annotations

import asyncio
import json
import ssl
import uuid
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import urlsplit

import aiohttp
from websockets.asyncio.client import ClientConnection, connect

from load_testing.signing import signed_headers

VERSION = "2025-03-15"
SECONDS = 15.0


class RunningServer(Protocol):
    """A server process with both of its ports."""

    @property
    def https_url(self) -> str: ...

    @property
    def http_url(self) -> str: ...

    @property
    def connection_string(self) -> str: ...

    def trust(self) -> ssl.SSLContext:
        """TLS settings that trust the server's CA."""


@dataclass(frozen=True)
class Site:
    """The URL and the access key of a server."""

    url: str
    access_key: str
    trust: ssl.SSLContext | None = None

    @classmethod
    def of(cls, server: RunningServer, *, https: bool = False) -> Site:
        """The site of a running server, by its http port unless `https` is set."""
        key = server.connection_string.partition("accesskey=")[2]
        if https:
            return cls(server.https_url, key, server.trust())
        return cls(server.http_url, key)

    @property
    def host(self) -> str:
        return urlsplit(self.url).netloc

    @property
    def socket_url(self) -> str:
        return self.url.replace("http", "ws", 1)


class People:
    """An HTTP session shared by all users."""

    def __init__(self, site: Site, session: aiohttp.ClientSession) -> None:
        self.site, self.session = site, session

    async def person(self, name: str) -> Person:
        """Create a user with a token."""
        body = json.dumps({"createTokenWithScopes": ["chat"]}).encode()
        target = "/identities?api-version=2023-10-01"
        headers = signed_headers("POST", target, body, self.site.access_key, host=self.site.host)
        headers["content-type"] = "application/json"
        async with self.session.post(
            self.site.url + target, data=body, headers=headers, ssl=self.site.trust or True
        ) as answer:
            assert answer.status == 201, await answer.text()
            made = await answer.json()
        return Person(name, made["identity"]["id"], made["accessToken"]["token"], self)


@dataclass(frozen=True)
class Person:
    """A user."""

    name: str
    id: str
    token: str
    people: People

    @property
    def participant(self) -> dict[str, Any]:
        """The user as a participant in request bodies."""
        return {
            "communicationIdentifier": {"communicationUser": {"id": self.id}},
            "displayName": self.name,
        }

    async def ask(
        self, method: str, path: str, body: Any = None, *, site: Site | None = None
    ) -> tuple[int, Any]:
        """Send a request as this user. Returns the status and the parsed body."""
        site = site or self.people.site
        kind = "application/merge-patch+json" if method == "PATCH" else "application/json"
        headers = {"authorization": f"Bearer {self.token}"}
        if body is not None:
            headers["content-type"] = kind
        async with self.people.session.request(
            method,
            f"{site.url}{path}?api-version={VERSION}",
            data=None if body is None else json.dumps(body),
            headers=headers,
            ssl=site.trust or True,
        ) as answer:
            text = await answer.text()
            return answer.status, json.loads(text) if text else None

    async def create_thread(self, *others: Person, topic: str = "Lunch") -> str:
        """Create a thread. Returns its path."""
        body = {"topic": topic, "participants": [other.participant for other in others]}
        status, answer = await self.ask("POST", "/chat/threads", body)
        assert status == 201, answer
        return f"/chat/threads/{answer['chatThread']['id']}"

    async def send(self, thread: str, content: str, *, site: Site | None = None) -> str:
        """Send a message. Returns its ID."""
        status, answer = await self.ask(
            "POST", f"{thread}/messages", {"content": content}, site=site
        )
        assert status == 201, answer
        return str(answer["id"])


class people_of:
    """`async with people_of(site) as people`."""

    def __init__(self, site: Site) -> None:
        self._site = site

    async def __aenter__(self) -> People:
        connector = aiohttp.TCPConnector(limit=0)
        self._session = aiohttp.ClientSession(connector=connector)
        return People(self._site, self._session)

    async def __aexit__(self, *problem: object) -> None:
        await self._session.close()


class Stream:
    """The native stream over a WebSocket."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket

    @classmethod
    async def open(
        cls, site: Site, headers: dict[str, str], after: str = "", **options: Any
    ) -> Stream:
        """Connect. The first frame is `connected`."""
        query = f"?after={after}" if after else ""
        socket = await connect(
            f"{site.socket_url}/chat/events{query}",
            additional_headers=headers,
            ssl=site.trust,
            max_queue=None,
            proxy=None,
            **options,
        )
        return cls(socket)

    async def frame(self, seconds: float = SECONDS) -> dict[str, Any]:
        """The next frame. Raises TimeoutError."""
        async with asyncio.timeout(seconds):
            body: dict[str, Any] = json.loads(await self.socket.recv())
            return body

    async def frames(self, count: int) -> list[dict[str, Any]]:
        """The next frames, without heartbeats."""
        frames: list[dict[str, Any]] = []
        while len(frames) < count:
            frame = await self.frame()
            if frame["type"] != "heartbeat":
                frames.append(frame)
        return frames


def signed(site: Site, path: str) -> dict[str, str]:
    """The headers of a service's GET request, without Host, which the client sets."""
    headers = signed_headers("GET", path, b"", site.access_key, host=site.host)
    del headers["host"]
    return headers


def bearer(person: Person) -> dict[str, str]:
    """The Authorization header of a user."""
    return {"authorization": f"Bearer {person.token}"}


async def trouter(site: Site, person: Person, epid: str | None = None, **options: Any) -> Trouter:
    """Connect a client of the SDKs' protocol by the SDK's three requests."""
    epid = epid or str(uuid.uuid4())
    session = person.people.session
    headers = {"x-skypetoken": person.token}
    trust = site.trust or True
    async with session.post(f"{site.url}/v4/a?epid={epid}", headers=headers, ssl=trust) as answer:
        assert answer.status == 200, await answer.text()
    address = f"{site.url}/socket.io/1/?v=v4&epid={epid}"
    async with session.get(address, headers=headers, ssl=trust) as answer:
        assert answer.status == 200, await answer.text()
        sid = (await answer.text()).partition(":")[0]
    socket = await connect(
        f"{site.socket_url}/socket.io/1/websocket/{sid}?v=v4&epid={epid}",
        ssl=site.trust,
        max_queue=None,
        proxy=None,
        **options,
    )
    client = Trouter(socket, epid)
    assert await client.raw() == "1::"
    assert "trouter.connected" in await client.raw()
    return client


class Trouter:
    """A connection of the SDKs' protocol."""

    def __init__(self, socket: ClientConnection, epid: str) -> None:
        self.socket, self.epid = socket, epid

    async def raw(self) -> str:
        async with asyncio.timeout(SECONDS):
            return str(await self.socket.recv())

    async def push(self) -> dict[str, Any]:
        """The body of the next push, which is answered and followed by a ping as the SDK does."""
        while not (content := await self.raw()).startswith("3:::"):
            pass
        message = json.loads(content[4:])
        number = message["id"]
        await self.socket.send(f'3:::{{"id":{number},"status":200,"headers":{{}},"body":""}}')
        await self.socket.send(f'5:{number}+::{{"name":"ping"}}')
        body: dict[str, Any] = json.loads(message["body"])
        return body


async def sse(
    site: Site, session: aiohttp.ClientSession, headers: dict[str, str], after: str = ""
) -> AsyncGenerator[dict[str, Any], None]:
    """The events of a response of Server-Sent Events, with the last event ID as `_last_id`."""
    query = f"?after={after}" if after else ""
    async with session.get(
        f"{site.url}/chat/events{query}", headers=headers, ssl=site.trust or True, timeout=None
    ) as answer:
        assert answer.status == 200, await answer.text()
        assert answer.content_type == "text/event-stream"
        last_id, data = "", ""
        async for raw in answer.content:
            line = raw.decode().rstrip("\n")
            if not line:
                if data:
                    yield json.loads(data) | {"_last_id": last_id}
                data = ""
            elif line.startswith("id: "):
                last_id = line[4:]
            elif line.startswith("data: "):
                data += line[6:]
