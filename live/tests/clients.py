"""Clients of the event stream in the test's process."""

import asyncio
import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from channels.testing import WebsocketCommunicator

from chatsite.asgi import application
from identity import tokens
from identity.models import Resource
from load_testing.signing import signed_headers
from tests.cast import Person

SECONDS = 5.0


async def act(function: Any, *args: Any, **kwargs: Any) -> Any:
    """Make an HTTP request, or another blocking call, while sockets are open."""
    return await sync_to_async(function)(*args, **kwargs)


async def until(condition: Callable[[], bool]) -> None:
    """Wait until the condition is true."""
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
        """Open the socket. Returns whether the server accepted it."""
        accepted, _ = await self.communicator.connect(timeout=SECONDS)
        return bool(accepted)

    async def frame(self) -> Any:
        return json.loads(await self.communicator.receive_from(timeout=SECONDS))

    async def say(self, body: Any) -> None:
        """Send a frame: a string as it is, anything else as JSON."""
        text = body if isinstance(body, str) else json.dumps(body)
        await self.communicator.send_to(text_data=text)

    async def code(self) -> int:
        """The close code; frames before it are ignored."""
        while True:
            message = await self.communicator.receive_output(timeout=SECONDS)
            if message["type"] == "websocket.close":
                return int(message.get("code", 1000))

    async def close(self) -> None:
        await self.communicator.disconnect(timeout=SECONDS)


class Stream(Socket):
    """The native event stream."""

    def __init__(self, query: str = "", headers: dict[str, str] | None = None) -> None:
        super().__init__(f"/chat/events{query}", headers)

    async def start(self) -> Any:
        """Open the stream. Returns the frame `connected`."""
        assert await self.open()
        first = await self.frame()
        assert first["type"] == "connected"
        return first

    async def events(self, count: int) -> list[dict[str, Any]]:
        return [await self.frame() for _ in range(count)]

    async def receives_nothing_before_a_thread_of(self, person: Person) -> bool:
        """Whether the next event is the creation of a thread that `person` creates now.

        The person must be one whose events this stream receives. Events come in the order of the
        log, so nothing that happened before can come later.
        """
        thread = await act(person.create_thread)
        event = await self.frame()
        is_creation: bool = event["type"] == "chatThreadCreated"
        return is_creation and event["threadId"] == thread.removeprefix("/chat/threads/")


def stream_of(person: Person, query: str = "") -> Stream:
    """The stream of a user, authenticated by header."""
    return Stream(query, {"authorization": f"Bearer {person.token}", "host": person.host})


def stream_of_service(resource: Resource, query: str = "", *, host: str = "testserver") -> Stream:
    """The stream of an application's server, signed with the access key."""
    target = f"/chat/events{query}"
    return Stream(query, signed_headers("GET", target, b"", resource.primary_key, host=host))


def types(events: list[dict[str, Any]]) -> list[str]:
    return [event["type"] for event in events]


def texts(events: list[dict[str, Any]]) -> list[str]:
    return [event["message"]["content"]["message"] for event in events]


def contents(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The events without their cursors, which two subscribers need not have in common."""
    return [{name: value for name, value in event.items() if name != "id"} for event in events]


def pass_time(monkeypatch: pytest.MonkeyPatch, *, seconds: float) -> None:
    """Set the clock forward."""
    clock = time.time
    monkeypatch.setattr(time, "time", lambda: clock() + seconds)


def token_for(person: Person, resource: Resource, *, seconds: int) -> str:
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
