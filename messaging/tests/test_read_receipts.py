"""POST and GET /chat/threads/{id}/readReceipts."""

from typing import Any

import pytest

from events.models import Event
from identity.models import Resource
from messaging.models import ReadReceipt
from tests.cast import NOT_A_MEMBER, Person, error_of
from threads.tests.test_add_participants import crowd
from wire.limits import OPEN


def read(person: Person, thread: str, message: Any) -> Any:
    return person.post(f"{thread}/readReceipts", {"chatMessageId": message})


def receipts(person: Person, thread: str) -> list[tuple[str, str]]:
    return [
        (item["senderCommunicationIdentifier"]["rawId"], item["chatMessageId"])
        for item in person.get(f"{thread}/readReceipts").json()["value"]
    ]


def test_a_receipt_is_seen_by_all_its_sender_included(alice: Person, bob: Person) -> None:
    thread = alice.create_thread(bob)
    message = alice.send(thread)
    answer = read(bob, thread, message)
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer["Content-Length"] == "0"
    for person in (alice, bob):
        (item,) = person.get(f"{thread}/readReceipts").json()["value"]
        assert list(item) == ["senderCommunicationIdentifier", "chatMessageId", "readOn"]
        assert item["senderCommunicationIdentifier"] == bob.identifier
        assert item["chatMessageId"] == message


def test_each_reader_has_one_receipt_in_the_order_of_joining(alice: Person, bob: Person) -> None:
    thread = alice.create_thread(bob)
    first, second = alice.send(thread), alice.send(thread)
    for person, message in ((bob, first), (alice, second), (bob, second)):
        read(person, thread, message)
    assert receipts(bob, thread) == [(alice.id, second), (bob.id, second)]


def test_an_older_receipt_after_a_newer_is_ignored(alice: Person, bob: Person) -> None:
    thread = alice.create_thread(bob)
    first, second = alice.send(thread), alice.send(thread)
    read(bob, thread, second)
    for message in (first, second):
        assert read(bob, thread, message).status_code == 200
    assert receipts(alice, thread) == [(bob.id, second)]
    assert Event.objects.filter(type="ReadReceiptReceived").count() == 1
    alice.send(thread)
    sequences = list(Event.objects.order_by("id").values_list("sequence", flat=True))
    assert sequences == list(range(1, len(sequences) + 1))


def test_a_system_message_can_be_read(alice: Person, bob: Person) -> None:
    thread = alice.create_thread(bob)
    topic = bob.messages(thread)[0]["id"]
    assert read(bob, thread, topic).status_code == 200
    assert receipts(bob, thread) == [(bob.id, topic)]


@pytest.mark.parametrize(
    ("message_id", "status"),
    [("1", 404), ("x", 400), ("", 400), (None, 400), (5, 400), ("9" * 30, 400), ({}, 400)],
)
def test_a_receipt_for_nothing_is_refused(alice: Person, message_id: Any, status: int) -> None:
    thread = alice.create_thread()
    assert error_of(read(alice, thread, message_id))[0] == status
    assert not ReadReceipt.objects.exists()


@pytest.mark.parametrize(("profile", "shown"), [("acs", 0), ("open", 1)])
def test_above_twenty_participants_receipts_are_kept_but_not_shown(
    alice: Person, resource: Resource, settings: Any, profile: str, shown: int
) -> None:
    if profile == "open":
        settings.LIMITS = OPEN
    people = crowd(resource, 20)
    thread = alice.create_thread(participants=people[:19])
    message = alice.send(thread)
    assert read(alice, thread, message).status_code == 200
    assert receipts(alice, thread) == [(alice.id, message)]
    alice.post(f"{thread}/participants/:add", {"participants": people[19:]})
    newer = alice.send(thread)
    assert read(alice, thread, newer).status_code == 200
    assert receipts(alice, thread) == [(alice.id, newer)][:shown]
    assert ReadReceipt.objects.get().message_id == int(newer)
    assert Event.objects.filter(type="ReadReceiptReceived").count() == 1 + shown
    alice.send(thread)
    sequences = list(Event.objects.order_by("id").values_list("sequence", flat=True))
    assert sequences == list(range(1, len(sequences) + 1))


def test_the_receipt_of_who_left_is_not_shown(alice: Person, bob: Person) -> None:
    thread = alice.create_thread(bob)
    read(bob, thread, alice.send(thread))
    alice.post(f"{thread}/participants/:remove", bob.identifier)
    assert receipts(alice, thread) == []
    alice.post(f"{thread}/participants/:add", {"participants": [bob.as_participant()]})
    assert len(receipts(alice, thread)) == 1


def test_receipts_are_paged(alice: Person, bob: Person, carol: Person) -> None:
    thread = alice.create_thread(bob, carol)
    message = alice.send(thread)
    for person in (alice, bob, carol):
        read(person, thread, message)
    pages = alice.walk(f"{thread}/readReceipts", "maxPageSize=2")
    assert [len(page) for page in pages] == [2, 1]
    assert len(alice.walk(f"{thread}/readReceipts", "skip=1")[0]) == 2


def test_eve_reads_and_leaves_no_receipts(alice: Person, bob: Person, eve: Person) -> None:
    thread = alice.create_thread(bob)
    message = alice.send(thread)
    read(bob, thread, message)
    assert error_of(eve.get(f"{thread}/readReceipts")) == NOT_A_MEMBER
    assert error_of(read(eve, thread, message)) == NOT_A_MEMBER
    assert ReadReceipt.objects.count() == 1
