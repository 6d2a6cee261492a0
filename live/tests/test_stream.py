"""The native event stream: which events each subscriber receives, live and when it resumes."""

import asyncio

import pytest

from events.models import Event
from identity.models import Resource
from live.tests.clients import act, contents, stream_of, stream_of_service, texts, types
from tests.cast import Person

pytestmark = pytest.mark.django_db(transaction=True)


async def test_bob_receives_every_event_with_the_fields_of_the_rest_models(
    alice: Person, bob: Person, carol: Person
) -> None:
    stream = stream_of(bob)
    await stream.start()

    thread = await act(alice.create_thread, bob, topic="Lunch", metadata={"a": "b"})
    created = await stream.frame()
    assert created["type"] == "chatThreadCreated"
    assert created["sequence"] == 1
    thread_id = thread.removeprefix("/chat/threads/")
    assert created["threadId"] == thread_id
    properties = (await act(alice.get, thread)).json()
    assert created["thread"] == properties
    assert [p["displayName"] for p in created["participants"] if "displayName" in p] == ["Bob"]

    message_id = await act(alice.send, thread, "hello 👋", senderDisplayName="Alice")
    received = await stream.frame()
    assert received["type"] == "chatMessageReceived"
    assert received["message"] == (await act(bob.get, f"{thread}/messages/{message_id}")).json()

    await act(alice.patch, f"{thread}/messages/{message_id}", {"content": "bye"})
    edited = await stream.frame()
    assert edited["type"] == "chatMessageEdited"
    assert edited["message"] == (await act(bob.get, f"{thread}/messages/{message_id}")).json()

    await act(bob.post, f"{thread}/readReceipts", {"chatMessageId": message_id})
    read = await stream.frame()
    assert read["type"] == "readReceiptReceived"
    assert [read["readReceipt"]] == (await act(bob.get, f"{thread}/readReceipts")).json()["value"]

    await act(alice.delete, f"{thread}/messages/{message_id}")
    deleted = await stream.frame()
    assert deleted["type"] == "chatMessageDeleted"
    assert deleted["message"] == (await act(bob.get, f"{thread}/messages/{message_id}")).json()

    await act(alice.post, f"{thread}/typing", {"senderDisplayName": "Al"})
    typing = await stream.frame()
    assert typing["type"] == "typingIndicatorReceived"
    assert typing["senderDisplayName"] == "Al"
    assert typing["senderCommunicationIdentifier"] == alice.identifier
    assert "sequence" not in typing and typing["id"] == deleted["id"]

    await act(alice.patch, thread, {"topic": "Dinner"})
    updated = await stream.frame()
    assert updated["type"] == "chatThreadPropertiesUpdated"
    assert updated["thread"]["topic"] == "Dinner"
    assert updated["updatedByCommunicationIdentifier"] == alice.identifier

    add = {"participants": [carol.as_participant(displayName="Carol")]}
    await act(alice.post, f"{thread}/participants/:add", add)
    added = await stream.frame()
    assert added["type"] == "participantsAdded"
    assert added["participants"][0]["communicationIdentifier"] == carol.identifier
    assert added["addedByCommunicationIdentifier"] == alice.identifier

    await act(alice.post, f"{thread}/participants/:remove", carol.identifier)
    removed = await stream.frame()
    assert removed["type"] == "participantsRemoved"
    assert removed["participants"][0]["displayName"] == "Carol"

    await act(alice.delete, thread)
    gone = await stream.frame()
    assert gone["type"] == "chatThreadDeleted"
    assert gone["reason"] == "deletedByUser"
    assert [e["sequence"] for e in (created, received, edited, read, deleted, updated)] == [
        *range(1, 7)
    ]
    await stream.close()


@pytest.mark.parametrize("priority", ["high", "normal"])
async def test_messages_have_the_priority_that_the_rest_api_shows(
    alice: Person, bob: Person, priority: str
) -> None:
    thread = await act(alice.create_thread, bob)
    stream = stream_of(bob)
    await stream.start()
    message_id = await act(alice.send, thread, "hello", priority=priority, metadata={"a": "b"})
    received = (await stream.frame())["message"]
    assert received == (await act(bob.get, f"{thread}/messages/{message_id}")).json()
    assert received["priority"] == received["metadata"]["priority"] == priority

    await act(alice.patch, f"{thread}/messages/{message_id}", {"content": "bye"})
    edited = (await stream.frame())["message"]
    assert edited == (await act(bob.get, f"{thread}/messages/{message_id}")).json()
    assert edited["priority"] == priority

    await act(
        alice.patch, f"{thread}/messages/{message_id}", {"metadata": {"a": "b", "priority": ""}}
    )
    without = (await stream.frame())["message"]
    assert without == (await act(bob.get, f"{thread}/messages/{message_id}")).json()
    assert "priority" not in without
    await stream.close()


