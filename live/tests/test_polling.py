"""The SDKs' protocol over long polling."""

import asyncio
import json
from typing import Any

import pytest
from channels.testing import HttpCommunicator

from chatsite.asgi import application
from live.tests.clients import act, until
from live.tests.trouter import handshake
from live.trouter import polling
from tests.cast import Person

pytestmark = pytest.mark.django_db(transaction=True)


class Poller:
    """A polling client."""

    def __init__(self, person: Person, sid: str) -> None:
        self.sid = sid
        self._headers = [(b"host", b"testserver"), (b"x-skypetoken", person.token.encode())]

    def request(self, method: str = "GET", body: bytes = b"") -> HttpCommunicator:
        """A request that has not been sent yet."""
        path = f"/socket.io/1/xhr-polling/{self.sid}"
        return HttpCommunicator(application, method, path, body, self._headers)

    async def poll(self) -> tuple[int, str]:
        """Status and body of one GET."""
        answer: Any = await self.request().get_response(timeout=5)
        return answer["status"], answer["body"].decode()

    async def end(self) -> None:
        """End the session."""
        attending = polling._sessions[self.sid].task
        assert attending
        attending.cancel()
        await asyncio.wait([attending])


async def connected(person: Person) -> Poller:
    """A client that has received `trouter.connected`."""
    answer = await act(handshake, person, "e")
    poller = Poller(person, answer.content.decode().split(":")[0])
    seen = ""
    while "trouter.connected" not in seen:
        status, text = await poller.poll()
        assert status == 200
        seen += text
    return poller


async def test_events_after_an_abandoned_poll_arrive_with_the_next(alice: Person) -> None:
    thread = await act(alice.create_thread)
    poller = await connected(alice)
    session = polling._sessions[poller.sid]
    given_up = poller.request()
    await given_up.send_input({"type": "http.request", "body": b""})
    await until(lambda: session.is_polled)
    await given_up.send_input({"type": "http.disconnect"})
    await given_up.wait()
    await act(alice.send, thread, "hello")
    status, text = await poller.poll()
    assert status == 200 and text.startswith("3:::")
    assert json.loads(json.loads(text[4:])["body"])["messageBody"] == "hello"
    await poller.end()


async def test_two_polls_at_once_share_what_comes(alice: Person) -> None:
    thread = await act(alice.create_thread)
    poller = await connected(alice)
    both = asyncio.gather(poller.poll(), poller.poll())
    await until(lambda: polling._sessions[poller.sid].is_polled)
    await act(alice.send, thread, "hello")
    answers = await both
    assert [status for status, _ in answers] == [200, 200]
    assert sum("3:::" in text for _, text in answers) == 1
    await poller.end()


async def test_eve_cannot_use_the_session_of_another_user(alice: Person, eve: Person) -> None:
    poller = await connected(alice)
    stranger = Poller(eve, poller.sid)
    assert (await stranger.poll())[0] == 404
    answer: Any = await stranger.request("POST", b"2::").get_response(timeout=5)
    assert answer["status"] == 404
    await poller.end()


async def test_a_body_that_is_too_large_is_refused(alice: Person) -> None:
    poller = await connected(alice)
    body = b"x" * (polling.MAX_BODY_BYTES + 1)
    answer: Any = await poller.request("POST", body).get_response(timeout=5)
    assert answer["status"] == 413
    await poller.end()
