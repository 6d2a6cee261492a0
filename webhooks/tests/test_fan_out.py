"""Who gets which events: one per thread, and one per participant who did not cause it."""

import json
from collections import Counter
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from events.catalogue import ThreadEvent
from identity.models import Resource
from messaging.models import ChatMessage
from messaging.services import delete_message_as_operator
from tests.cast import Person, make_person
from threads.models import ChatThread
from threads.services import delete_chat_thread_as_operator
from webhooks import dispatcher, services, sink
from webhooks.models import Delivery, EventSubscription
from webhooks.tests.hooks import PREFIX, dispatch, subscribe

URL = "http://127.0.0.1:9/hook"


@pytest.fixture
def crowd(alice: Person, resource: Resource) -> list[Person]:
    """alice and nine others."""
    return [alice, *(make_person(f"Guest {n}", resource) for n in range(9))]


@pytest.fixture
def thread(crowd: list[Person]) -> str:
    """The path of a thread with all ten in it, from before anybody subscribed."""
    alice, *others = crowd
    path = alice.create_thread(*others)
    subscribe(crowd[0].user.resource, URL)
    return path


def id_of(path: str) -> str:
    return path.removeprefix("/chat/threads/")


def events() -> list[dict[str, Any]]:
    """What has been made for the subscription, in the order of the log."""
    return [json.loads(delivery.body) for delivery in dispatch()]


def counts(found: list[dict[str, Any]]) -> dict[str, int]:
    return dict(Counter(event["eventType"].removeprefix(PREFIX) for event in found))


def recipients(found: list[dict[str, Any]]) -> list[str]:
    return [
        event["data"]["recipientCommunicationIdentifier"]["rawId"]
        for event in found
        if "recipientCommunicationIdentifier" in event["data"]
    ]


def assert_one_and_nine(found: list[dict[str, Any]], in_thread: str, per_user: str) -> None:
    assert counts(found) == {in_thread: 1, per_user: 9}
    assert len(set(recipients(found))) == 9
    assert len({event["id"] for event in found}) == 10


def test_ten_members_and_one_message_are_one_and_nine_events_none_to_the_sender(
    crowd: list[Person], thread: str
) -> None:
    crowd[3].send(thread, "hello")
    found = events()
    assert_one_and_nine(found, "ChatMessageReceivedInThread", "ChatMessageReceived")
    assert crowd[3].id not in recipients(found)
    assert {event["data"]["messageBody"] for event in found} == {"hello"}


def test_an_edited_message_is_one_and_nine_events(crowd: list[Person], thread: str) -> None:
    message = crowd[0].send(thread)
    events()
    crowd[0].patch(f"{thread}/messages/{message}", {"content": "changed"})
    found = events()[10:]
    assert_one_and_nine(found, "ChatMessageEditedInThread", "ChatMessageEdited")
    assert crowd[0].id not in recipients(found)


def test_a_deleted_message_is_one_and_nine_events(crowd: list[Person], thread: str) -> None:
    message = crowd[0].send(thread)
    events()
    crowd[0].delete(f"{thread}/messages/{message}")
    found = events()[10:]
    assert_one_and_nine(found, "ChatMessageDeletedInThread", "ChatMessageDeleted")
    assert crowd[0].id not in recipients(found)


def test_a_message_deleted_by_an_operator_is_sent_for_everybody_but_its_sender(
    crowd: list[Person], thread: str
) -> None:
    crowd[0].send(thread)
    events()
    delete_message_as_operator(message=ChatMessage.objects.get(type="text"))
    assert_one_and_nine(events()[10:], "ChatMessageDeletedInThread", "ChatMessageDeleted")


def test_a_new_thread_is_one_and_nine_events(crowd: list[Person], thread: str) -> None:
    crowd[0].create_thread(*crowd[1:], topic="Dinner", metadata={"room": "4"})
    found = events()
    assert_one_and_nine(found, "ChatThreadCreated", "ChatThreadCreatedWithUser")
    assert crowd[0].id not in recipients(found)
    assert {event["data"]["properties"]["topic"] for event in found} == {"Dinner"}