async def test_eve_receives_nothing(
    alice: Person, bob: Person, eve: Person, mallory: Person
) -> None:
    outsiders = [(stream_of(person), person) for person in (eve, mallory)]
    for stream, _ in outsiders:
        await stream.start()
    thread = await act(alice.create_thread, bob)
    await act(alice.send, thread)
    await act(alice.post, f"{thread}/typing")
    for stream, person in outsiders:
        assert await stream.receives_nothing_before_a_thread_of(person)
        await stream.close()


async def test_a_new_participant_receives_the_joining_and_what_follows(
    alice: Person, carol: Person
) -> None:
    thread = await act(alice.create_thread)
    stream = stream_of(carol)
    await stream.start()
    await act(alice.send, thread, "before")
    await act(alice.post, f"{thread}/participants/:add", {"participants": [carol.as_participant()]})
    await act(alice.send, thread, "after")
    events = await stream.events(2)
    assert types(events) == ["participantsAdded", "chatMessageReceived"]
    assert texts(events[1:]) == ["after"]
    await stream.close()


async def test_a_removed_participant_receives_the_removal_and_nothing_more(
    alice: Person, bob: Person, carol: Person
) -> None:
    thread = await act(alice.create_thread, bob, carol)
    stream, witness = stream_of(carol), stream_of(bob)
    await stream.start()
    await witness.start()
    await act(alice.post, f"{thread}/participants/:remove", carol.identifier)
    await act(alice.send, thread, "she is gone")
    await act(alice.post, f"{thread}/typing")
    assert types(await witness.events(3))[1:] == ["chatMessageReceived", "typingIndicatorReceived"]
    assert types(await stream.events(1)) == ["participantsRemoved"]
    assert await stream.receives_nothing_before_a_thread_of(carol)
    for one in (stream, witness):
        await one.close()


async def test_a_participant_who_returns_receives_nothing_of_the_time_between(
    alice: Person, carol: Person
) -> None:
    thread = await act(alice.create_thread, carol)
    stream = stream_of(carol)
    first = await stream.start()
    await act(alice.post, f"{thread}/participants/:remove", carol.identifier)
    await act(alice.send, thread, "between")
    await act(alice.post, f"{thread}/participants/:add", {"participants": [carol.as_participant()]})
    await act(alice.send, thread, "after")
    expected = ["participantsRemoved", "participantsAdded", "chatMessageReceived"]
    live = await stream.events(3)
    assert types(live) == expected
    await stream.close()
    again = stream_of(carol, f"?after={first['id']}")
    await again.start()
    assert contents(await again.events(3)) == contents(live)
    assert await again.receives_nothing_before_a_thread_of(carol)
    await again.close()


async def test_a_cursor_gives_exactly_what_was_missed_and_goes_on_live(
    alice: Person, bob: Person
) -> None:
    thread = await act(alice.create_thread, bob)
    other = await act(alice.create_thread, bob)
    stream = stream_of(bob)
    first = await stream.start()
    for number in range(6):
        await act(alice.send, thread if number % 2 else other, f"{number}")
    events = await stream.events(6)
    await stream.close()
    assert texts(events) == [f"{number}" for number in range(6)]
    for seen, cursor in enumerate([first["id"], *(event["id"] for event in events)]):
        again = stream_of(bob, f"?after={cursor}")
        assert (await again.start())["recovered"] is True
        await act(alice.send, thread, "end")
        found = await again.events(7)
        assert contents(found[: 6 - seen]) == contents(events[seen:])
        assert texts(found[6 - seen :]) == ["end"] * (seen + 1)
        await again.close()
    await act(alice.send, thread, "live")
    again = stream_of(bob, f"?after={events[2]['id']}")
    await again.start()
    await act(alice.send, other, "later")
    assert texts(await again.events(12)) == ["3", "4", "5", *["end"] * 7, "live", "later"]
    await again.close()


async def test_more_is_replayed_than_one_read_takes(alice: Person, bob: Person) -> None:
    thread = await act(alice.create_thread, bob)
    stream = stream_of(bob)
    first = await stream.start()
    await stream.close()
    for number in range(230):
        await act(alice.send, thread, f"{number}")
    again = stream_of(bob, f"?after={first['id']}")
    await again.start()
    assert texts(await again.events(230)) == [f"{number}" for number in range(230)]
    await again.close()


