"""Clients of the event stream inside the test's process, and people who act meanwhile."""

import asyncio
import json
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from channels.testing import WebsocketCommunicator

from chatsite.asgi import application
from identity import tokens
from identity.models import Resource
from live import hub as hubs
from live.database import hub_desk
from tests.cast import Person
from tests.service import signed_headers

SECONDS = 5.0
# How long nothing must come to count as nothing, once the hub has passed everything on.
SILENCE = 0.05


async def act(function: Any, *args: Any, **kwargs: Any) -> Any:
    """Runs what somebody does over HTTP while sockets are open."""
    return await sync_to_async(function)(*args, **kwargs)


async def until(condition: Callable[[], bool]) -> None:
    """Waits until it is so."""
    async with asyncio.timeout(SECONDS):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.005)


class Socket:
    """A WebSocket whose frames are JSON."""

    def __init__(self, path: str, headers: dict[str, str] | None = None) -> None:
        given = {"host": "testserver", **(headers or {})}
        self.communicator = WebsocketCommunicator(
            application, path, [(name.encode(), value.encode()) for name, value in given.items()]
        )

    async def open(self) -> bool:
        """Whether the server accepted."""
        accepted, _ = await self.communicator.connect(timeout=SECONDS)
        return bool(accepted)

    async def frame(self) -> Any:
        """The next frame."""
        return json.loads(await self.communicator.receive_from(timeout=SECONDS))

    async def say(self, body: Any) -> None:
        """Sends a frame: JSON unless it is text already."""
        text = body if isinstance(body, str) else json.dumps(body)
        await self.communicator.send_to(text_data=text)

    async def code(self) -> int:
        """The close code; frames before it are passed over."""
        while True:
            message = await self.communicator.receive_output(timeout=SECONDS)
            if message["type"] == "websocket.close":
                return int(message.get("code", 1000))

    async def hears_nothing(self) -> bool:
        """Whether nothing comes, when all that has happened has been passed on."""
        hub, passed_on = hubs.here(), Future[None]()
        await until(lambda: all(reader.is_live for reader in hub.readers))
        # An event that concerns none of the readers is not read at once.
        await hub_desk.run(hub.read_on, (), passed_on)
        await asyncio.wrap_future(passed_on)
        return bool(await self.communicator.receive_nothing(timeout=SILENCE))

    async def close(self) -> None:
        """Leaves."""
        await self.communicator.disconnect(timeout=SECONDS)


class Stream(Socket):
    """The native event stream."""

    def __init__(self, query: str = "", headers: dict[str, str] | None = None) -> None:
        super().__init__(f"/chat/events{query}", headers)

    async def start(self) -> Any:
        """Opens it; returns the frame `connected`."""
        assert await self.open()
        first = await self.frame()
        assert first["type"] == "connected"
        return first

    async def events(self, count: int) -> list[dict[str, Any]]:
        """The next events."""
        return [await self.frame() for _ in range(count)]


def stream_of(person: Person, query: str = "") -> Stream:
    """A person's stream, authenticated by header."""
    return Stream(query, {"authorization": f"Bearer {person.token}", "host": person.host})


def stream_of_service(resource: Resource, query: str = "", *, host: str = "testserver") -> Stream:
    """The stream of an application's server, signed with the access key."""
    target = f"/chat/events{query}"
    return Stream(query, signed_headers("GET", target, b"", resource.primary_key, host=host))


def types(events: list[dict[str, Any]]) -> list[str]:
    """Their types."""
    return [event["type"] for event in events]


def texts(events: list[dict[str, Any]]) -> list[str]:
    """What the messages say."""
    return [event["message"]["content"]["message"] for event in events]


def contents(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The events without their cursors: two readers need not have the same."""
    return [{name: value for name, value in event.items() if name != "id"} for event in events]


def pass_time(monkeypatch: pytest.MonkeyPatch, *, seconds: float) -> None:
    """Lets everybody's clock be later."""
    clock = time.time
    monkeypatch.setattr(time, "time", lambda: clock() + seconds)


def token_for(person: Person, resource: Resource, *, seconds: int) -> str:
    """A token that ends so soon."""
    now = int(time.time())
    return tokens.sign(
        raw_id=person.id,
        resource_id=str(resource.id),
        key_id=resource.primary_key_id,
        access_key=resource.primary_key,
        scopes=["chat"],
        generation=0,
        issued=now,
        expires=now + seconds,
    ).token
