"""The query parameters `include` and `membership` of the thread list (docs/api-extensions.md)."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from messaging import details
from tests.cast import Person, error_of
from threads.tests.test_list_chat_threads import ids
from threads.tests.test_races import together

ALL = "include=lastMessage,participantCount,readPosition,unreadCount"


def item(person: Person, thread: str, query: str = ALL) -> dict[str, Any]:
    """The thread's entry in the person's list."""
    [found] = [
        one
        for one in person.get("/chat/threads", query).json()["value"]
        if thread.endswith(one["id"])
    ]
    return dict(found)


def test_nothing_is_told_that_was_not_asked_for(alice: Person, bob: Person) -> None:
    thread = alice.create_thread(bob)
    assert list(item(bob, thread, "")) == ["id", "topic", "lastMessageReceivedOn"]
    only = item(bob, thread, "include=unreadCount")
    assert list(only) == ["id", "topic", "lastMessageReceivedOn", "unreadCount"]


def test_the_last_message_looks_as_in_the_list_of_messages(alice: Person, bob: Person) -> None:
    thread = alice.create_thread(bob)
    alice.send(thread, "first")
    alice.send(thread, "second", metadata={"priority": "high"})
    expected = bob.messages(thread)[0]
    assert expected["content"]["message"] == "second"
    assert item(bob, thread)["lastMessage"] == expected
    assert bob.get(thread, ALL).json()["lastMessage"] == expected


def test_messages_of_others_are_unread_until_a_receipt(alice: Person, bob: Person) -> None:
    thread = alice.create_thread(bob)
    assert item(bob, thread)["unreadCount"] == 0
    first = alice.send(thread)
    alice.send(thread)
    bob.send(thread)
    assert item(bob, thread)["unreadCount"] == 2
    assert item(alice, thread)["unreadCount"] == 1
    bob.post(f"{thread}/readReceipts", {"chatMessageId": first})
    assert item(bob, thread)["unreadCount"] == 1
    assert bob.get(thread, ALL).json()["unreadCount"] == 1


def test_system_lines_and_deleted_messages_are_not_unread(alice: Person, bob: Person) -> None:
    thread = alice.create_thread(bob)
    message = alice.send(thread)
    alice.patch(thread, {"topic": "Dinner"})
    assert item(bob, thread)["unreadCount"] == 1
    alice.delete(f"{thread}/messages/{message}")
    assert item(bob, thread)["unreadCount"] == 0


def test_history_from_before_joining_is_not_unread(
    alice: Person, bob: Person, carol: Person
) -> None:
    thread = alice.create_thread(bob)
    alice.send(thread)
    shared = carol.as_participant(shareHistoryTime="1970-01-01T00:00:00Z")
    alice.post(f"{thread}/participants/:add", {"participants": [shared]})
    assert item(carol, thread)["unreadCount"] == 0
    alice.send(thread)
    assert item(carol, thread)["unreadCount"] == 1


def test_unread_messages_are_counted_up_to_a_hundred(alice: Person, bob: Person) -> None:
    thread = alice.create_thread(bob)
    for _ in range(101):
        alice.send(thread)
    assert item(bob, thread)["unreadCount"] == 100


def test_ones_own_read_position_is_there_even_in_large_threads(
    alice: Person, bob: Person, settings: Any
) -> None:
    settings.LIMITS = type(settings.LIMITS)(read_receipt_participants=1)
    thread = alice.create_thread(bob)
    assert "readPosition" not in item(bob, thread)
    message = alice.send(thread)
    bob.post(f"{thread}/readReceipts", {"chatMessageId": message})
    assert item(bob, thread)["readPosition"]["chatMessageId"] == message
    assert "readPosition" not in item(alice, thread)
    assert alice.get(f"{thread}/readReceipts").json() == {"value": []}


def test_the_number_of_participants_follows_them(alice: Person, bob: Person, carol: Person) -> None:
    thread = alice.create_thread(bob, carol)
    assert item(alice, thread)["participantCount"] == 3
    alice.post(f"{thread}/participants/:remove", carol.identifier)
    assert item(alice, thread)["participantCount"] == 2


def test_history_that_is_not_shared_does_not_show_as_last_message(
    alice: Person, bob: Person, carol: Person
) -> None:
    thread = alice.create_thread(bob)
    alice.send(thread, "secret")
    late = carol.as_participant(shareHistoryTime="2999-01-01T00:00:00Z")
    alice.post(f"{thread}/participants/:add", {"participants": [late]})
    assert item(carol, thread)["lastMessage"]["type"] == "participantAdded"


def test_a_deleted_thread_tells_only_that(alice: Person, bob: Person) -> None:
    thread = alice.create_thread(bob)
    alice.delete(thread)
    assert list(item(bob, thread)) == ["id", "topic", "deletedOn", "lastMessageReceivedOn"]


def test_a_long_list_takes_as_many_statements_as_a_short_one(alice: Person, bob: Person) -> None:
    counts = []
    for _ in range(2):
        for _ in range(3):
            alice.send(alice.create_thread(bob))
        with CaptureQueriesContext(
            connection,
        ) as captured:
            bob.get("/chat/threads", ALL)
        counts.append(len(captured))
    assert counts[0] == counts[1] <= 9


def test_pages_keep_what_was_asked_for(alice: Person, bob: Person) -> None:
    for _ in range(3):
        alice.create_thread(bob)
    pages = bob.walk("/chat/threads", f"{ALL}&maxPageSize=2")
    assert [["lastMessage" in one for one in page] for page in pages] == [[True] * 2, [True]]


def test_words_that_mean_nothing_are_refused(alice: Person, bob: Person) -> None:
    thread = alice.create_thread(bob)
    for path, query in [
        ("/chat/threads", "include=secrets"),
        (thread, "include=unreadCount,secrets"),
        ("/chat/threads", "membership=former"),
    ]:
        assert error_of(bob.get(path, query))[:2] == (400, "BadRequest")


def test_eve_learns_nothing(alice: Person, bob: Person, eve: Person, mallory: Person) -> None:
    thread = alice.create_thread(bob)
    alice.send(thread)
    for stranger in (eve, mallory):
        assert stranger.get("/chat/threads", ALL).json() == {"value": []}
        assert stranger.get("/chat/threads", "membership=left").json() == {"value": []}
        assert stranger.get(thread, ALL).status_code in (403, 404)


@pytest.fixture
def left(alice: Person, bob: Person) -> str:
    """The path of a thread that bob was removed from."""
    thread = alice.create_thread(bob, topic="Before")
    alice.post(f"{thread}/participants/:remove", bob.identifier)
    return thread


def test_who_left_finds_the_thread_among_those_left(left: str, alice: Person, bob: Person) -> None:
    assert bob.get("/chat/threads").json() == {"value": []}
    [found] = bob.get("/chat/threads", "membership=left").json()["value"]
    assert list(found) == ["id", "topic", "leftOn"]
    assert left.endswith(found["id"])
    assert alice.get("/chat/threads", "membership=left").json() == {"value": []}


def test_who_left_is_not_told_what_happened_since(left: str, alice: Person, bob: Person) -> None:
    alice.patch(left, {"topic": "After"})
    alice.send(left, "he is gone")
    alice.delete(left)
    [found] = bob.get("/chat/threads", f"membership=left&{ALL}").json()["value"]
    assert found["topic"] == "Before"
    assert list(found) == ["id", "topic", "leftOn"]


def test_who_returns_has_not_left(left: str, alice: Person, bob: Person) -> None:
    alice.post(f"{left}/participants/:add", {"participants": [bob.as_participant()]})
    assert bob.get("/chat/threads", "membership=left").json() == {"value": []}
    alice.post(f"{left}/participants/:remove", bob.identifier)
    assert len(bob.get("/chat/threads", "membership=left").json()["value"]) == 1


def test_threads_left_come_in_pages_the_last_left_first(alice: Person, bob: Person) -> None:
    threads = [alice.create_thread(bob, topic=f"t{number}") for number in range(5)]
    for thread in threads:
        bob.post(f"{thread}/participants/:remove", bob.identifier)
    pages = bob.walk("/chat/threads", "membership=left&maxPageSize=2")
    assert [len(page) for page in pages] == [2, 2, 1]
    assert ids(pages) == [thread.rpartition("/")[2] for thread in reversed(threads)]


def test_all_that_is_told_is_of_one_moment(
    alice: Person, bob: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    thread = alice.create_thread(bob)
    bob.send(thread, "first")
    count, meanwhile = details.unread_count, iter(["second", "third"])

    def count_and_be_overtaken(*arguments: Any) -> dict[int, Any]:
        counted = count(*arguments)
        together(lambda: bob.send(thread, next(meanwhile)))
        return counted

    monkeypatch.setattr(details, "unread_count", count_and_be_overtaken)
    query = "include=unreadCount,lastMessage"
    answers = [item(alice, thread, query), alice.get(thread, query).json()]
    assert [
        (answer["unreadCount"], answer["lastMessage"]["content"]["message"]) for answer in answers
    ] == [(1, "first"), (2, "second")]
    assert next(meanwhile, None) is None