async def test_events_during_a_replay_follow_it_in_order(alice: Person, bob: Person) -> None:
    thread = await act(alice.create_thread, bob)
    stream = stream_of(bob)
    first = await stream.start()
    await stream.close()
    for number in range(120):
        await act(alice.send, thread, f"{number}")
    again = stream_of(bob, f"?after={first['id']}")
    assert await again.open()
    sending = [act(alice.send, thread, f"{number}") for number in range(120, 140)]
    frames = asyncio.create_task(again.events(141))
    for send in sending:
        await send
    assert texts((await frames)[1:]) == [f"{number}" for number in range(140)]
    await again.close()


async def test_a_cursor_older_than_the_log_is_not_recovered(alice: Person, bob: Person) -> None:
    thread = await act(alice.create_thread, bob)
    stream = stream_of(bob)
    first = await stream.start()
    await stream.close()
    for _ in range(3):
        await act(alice.send, thread)
    await act(Event.objects.filter(sequence__lte=3).delete)
    again = stream_of(bob, f"?after={first['id']}")
    assert (await again.start())["recovered"] is False
    await act(alice.send, thread, "from now on")
    assert texts(await again.events(1)) == ["from now on"]
    await again.close()


async def test_a_cursor_of_another_log_is_not_recovered(alice: Person) -> None:
    await act(alice.create_thread)
    stream = stream_of(alice, "?after=99999999")
    assert (await stream.start())["recovered"] is False
    await act(alice.create_thread)
    assert types(await stream.events(1)) == ["chatThreadCreated"]
    await stream.close()


async def test_several_connections_of_one_user_receive_the_same(alice: Person) -> None:
    streams = [stream_of(alice) for _ in range(3)]
    for stream in streams:
        await stream.start()
    thread = await act(alice.create_thread)
    await streams[0].close()
    await act(alice.send, thread)
    heard = [await stream.events(2) for stream in streams[1:]]
    assert heard[0] == heard[1]
    for stream in streams[1:]:
        await stream.close()


async def test_filters_by_thread_and_type(alice: Person, bob: Person) -> None:
    lunch = await act(alice.create_thread, bob)
    other = await act(alice.create_thread, bob)
    thread_id = lunch.removeprefix("/chat/threads/")
    query = f"threadId={thread_id}&eventType=chatMessageReceived&eventType=chatMessageDeleted"
    stream = stream_of(bob, f"?{query}")
    first = await stream.start()
    await act(alice.send, other, "elsewhere")
    message = await act(alice.send, lunch, "here")
    await act(alice.patch, f"{lunch}/messages/{message}", {"content": "changed"})
    await act(alice.post, f"{lunch}/typing")
    await act(alice.delete, f"{lunch}/messages/{message}")
    events = await stream.events(2)
    assert types(events) == ["chatMessageReceived", "chatMessageDeleted"]
    await act(alice.send, lunch, "end")
    assert texts(await stream.events(1)) == ["end"]
    await stream.close()
    again = stream_of(bob, f"?{query}&after={first['id']}")
    await again.start()
    assert contents(await again.events(2)) == contents(events)
    assert texts(await again.events(1)) == ["end"]
    await again.close()


async def test_a_service_receives_everything_in_its_resource_and_nothing_else(
    resource: Resource, other_resource: Resource, alice: Person, bob: Person, mallory: Person
) -> None:
    await act(alice.create_thread)
    stream = stream_of_service(resource)
    first = await stream.start()
    other = stream_of_service(other_resource, host="other.localhost")
    await other.start()
    thread = await act(alice.create_thread, bob)
    theirs = await act(mallory.create_thread)
    await act(bob.send, thread, "hi")
    await act(alice.post, f"{thread}/typing")
    await act(mallory.send, theirs, "psst")
    expected = ["chatThreadCreated", "chatMessageReceived", "typingIndicatorReceived"]
    events = await stream.events(3)
    assert types(events) == expected
    assert await stream.receives_nothing_before_a_thread_of(alice)
    assert texts((await other.events(2))[1:]) == ["psst"]
    await stream.close()
    await other.close()
    again = stream_of_service(resource, f"?after={first['id']}")
    await again.start()
    assert contents(await again.events(2)) == contents(events[:2])
    assert types(await again.events(1)) == ["chatThreadCreated"]
    assert await again.receives_nothing_before_a_thread_of(alice)
    await again.close()
