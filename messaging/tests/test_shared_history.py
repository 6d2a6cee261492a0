"""What of the history a participant sees, by the share history time."""

from typing import Any

import pytest

from messaging.models import ChatMessage
from tests.cast import Person, error_of
from threads.models import Participant
from wire.times import from_ms


def iso(milliseconds: int) -> str:
    return from_ms(milliseconds).isoformat().replace("+00:00", "Z")


@pytest.fixture
def history(alice: Person) -> tuple[str, list[int]]:
    """A thread in which alice said m0 to m4, an hour between each, and their ids."""
    thread = alice.create_thread()
    ids = [int(alice.send(thread, f"m{number}")) for number in range(5)]
    for place, message_id in enumerate(ids):
        moved = message_id - (5 - place) * 3_600_000
        ChatMessage.objects.filter(message_id=message_id).update(message_id=moved, version=moved)
        ids[place] = moved
    ChatMessage.objects.exclude(type="text").delete()
    return thread, ids


def add(alice: Person, thread: str, other: Person, **members: Any) -> None:
    body = {"participants": [other.as_participant(**members)]}
    assert alice.post(f"{thread}/participants/:add", body).content == b"{}"


def test_without_a_time_all_is_shared(alice: Person, bob: Person, history: Any) -> None:
    thread, _ = history
    add(alice, thread, bob)
    assert bob.texts(thread) == ["m4", "m3", "m2", "m1", "m0"]


def test_with_the_present_nothing_old_is_shared(alice: Person, bob: Person, history: Any) -> None:
    thread, ids = history
    alice.send(thread, "just before")
    last = int(alice.messages(thread)[0]["id"])
    add(alice, thread, bob, shareHistoryTime=iso(last + 1))
    assert bob.texts(thread) == []
    alice.send(thread, "welcome")
    assert bob.texts(thread) == ["welcome"]
    for message_id in ids:
        answer = bob.get(f"{thread}/messages/{message_id}")
        assert error_of(answer) == (404, "NotFound", None)
        receipt = bob.post(f"{thread}/readReceipts", {"chatMessageId": str(message_id)})
        assert error_of(receipt) == (404, "NotFound", None)


def test_since_a_time_the_later_part_is_shared(alice: Person, bob: Person, history: Any) -> None:
    thread, ids = history
    add(alice, thread, bob, shareHistoryTime=iso(ids[2]))
    assert bob.texts(thread) == ["m4", "m3", "m2"]
    assert bob.get(f"{thread}/messages/{ids[2]}").status_code == 200
    assert bob.get(f"{thread}/messages/{ids[1]}").status_code == 404
    pages = bob.walk(f"{thread}/messages", "maxPageSize=2&startTime=1970-01-01T00:00:00Z")
    said = [item["content"].get("message") for page in pages for item in page]
    assert said == [None, "m4", "m3", "m2"]


def test_a_time_to_come_hides_nothing_that_comes_after_joining(
    alice: Person, bob: Person, history: Any
) -> None:
    thread, _ = history
    add(alice, thread, bob, shareHistoryTime="2999-01-01T00:00:00Z")
    alice.send(thread, "welcome")
    added, welcome = bob.messages(thread)[::-1]
    assert added["type"] == "participantAdded"
    assert welcome["content"]["message"] == "welcome"


def test_an_old_message_edited_later_stays_hidden(alice: Person, bob: Person, history: Any) -> None:
    thread, ids = history
    add(alice, thread, bob, shareHistoryTime=iso(ids[3]))
    assert alice.patch(f"{thread}/messages/{ids[0]}", {"content": "edited"}).status_code == 204
    assert bob.texts(thread) == ["m4", "m3"]


def test_who_returns_sees_what_the_new_stay_shares(
    alice: Person, bob: Person, history: Any
) -> None:
    thread, ids = history
    add(alice, thread, bob)
    alice.post(f"{thread}/participants/:remove", bob.identifier)
    add(alice, thread, bob, shareHistoryTime=iso(ids[4]))
    assert bob.texts(thread) == ["m4"]
    assert Participant.objects.filter(user=bob.user).count() == 2


def test_participants_of_the_creation_can_be_given_a_time_too(alice: Person, bob: Person) -> None:
    participant = bob.as_participant(shareHistoryTime="2022-01-01T00:00:00.000Z")
    thread = alice.create_thread(participants=[participant])
    alice.send(thread, "hello")
    assert bob.texts(thread) == ["hello"]
