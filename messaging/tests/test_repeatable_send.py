"""POST /chat/threads/{id}/messages with a repeatability-request-id (docs/api-extensions.md)."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connections

from events.models import Event
from messaging.models import RepeatableSend
from messaging.services import REPEATABLE_FOR
from messaging.sweeps import forget_repeatable_sends
from tests.cast import NOT_A_MEMBER, Person, error_of
from wire.times import now_ms

ONCE = {"repeatability-request-id": "5f0c6d0e-1111-4222-8333-444455556666"}


@pytest.fixture
def thread(alice: Person, bob: Person) -> str:
    return alice.create_thread(bob)


def send(person: Person, thread: str, text: str = "hello", **headers: str) -> Any:
    return person.post(f"{thread}/messages", {"content": text}, headers=headers or ONCE)


def test_a_repeated_send_sends_nothing_and_answers_as_before(
    thread: str, alice: Person, bob: Person
) -> None:
    first, second = send(alice, thread), send(alice, thread)
    assert (second.status_code, second.json()) == (201, first.json())
    assert second["Location"] == first["Location"]
    assert bob.texts(thread) == ["hello"]
    events = Event.objects.order_by("sequence").values_list("sequence", "type")
    assert list(events) == [(1, "ChatThreadCreated"), (2, "ChatMessageReceived")]
    alice.send(thread, "next")
    assert [m["sequenceId"] for m in bob.messages(thread)[:2]] == ["4", "3"]


def test_without_the_header_or_with_an_empty_one_each_send_counts(
    thread: str, alice: Person
) -> None:
    for headers in ({"x-other": "1"}, {"repeatability-request-id": ""}):
        send(alice, thread, **headers)
        send(alice, thread, **headers)
    assert alice.texts(thread) == ["hello"] * 4


def test_another_sender_thread_or_id_is_another_message(
    thread: str, alice: Person, bob: Person
) -> None:
    other = alice.create_thread(bob)
    sent = [
        send(alice, thread),
        send(bob, thread),
        send(alice, other),
        send(alice, thread, **{"repeatability-request-id": "another"}),
    ]
    assert [answer.status_code for answer in sent] == [201] * 4
    assert len(bob.texts(thread)) == 3
    assert len(bob.texts(other)) == 1


def test_at_the_same_time_one_is_sent(thread: str, alice: Person, bob: Person) -> None:
    def once(_: int) -> str:
        try:
            return str(send(alice, thread).json()["id"])
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        answers = set(pool.map(once, range(8)))
    assert len(answers) == 1
    assert bob.texts(thread) == ["hello"]


def test_a_refused_send_is_not_remembered(thread: str, alice: Person, bob: Person) -> None:
    alice.post(f"{thread}/participants/:remove", bob.identifier)
    assert error_of(send(bob, thread)) == NOT_A_MEMBER
    alice.post(f"{thread}/participants/:add", {"participants": [bob.as_participant()]})
    assert send(bob, thread).status_code == 201
    assert alice.texts(thread) == ["hello"]


def test_eve_does_not_reach_it_by_the_id(thread: str, alice: Person, eve: Person) -> None:
    send(alice, thread)
    assert error_of(send(eve, thread)) == NOT_A_MEMBER


def test_a_day_later_it_is_a_new_message(thread: str, alice: Person) -> None:
    send(alice, thread)
    record = RepeatableSend.objects.get()
    record.created_at -= REPEATABLE_FOR + timedelta(minutes=1)
    record.save()
    send(alice, thread)
    send(alice, thread)
    assert alice.texts(thread) == ["hello"] * 2


def test_workers_forget_old_ones(thread: str, alice: Person) -> None:
    send(alice, thread)
    assert forget_repeatable_sends(now_ms()) == 0
    day = REPEATABLE_FOR // timedelta(milliseconds=1)
    assert forget_repeatable_sends(now_ms() + day + 1000) == 1
    assert not RepeatableSend.objects.exists()


def test_a_header_that_is_too_long_is_refused(thread: str, alice: Person) -> None:
    answer = send(alice, thread, **{"repeatability-request-id": "x" * 256})
    assert error_of(answer)[:2] == (400, "BadRequest")