def test_a_new_topic_is_one_and_nine_events(crowd: list[Person], thread: str) -> None:
    crowd[2].patch(thread, {"topic": "Breakfast"})
    found = events()
    assert_one_and_nine(found, "ChatThreadPropertiesUpdated", "ChatThreadPropertiesUpdatedPerUser")
    assert crowd[2].id not in recipients(found)


def test_a_deleted_thread_is_one_and_nine_events(crowd: list[Person], thread: str) -> None:
    crowd[0].delete(thread)
    found = events()
    assert_one_and_nine(found, "ChatThreadDeleted", "ChatThreadWithUserDeleted")
    assert found[0]["data"]["reason"] == "deletedByUser"
    assert "reason" not in found[1]["data"]


def test_a_thread_deleted_by_policy_is_sent_for_all_ten(crowd: list[Person], thread: str) -> None:
    delete_chat_thread_as_operator(thread=ChatThread.objects.get(thread_id=id_of(thread)))
    found = events()
    assert counts(found) == {"ChatThreadDeleted": 1, "ChatThreadWithUserDeleted": 10}
    assert found[0]["data"]["reason"] == "deletedByPolicy"
    assert found[0]["subject"].endswith("_00000000-0000-0000-0000-000000000000")


def test_a_removed_participant_is_sent_for_the_nine_others_who_were_there(
    crowd: list[Person], thread: str
) -> None:
    gone = crowd[5]
    assert crowd[0].post(f"{thread}/participants/:remove", gone.identifier).status_code == 204
    found = events()
    assert_one_and_nine(
        found, "ChatThreadParticipantRemoved", "ChatParticipantRemovedFromThreadWithUser"
    )
    # It is the last event that the removed one sees.
    assert gone.id in recipients(found) and crowd[0].id not in recipients(found)
    crowd[0].send(thread)
    assert gone.id not in recipients(events()[10:])


def test_every_added_participant_makes_events_of_its_own(
    crowd: list[Person], thread: str, bob: Person, carol: Person
) -> None:
    added = {"participants": [bob.as_participant(), carol.as_participant()]}
    assert crowd[0].post(f"{thread}/participants/:add", added).status_code == 201
    found = events()
    assert counts(found) == {
        "ChatThreadParticipantAdded": 2,
        # Nine who were there and two who came, for each of the two.
        "ChatParticipantAddedToThreadWithUser": 22,
    }
    assert set(Counter(recipients(found)).values()) == {2}
    assert crowd[0].id not in recipients(found)


def test_those_who_take_part_at_the_events_moment_count_whenever_it_is_dispatched(
    alice: Person, bob: Person, carol: Person, eve: Person, resource: Resource
) -> None:
    thread = alice.create_thread(bob)
    subscribe(resource, URL, included_event_types=[f"{PREFIX}ChatMessageReceived"])
    alice.send(thread, "before")
    alice.post(f"{thread}/participants/:add", {"participants": [carol.as_participant()]})
    alice.send(thread, "between")
    alice.post(f"{thread}/participants/:remove", bob.identifier)
    alice.send(thread, "after")
    told = [(event["data"]["messageBody"], *recipients([event])) for event in events()]
    assert told == [
        ("before", bob.id),
        ("between", bob.id),
        ("between", carol.id),
        ("after", carol.id),
    ]


def test_other_resources_hear_nothing(alice: Person, bob: Person, other_resource: Resource) -> None:
    subscribe(other_resource, URL)
    alice.send(alice.create_thread(bob))
    assert dispatch() == []


def test_a_read_receipt_is_no_event(alice: Person, bob: Person, resource: Resource) -> None:
    thread = alice.create_thread(bob)
    message = alice.send(thread)
    subscribe(resource, URL)
    bob.post(f"{thread}/readReceipts", {"chatMessageId": message})
    assert dispatch() == []


