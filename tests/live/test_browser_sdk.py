"""The official JavaScript chat SDK, unmodified, in Chromium, on a page of another origin."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, WebSocket

from load_testing.clients import Site
from load_testing.servers import start, stop, wait_until_ready
from tests.live.users import User, new_user, revoke
from tests.live.wire_cutter import cuttable
from tests.server import Server, running_server

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

SHORT_TOKEN = """
import time
from identity import tokens
from identity.models import CommunicationUser
user = CommunicationUser.objects.select_related("resource").get(raw_id="{raw_id}")
now = int(time.time())
print(tokens.sign(raw_id=user.raw_id, resource_id=str(user.resource_id),
    key_id=user.resource.primary_key_id, access_key=user.resource.primary_key, scopes=["chat"],
    generation=0, issued=now, expires=now + {seconds}).token)
"""


class Client:
    """A ChatClient in a browser window."""

    def __init__(self, page: Page, url: str, user: User) -> None:
        self.page, self.url, self.user = page, url, user
        self.requests: list[str] = []
        page.on("request", lambda request: self.requests.append(request.url))
        # Pushes, answers and pongs, in order.
        self._frames: list[str] = []
        page.on("websocket", self._watch)
        # Threads that were created as markers.
        self._markers: set[str] = set()

    def _watch(self, socket: WebSocket) -> None:
        socket.on("framereceived", functools.partial(self._record, {"3": "push", "6": "pong"}))
        socket.on("framesent", functools.partial(self._record, {"3": "answer"}))

    def _record(self, names: dict[str, str], payload: str | bytes) -> None:
        if isinstance(payload, str) and payload[:1] in names:
            self._frames.append(names[payload[:1]])

    def wait_until_answered(self) -> None:
        """Wait until the server has processed the answers to all pushes.

        The SDK sends a ping after every answer, so the server's pong confirms it.
        """
        deadline = time.monotonic() + 20
        while not self._is_answered():
            assert time.monotonic() < deadline, self._frames
            self.page.wait_for_timeout(20)

    def _is_answered(self) -> bool:
        frames = self._frames
        if not frames or frames.count("push") != frames.count("answer"):
            return False
        return "pong" in frames[len(frames) - frames[::-1].index("answer") :]

    def connect(self, token: str | None = None, next_token: str | None = None) -> float:
        """Milliseconds from `startRealtimeNotifications` to the connected event."""
        took: float = self.page.evaluate(
            "([url, token, next]) => window.connect(url, token, next)",
            [self.url, token or self.user.token, next_token],
        )
        return took

    def wait(self, what: str, seconds: float = 20) -> None:
        """Wait until an expression is true in the page."""
        self.page.wait_for_function(what, timeout=seconds * 1000)

    def heard(self, count: int, seconds: float = 20) -> list[tuple[str, Any]]:
        """The events so far, which must be exactly so many.

        The user creates a thread as a marker: events are in the order of the log, so none of what
        happened before can come after its creation.
        """
        self.wait(f"window.heard.length >= {count + len(self._markers)}", seconds)
        marker = self.user.create_thread().rpartition("/")[2]
        self._markers.add(marker)
        self.wait(f"window.heard.some(({{ event }}) => event.threadId === '{marker}')", seconds)
        found = [(one["name"], one["event"]) for one in self.page.evaluate("window.heard")]
        events = [(name, event) for name, event in found if event["threadId"] not in self._markers]
        assert len(events) == count, [name for name, _ in events]
        return events

    @property
    def connections(self) -> list[str]:
        """Connected and disconnected events so far."""
        found: list[str] = self.page.evaluate("window.connections")
        return found


Open = Callable[[str, User], Client]


@pytest.fixture
def open_client(chromium: Browser, chat_page: str) -> Iterator[Open]:
    """Opens a window with a client of the site at a URL."""
    contexts = []

    def open_one(url: str, user: User) -> Client:
        # The development CA is not in Chromium's store.
        context = chromium.new_context(ignore_https_errors=True)
        contexts.append(context)
        page = context.new_page()
        page.goto(chat_page)
        return Client(page, url, user)

    yield open_one
    for context in contexts:
        context.close()


def test_it_connects_in_less_than_a_second(server: Server, open_client: Open) -> None:
    site = Site.of(server, https=True)
    for _ in range(3):
        client = open_client(site.url, new_user(site, "Alice"))
        assert client.connect() < 1000


def test_all_ten_events_arrive_with_their_content(server: Server, open_client: Open) -> None:
    site = Site.of(server, https=True)
    alice, bob, carol = (new_user(site, name) for name in ("Alice", "Bob", "Carol"))
    client = open_client(site.url, bob)
    client.connect()
    policy = {"kind": "threadCreationDate", "deleteThreadAfterDays": 60}
    topic = '100 % of %41 "lunch" ü 👋'
    thread = alice.create_thread(bob, topic=topic, metadata={"k": "50%"}, retentionPolicy=policy)
    message = alice.send(thread, "a %41 <b>ü</b>", metadata={"m": "1"})
    alice.ask("PATCH", f"{thread}/messages/{message}", {"content": "b"})
    alice.ask("POST", f"{thread}/typing", {"senderDisplayName": "Al"})
    bob.ask("POST", f"{thread}/readReceipts", {"chatMessageId": message})
    alice.ask("DELETE", f"{thread}/messages/{message}")
    alice.ask("PATCH", thread, {"topic": "new"})
    alice.ask("POST", f"{thread}/participants/:add", {"participants": [carol.participant]})
    alice.ask("POST", f"{thread}/participants/:remove", carol.identifier)
    alice.ask("DELETE", thread)
    events = client.heard(10)
    assert [name for name, _ in events] == [
        "chatThreadCreated",
        "chatMessageReceived",
        "chatMessageEdited",
        "typingIndicatorReceived",
        "readReceiptReceived",
        "chatMessageDeleted",
        "chatThreadPropertiesUpdated",
        "participantsAdded",
        "participantsRemoved",
        "chatThreadDeleted",
    ]
    by_name = dict(events)
    assert {event["threadId"] for event in by_name.values()} == {thread.rpartition("/")[2]}
    _check_messages(by_name, message, alice, bob)
    _check_threads(by_name, topic, alice, bob, carol)


def _user(user: User) -> dict[str, str]:
    return {"kind": "communicationUser", "communicationUserId": user.id}


def _check_messages(events: dict[str, Any], message: str, alice: User, bob: User) -> None:
    received = events["chatMessageReceived"]
    assert received["id"] == message
    assert received["message"] == "a %41 <b>ü</b>"
    assert received["type"] == "Text"
    assert received["metadata"] == {"m": "1"}
    assert received["senderDisplayName"] == "Alice"
    assert received["sender"] == _user(alice)
    assert received["recipient"] == _user(bob)
    created = received["createdOn"]
    assert int(time.mktime(time.strptime(created[:19], "%Y-%m-%dT%H:%M:%S"))) > 0
    edited, deleted = events["chatMessageEdited"], events["chatMessageDeleted"]
    assert (edited["message"], edited["createdOn"]) == ("b", created)
    assert edited["editedOn"] > created
    assert (deleted["id"], deleted["createdOn"]) == (message, created)
    assert deleted["deletedOn"] > edited["editedOn"]
    typing, read = events["typingIndicatorReceived"], events["readReceiptReceived"]
    assert (typing["sender"], typing["senderDisplayName"]) == (_user(alice), "Al")
    assert (read["sender"], read["chatMessageId"]) == (_user(bob), message)
    assert read["readOn"] > created


def _check_threads(events: dict[str, Any], topic: str, alice: User, bob: User, carol: User) -> None:
    created = events["chatThreadCreated"]
    assert created["properties"] == {"topic": topic, "metadata": {"k": "50%"}}
    assert created["createdBy"]["id"] == _user(alice)
    assert [p["id"] for p in created["participants"]] == [_user(alice), _user(bob)]
    assert [p["displayName"] for p in created["participants"]] == ["Alice", "Bob"]
    assert created["retentionPolicy"] == {
        "kind": "threadCreationDate",
        "deleteThreadAfterDays": 60,
    }
    updated = events["chatThreadPropertiesUpdated"]
    assert updated["properties"]["topic"] == "new"
    assert updated["updatedBy"]["id"] == _user(alice)
    for name, by, people in (
        ("participantsAdded", "addedBy", "participantsAdded"),
        ("participantsRemoved", "removedBy", "participantsRemoved"),
    ):
        assert [p["id"] for p in events[name][people]] == [_user(carol)]
        assert events[name][people][0]["displayName"] == "Carol"
        assert events[name][by]["id"] == _user(alice)
    gone = events["chatThreadDeleted"]
    assert (gone["deletedBy"]["id"], gone["reason"]) == (_user(alice), "deletedByUser")


def test_eve_receives_nothing(server: Server, open_client: Open) -> None:
    site = Site.of(server, https=True)
    alice, bob, eve = (new_user(site, name) for name in ("Alice", "Bob", "Eve"))
    client, witness = open_client(site.url, eve), open_client(site.url, bob)
    client.connect()
    witness.connect()
    thread = alice.create_thread(bob)
    alice.send(thread, "psst")
    witness.heard(2)
    client.heard(0)


def test_nothing_is_missing_or_twice_after_the_socket_was_cut(
    server: Server, open_client: Open
) -> None:
    site = Site.of(server, https=True)
    alice, bob = new_user(site, "Alice"), new_user(site, "Bob")
    thread = alice.create_thread(bob)
    with cuttable(server) as (url, wire):
        client = open_client(url, bob)
        client.connect()
        expected = []
        for cut in range(3):
            for number in range(4):
                expected.append(f"{cut}.{number}")
                alice.send(thread, expected[-1])
                if number == 1:
                    client.heard(len(expected))
                    # Otherwise the pushes would rightly come again.
                    client.wait_until_answered()
                    assert wire.cut()
            client.wait(f"window.connections.length >= {1 + 2 * (cut + 1)}")
            events = client.heard(len(expected))
            assert [event["message"] for _, event in events] == expected
        assert client.connections == ["connected", *["disconnected", "connected"] * 3]


def test_it_resumes_after_the_server_was_restarted(tmp_path: Path, open_client: Open) -> None:
    with running_server(tmp_path / "data") as server:
        site = Site.of(server, https=True)
        alice, bob = new_user(site, "Alice"), new_user(site, "Bob")
        thread = alice.create_thread(bob)
        client = open_client(site.url, bob)
        client.connect()
        alice.send(thread, "before")
        client.heard(1)
        client.wait_until_answered()
        assert stop(server.process) == 0
        process = start(server.environment, tmp_path / "second.log")
        try:
            wait_until_ready(process, server.http_url, tmp_path / "second.log")
            alice.send(thread, "after")
            events = client.heard(2, seconds=60)
            assert [event["message"] for _, event in events] == ["before", "after"]
        finally:
            stop(process)


def test_it_continues_with_a_new_token(server: Server, open_client: Open) -> None:
    site = Site.of(server, https=True)
    alice, bob = new_user(site, "Alice"), new_user(site, "Bob")
    thread = alice.create_thread(bob)
    short = server.manage("shell", "-c", SHORT_TOKEN.format(raw_id=bob.id, seconds=6)).split()[-1]
    client = open_client(site.url, bob)
    client.connect(short, bob.token)
    alice.send(thread, "with the old one")
    client.heard(1)
    client.wait("window.connections.length >= 3", seconds=30)
    alice.send(thread, "with the new one")
    client.heard(2)
    assert client.connections == ["connected", "disconnected", "connected"]
    assert client.page.evaluate("window.refreshed") == 1


def test_it_stops_when_its_token_was_revoked(server: Server, open_client: Open) -> None:
    site = Site.of(server, https=True)
    alice, bob = new_user(site, "Alice"), new_user(site, "Bob")
    thread = alice.create_thread(bob)
    with cuttable(server) as (url, wire):
        client, witness = open_client(site.url, bob), open_client(url, alice)
        client.connect()
        witness.connect()
        revoke(site, bob)
        client.wait("window.connections.length >= 2", seconds=20)
        before = len(client.requests)
        alice.send(thread, "not for bob")
        # In the time in which a client comes back after an interruption, this one does not try.
        assert wire.cut()
        witness.wait("window.connections.length >= 3")
    assert client.connections == ["connected", "disconnected"]
    assert len(client.requests) == before
    assert client.page.evaluate("window.heard") == []
