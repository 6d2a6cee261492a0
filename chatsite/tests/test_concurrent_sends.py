"""Sends over the short path of a real server, beside changes that meet them."""

import itertools
import json
import threading
from collections.abc import Callable
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from load_testing.clients import SECONDS, VERSION, Site
from tests.live.users import User, new_user
from tests.server import Server

SENDERS = 6
MESSAGES = 15


def together(*works: Callable[[], None]) -> None:
    threads = [threading.Thread(target=work) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)


def messages_of(user: User, thread: str) -> list[dict[str, Any]]:
    """All messages, oldest first."""
    found: list[dict[str, Any]] = []
    link = f"{user.site.url}{thread}/messages?maxPageSize=200&api-version={VERSION}"
    while link:
        request = Request(link, headers={"authorization": f"Bearer {user.token}"})
        with urlopen(request, timeout=SECONDS) as response:
            page = json.load(response)
        found += page["value"]
        link = page.get("nextLink", "")
    return found[::-1]


class Senders:
    """Users who send to several threads at the same time until they are refused."""

    def __init__(self, server: Server, count: int) -> None:
        site = Site.of(server)
        self.alice = new_user(site, "alice")
        self.others = [new_user(site, f"user {number}") for number in range(count)]
        self.acknowledged: dict[str, list[str]] = {}

    def sending(self, user: User, threads: list[str], label: str) -> Callable[[], None]:
        def work() -> None:
            targets = itertools.cycle(threads)
            for number in range(MESSAGES):
                thread, content = next(targets), f"{label} {number:03}"
                try:
                    user.send(thread, content)
                except HTTPError as refusal:
                    assert refusal.code in (403, 404)
                    return
                self.acknowledged.setdefault(thread, []).append(content)

        return work


def test_no_acknowledged_message_is_lost_and_sequences_have_no_gaps(server: Server) -> None:
    crew = Senders(server, SENDERS)
    threads = [crew.alice.create_thread(*crew.others) for _ in range(3)]
    # Half of them in another order, so that locks taken in the order of sending would meet.
    works = [
        crew.sending(user, threads[:: -1 if number % 2 else 1], f"u{number}")
        for number, user in enumerate(crew.others)
    ]
    together(*works)
    for thread in threads:
        stored = messages_of(crew.alice, thread)
        texts = [one["content"]["message"] for one in stored if one["type"] == "text"]
        assert sorted(texts) == sorted(crew.acknowledged[thread])
        sequences = [int(one["sequenceId"]) for one in stored]
        assert sequences == list(range(sequences[0], sequences[0] + len(stored)))
        ids = [int(one["id"]) for one in stored]
        assert ids == sorted(set(ids))
        for number in range(SENDERS):
            own = [text for text in texts if text.startswith(f"u{number} ")]
            assert own == sorted(own)
    assert sum(map(len, crew.acknowledged.values())) == SENDERS * MESSAGES


def test_who_is_removed_while_sending_sends_nothing_afterwards(server: Server) -> None:
    crew = Senders(server, 2)
    bob, carol = crew.others
    thread = crew.alice.create_thread(bob, carol)
    together(
        crew.sending(bob, [thread], "bob"),
        crew.sending(carol, [thread], "carol"),
        lambda: crew.alice.ask("POST", f"{thread}/participants/:remove", bob.identifier),
    )
    stored = messages_of(crew.alice, thread)
    kinds = [
        one["content"].get("message", "removed")
        for one in stored
        if one["type"] in ("text", "participantRemoved")
    ]
    after = kinds[kinds.index("removed") :]
    assert not [text for text in after if text.startswith("bob")]
    assert sorted(text for text in kinds if text != "removed") == sorted(
        crew.acknowledged.get(thread, [])
    )
    assert len([text for text in kinds if text.startswith("carol")]) == MESSAGES


def test_a_thread_that_is_deleted_while_others_send_refuses_them(server: Server) -> None:
    crew = Senders(server, 3)
    doomed, kept = (crew.alice.create_thread(*crew.others) for _ in range(2))
    together(
        *(crew.sending(user, [doomed], "x") for user in crew.others),
        crew.sending(crew.alice, [kept], "alice"),
        lambda: crew.alice.ask("DELETE", doomed),
    )
    assert len(crew.acknowledged[kept]) == MESSAGES
    try:
        crew.others[0].send(doomed, "late")
    except HTTPError as refusal:
        assert refusal.code == 404
    else:
        raise AssertionError("a deleted thread took a message")