def test_what_happened_before_a_subscription_is_not_for_it(
    alice: Person, bob: Person, resource: Resource
) -> None:
    thread = alice.create_thread(bob)
    alice.send(thread, "early")
    subscribe(resource, URL, active_from_ms=ChatThread.objects.get().last_version + 1)
    alice.send(thread, "late")
    assert {event["data"]["messageBody"] for event in events()} == {"late"}


def test_a_second_dispatcher_makes_no_delivery_twice(
    crowd: list[Person], thread: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    crowd[0].send(thread)
    real = dispatcher.deliveries_of

    def slowly(*arguments: Any) -> Any:
        # Between reading and writing another one does the same work.
        monkeypatch.setattr(dispatcher, "deliveries_of", real)
        dispatch()
        return real(*arguments)

    monkeypatch.setattr(dispatcher, "deliveries_of", slowly)
    assert len(dispatch()) == 10


def test_typing_goes_only_to_those_who_ask_for_it_by_name(
    alice: Person, bob: Person, resource: Resource, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sink, "MAXIMUM_AGE_SECONDS", 0)
    thread = alice.create_thread(bob)
    subscribe(resource, URL, name="all")
    typing = f"{PREFIX}ChatTypingIndicatorReceivedInThread"
    asked = subscribe(resource, URL, name="asked", included_event_types=[typing])
    assert alice.post(f"{thread}/typing", {"senderDisplayName": "Alice"}).status_code == 200
    (delivery,) = dispatch()
    assert delivery.subscription == asked
    event = json.loads(delivery.body)
    assert event["eventType"] == typing
    assert event["subject"] == f"thread/{id_of(thread)}/sender/{alice.id}"
    assert event["data"]["senderDisplayName"] == "Alice"


def test_a_send_costs_the_same_statements_with_a_thousand_subscriptions(
    alice: Person, bob: Person, resource: Resource
) -> None:
    thread = alice.create_thread(bob)

    def statements() -> int:
        with CaptureQueriesContext(connection) as queries:
            alice.send(thread)
        return len(queries)

    statements()
    without = statements()
    one = subscribe(resource, URL)
    EventSubscription.objects.bulk_create(
        EventSubscription(
            resource=resource,
            name=f"hook-{number}",
            endpoint_url=URL,
            provisioning_state=one.provisioning_state,
            active_from_ms=one.active_from_ms,
        )
        for number in range(999)
    )
    assert statements() == without


def test_a_pass_that_would_make_too_many_deliveries_reads_fewer_events(
    crowd: list[Person], thread: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dispatcher, "ROWS_PER_PASS", 30)
    written: list[int] = []
    real = dispatcher._save

    def save(deliveries: Any) -> None:
        before = Delivery.objects.count()
        real(deliveries)
        written.append(Delivery.objects.count() - before)

    monkeypatch.setattr(dispatcher, "_save", save)
    for number in range(10):
        crowd[0].send(thread, f"message {number}")
    assert len(dispatch()) == 100
    assert len(written) > 3 and max(written) <= 30
    # One event is never divided.
    monkeypatch.setattr(dispatcher, "ROWS_PER_PASS", 5)
    services.replay(subscription=EventSubscription.objects.get(), since_ms=0)
    written.clear()
    while dispatcher.replay_some():
        pass
    assert set(written) == {0, 10}
    assert Delivery.objects.values("event_id").distinct().count() < Delivery.objects.count()


def test_an_event_that_event_grid_does_not_know_makes_no_delivery_and_no_failure(
    resource: Resource,
) -> None:
    class Unheard(ThreadEvent):
        is_stored = False

    event = Unheard(resource_id=resource.id, thread_id="19:x", sequence=1, at_ms=1, initiator=None)
    sink.wake([event])
    assert dispatch() == []
