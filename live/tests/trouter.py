"""An SDK's connection inside the test's process, frame by frame."""

import json
import uuid
from typing import Any

from live.tests.clients import SECONDS, Socket, act
from tests.cast import Person


def allocate(person: Person, epid: str) -> Any:
    """The answer of `/v4/a`."""
    return person.client.post(
        f"/v4/a?cor_id=c&con_num=1_0&epid={epid}",
        data=b"",
        content_type="text/plain",
        headers={"x-skypetoken": person.token, "host": person.host},
    )


def handshake(person: Person, epid: str) -> Any:
    """The answer of `/socket.io/1/`."""
    return person.client.get(
        f"/socket.io/1/?v=v4&timeout=40&auth=true&epid={epid}&t=1",
        headers={"x-skypetoken": person.token, "host": person.host},
    )


class Trouter(Socket):
    """A connection of a ChatClient, which `epid` stands for."""

    def __init__(self, person: Person, epid: str, sid: str) -> None:
        super().__init__(f"/socket.io/1/websocket/{sid}?v=v4&epid={epid}", {"host": person.host})
        self.epid, self.person = epid, person

    async def raw(self) -> str:
        return str(await self.communicator.receive_from(timeout=SECONDS))

    async def push(self, *, answer: bool = True) -> dict[str, Any]:
        """The next push's body, with its number as `_id` and its url as `_url`."""
        content = await self.raw()
        assert content.startswith("3:::"), content
        message = json.loads(content[4:])
        assert content.isascii()
        assert isinstance(message["id"], int) and message["method"] == "POST"
        if answer:
            await self.answer(message["id"])
        body: dict[str, Any] = json.loads(message["body"])
        return body | {"_id": message["id"], "_url": message["url"]}

    async def pushes(self, count: int, *, answer: bool = True) -> list[dict[str, Any]]:
        return [await self.push(answer=answer) for _ in range(count)]

    async def receives_nothing_before_an_own_thread(self) -> bool:
        """Whether the next push is the creation of a thread that this user creates now."""
        thread = await act(self.person.create_thread)
        push = await self.push()
        is_creation: bool = push["eventId"] == 257
        return is_creation and push["groupId"] == thread.removeprefix("/chat/threads/")

    async def answer(self, number: int, status: int = 200) -> None:
        answer = {"id": number, "status": status, "headers": {"MS-CV": "x.0"}, "body": ""}
        await self.say("3:::" + json.dumps(answer))


async def connect(person: Person, epid: str | None = None) -> Trouter:
    epid = epid or str(uuid.uuid4())
    answer = await act(handshake, person, epid)
    assert answer.status_code == 200, answer.content
    client = Trouter(person, epid, answer.content.decode().split(":")[0])
    assert await client.open()
    assert await client.raw() == "1::"
    connected = await client.raw()
    assert json.loads(connected.removeprefix("5:::"))["name"] == "trouter.connected"
    return client


def bodies(pushes: list[dict[str, Any]]) -> list[str]:
    return [push["messageBody"] for push in pushes]
