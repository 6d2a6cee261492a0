"""The one door: what publish promises to services, recorders and sinks."""

import threading
from collections.abc import Sequence
from typing import Any

import pytest
from django.db import connection

from events.catalogue import EVENT_TYPES, ThreadEvent
from events.models import Event
from events.publish import records
from messaging.models import ChatMessage
from tests.cast import Person
from threads.models import ChatThread

seen: list[str] = []
inside: list[bool] = []
remembered: list[ThreadEvent] = []


def listen(events: Sequence[ThreadEvent]) -> None:
    # A failed assertion in a sink would only be logged.
    seen.extend(event.type for event in events)
    inside.append(connection.in_atomic_block)


@records(*EVENT_TYPES.values())
def remember(event: ThreadEvent) -> None:
    remembered.append(event)


def fail_sink(events: Sequence[ThreadEvent]) -> None:
    raise RuntimeError(f"no room for {events[0].type}")


@records(*EVENT_TYPES.values())
def fail(event: ThreadEvent) -> None:
    raise RuntimeError(f"no room for {event.type}")


@pytest.fixture
def handlers(settings: Any) -> Any:
    """Sets recorders and sinks by the names of functions in this module."""

    def choose(*, recorders: tuple[str, ...] = (), sinks: tuple[str, ...] = ()) -> None:
        settings.EVENT_RECORDERS = [
            *settings.EVENT_RECORDERS,
            *(f"{__name__}.{name}" for name in recorders),
        ]
        settings.EVENT_SINKS = [f"{__name__}.{name}" for name in sinks]

    seen.clear()
    inside.clear()
    return choose


def everything_that_can_happen(alice: Person, bob: Person, carol: Person) -> str:
    thread = alice.create_thread(bob, metadata={"a": "b"})
    message = alice.send(thread, "hello", metadata={"c": "d"}, priority="high")
    alice.patch(f"{thread}/messages/{message}", {"content": "hello!"})
    bob.post(f"{thread}/readReceipts", {"chatMessageId": message})
    bob.post(f"{thread}/typing")
    alice.delete(f"{thread}/messages/{message}")
    alice.patch(thread, {"topic": "Dinner"})
    alice.post(f"{thread}/participants/:add", {"participants": [carol.as_participant()]})
    alice.post(f"{thread}/participants/:remove", carol.identifier)
    alice.delete(thread)
    return thread


def test_every_event_is_stored_once_in_order_and_without_gaps(
    alice: Person, bob: Person, carol: Person
) -> None:
    everything_that_can_happen(alice, bob, carol)
    log = list(Event.objects.order_by("id"))
    assert [event.sequence for event in log] == list(range(1, len(log) + 1))
    assert [event.type for event in log] == [
        "ChatThreadCreated",
        "ChatMessageReceived",
        "ChatMessageEdited",
        "ReadReceiptReceived",
        "ChatMessageDeleted",
        "ChatThreadPropertiesUpdated",
        "ParticipantsAdded",
        "ParticipantsRemoved",
        "ChatThreadDeleted",
    ]
    assert {event.type for event in log} == set(EVENT_TYPES) - {"TypingIndicatorReceived"}


def test_a_stored_event_reads_back_as_it_was_published(
    alice: Person, bob: Person, carol: Person, settings: Any
) -> None:
    settings.EVENT_RECORDERS = ["events.tests.test_publish.remember", *settings.EVENT_RECORDERS]
    remembered.clear()
    everything_that_can_happen(alice, bob, carol)
    assert [row.event() for row in Event.objects.order_by("id")] == remembered


def test_sinks_hear_after_the_commit_and_typing_too(
    alice: Person, bob: Person, carol: Person, handlers: Any
) -> None:
    handlers(sinks=("listen",))
    everything_that_can_happen(alice, bob, carol)
    assert seen[:2] == ["ChatThreadCreated", "ChatMessageReceived"]
    assert "TypingIndicatorReceived" in seen
    assert len(seen) == 10
    assert not any(inside)


def test_a_failing_recorder_undoes_the_change_and_announces_nothing(
    alice: Person, handlers: Any
) -> None:
    thread = alice.create_thread()
    handlers(recorders=("fail",), sinks=("listen",))
    assert alice.post(f"{thread}/messages", {"content": "lost"}).status_code == 500
    assert seen == []
    assert ChatMessage.objects.filter(type="text").count() == 0
    assert list(Event.objects.values_list("sequence", flat=True)) == [1]
    assert ChatThread.objects.get().last_event_sequence == 1


def test_a_failing_sink_is_logged_and_the_request_succeeds(
    alice: Person, handlers: Any, caplog: pytest.LogCaptureFixture
) -> None:
    handlers(sinks=("fail_sink", "listen"))
    thread = alice.create_thread()
    assert alice.texts(thread) == []
    assert seen == ["ChatThreadCreated"]
    assert "no room for ChatThreadCreated" in caplog.text


def test_many_senders_at_once_leave_no_gap_and_lose_nothing(
    alice: Person, bob: Person, carol: Person
) -> None:
    thread = alice.create_thread(bob, carol)

    def speak(person: Person) -> None:
        for number in range(10):
            person.send(thread, f"{person.name} {number}")
        connection.close()

    people = (alice, bob, carol)
    speakers = [threading.Thread(target=speak, args=(person,)) for person in people]
    for speaker in speakers:
        speaker.start()
    for speaker in speakers:
        speaker.join()
    log = Event.objects.order_by("sequence")
    assert [event.sequence for event in log] == list(range(1, 32))
    messages = alice.messages(thread)
    assert [int(message["sequenceId"]) for message in messages] == list(range(32, 0, -1))
    assert len({message["id"] for message in messages}) == 32
    by_sequence = [event.data["message_sequence"] for event in log[1:]]
    assert by_sequence == sorted(by_sequence)
