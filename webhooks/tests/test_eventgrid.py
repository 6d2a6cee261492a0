"""The exact subjects and data of every event type, in both schemas (events contract 1 and 2)."""

import json
import re
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from webhooks import eventgrid
from webhooks.eventgrid import (
    CLOUD_EVENTS_SCHEMA,
    EVENT_GRID_SCHEMA,
    EVENT_TYPES,
    OPT_IN_EVENT_TYPES,
    GridEvent,
    envelope,
)
from webhooks.samples import THREAD_ID, sample_events, sample_grid_events

RESOURCE = UUID(int=7)
ALICE = f"8:acs:{RESOURCE}_{UUID(int=1)}"
BOB = f"8:acs:{RESOURCE}_{UUID(int=2)}"
AT_MS = 1_700_000_000_123
AT = "2023-11-14T22:13:20.1230000Z"
CREATED = "2023-11-14T22:12:20.1230000Z"
TOPIC = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Communication/x/n"


def identifier(raw_id: str) -> dict[str, Any]:
    return {
        "kind": "communicationUser",
        "rawId": raw_id,
        "communicationUser": {"id": raw_id},
    }


def participant(raw_id: str, name: str) -> dict[str, Any]:
    return {
        "displayName": name,
        "participantCommunicationIdentifier": identifier(raw_id),
        "metadata": {},
    }


MESSAGE = {
    "messageId": str(AT_MS),
    "senderCommunicationIdentifier": identifier(ALICE),
    "senderDisplayName": "Alice",
    "composeTime": AT,
    "type": "Text",
    "version": AT_MS,
    "sequenceId": 1,
}
CONTENT = {"messageBody": "This is a test event.", "metadata": {"test": "true"}}
CREATION = {
    "createTime": AT,
    "version": AT_MS,
    "createdByCommunicationIdentifier": identifier(ALICE),
    "properties": {"topic": "Test events"},
    "metadata": {"test": "true"},
    "participants": [participant(ALICE, "Alice"), participant(BOB, "Bob")],
}
UPDATE = {
    "createTime": CREATED,
    "version": AT_MS,
    "editedByCommunicationIdentifier": identifier(ALICE),
    "editTime": AT,
    "properties": {"topic": "Test events"},
    "metadata": {"test": "true"},
}
DELETION = {
    "createTime": CREATED,
    "version": AT_MS,
    "deletedByCommunicationIdentifier": identifier(ALICE),
    "deleteTime": AT,
}
MOVE = {"createTime": CREATED, "version": AT_MS, "time": AT}
ADDED = {
    **MOVE,
    "addedByCommunicationIdentifier": identifier(ALICE),
    "participantAdded": participant(BOB, "Bob"),
}
REMOVED = {
    **MOVE,
    "removedByCommunicationIdentifier": identifier(ALICE),
    "participantRemoved": participant(BOB, "Bob"),
}
TO_BOB = {"recipientCommunicationIdentifier": identifier(BOB)}
TO_BOB_BY_ID = {**TO_BOB, "recipientId": BOB}
MEMBERS = [{"displayName": "Alice", "memberId": ALICE}, {"displayName": "Bob", "memberId": BOB}]

# Type: what the subject says after the thread, and the data beside thread and transaction.
EXPECTED: dict[str, tuple[str, dict[str, Any]]] = {
    "ChatMessageReceived": (
        f"sender/{ALICE}/recipient/{BOB}",
        {**MESSAGE, **CONTENT, "senderId": ALICE, **TO_BOB_BY_ID},
    ),
    "ChatMessageEdited": (
        f"sender/{ALICE}/recipient/{BOB}",
        {**MESSAGE, **CONTENT, "editTime": AT, "senderId": ALICE, **TO_BOB_BY_ID},
    ),
    "ChatMessageDeleted": (
        f"sender/{ALICE}/recipient/{BOB}",
        {**MESSAGE, "deleteTime": AT, "senderId": ALICE, **TO_BOB_BY_ID},
    ),
    "ChatThreadCreatedWithUser": (
        f"createdBy/{ALICE}/recipient/{BOB}",
        {**CREATION, "createdBy": ALICE, "members": MEMBERS, **TO_BOB_BY_ID},
    ),
    "ChatThreadWithUserDeleted": (
        f"deletedBy/{ALICE}/recipient/{BOB}",
        {**DELETION, "deletedBy": ALICE, **TO_BOB_BY_ID},
    ),
    "ChatThreadPropertiesUpdatedPerUser": (
        f"editedBy/{ALICE}/recipient/{BOB}",
        {**UPDATE, "editedBy": ALICE, **TO_BOB_BY_ID},
    ),
    "ChatParticipantAddedToThreadWithUser": (
        f"participantAdded/{BOB}/recipient/{BOB}",
        {**ADDED, **TO_BOB},
    ),
    "ChatParticipantRemovedFromThreadWithUser": (
        f"participantRemoved/{BOB}/recipient/{BOB}",
        {**REMOVED, **TO_BOB},
    ),
    "ChatMessageReceivedInThread": (f"sender/{ALICE}", {**MESSAGE, **CONTENT}),
    "ChatMessageEditedInThread": (f"sender/{ALICE}", {**MESSAGE, **CONTENT, "editTime": AT}),
    "ChatMessageDeletedInThread": (f"sender/{ALICE}", {**MESSAGE, "deleteTime": AT}),
    "ChatThreadCreated": (f"createdBy/{ALICE}", CREATION),
    "ChatThreadDeleted": (f"deletedBy/{ALICE}", {**DELETION, "reason": "deletedByUser"}),
    "ChatThreadPropertiesUpdated": (f"editedBy/{ALICE}", UPDATE),
    "ChatThreadParticipantAdded": (f"participantadded/{BOB}", ADDED),
    "ChatThreadParticipantRemoved": (f"participantremoved/{BOB}", REMOVED),
    "ChatTypingIndicatorReceivedInThread": (
        f"sender/{ALICE}",
        {
            "messageId": str(AT_MS),
            "senderCommunicationIdentifier": identifier(ALICE),
            "senderDisplayName": "Alice",
            "composeTime": AT,
            "type": "Control/Typing",
            "version": AT_MS,
            "messageBody": "",
            "metadata": {},
        },
    ),
}


@pytest.fixture(scope="module")
def by_type() -> dict[str, GridEvent]:
    found = sample_grid_events(RESOURCE, AT_MS)
    return {event.type.removeprefix("Microsoft.Communication."): event for event in found}


def test_there_are_the_sixteen_published_types_and_typing() -> None:
    assert len(set(EVENT_TYPES)) == 16
    assert {*EVENT_TYPES, *OPT_IN_EVENT_TYPES} == {
        f"Microsoft.Communication.{name}" for name in EXPECTED
    }


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_subject_and_data_are_those_of_the_contract(
    by_type: dict[str, GridEvent], name: str
) -> None:
    event = by_type[name]
    subject, data = EXPECTED[name]
    assert event.subject == f"thread/{THREAD_ID}/{subject}"
    transaction = event.data["transactionId"]
    assert event.data == {"threadId": THREAD_ID, "transactionId": transaction, **data}
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", transaction)


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_versions_are_numbers_and_metadata_is_text(
    by_type: dict[str, GridEvent], name: str
) -> None:
    data = by_type[name].data
    assert type(data["version"]) is int
    assert type(data.get("sequenceId", 1)) is int
    assert all(isinstance(value, str) for value in data.get("metadata", {}).values())


def test_both_levels_of_one_change_share_a_transaction(by_type: dict[str, GridEvent]) -> None:
    one, other = by_type["ChatMessageReceived"], by_type["ChatMessageReceivedInThread"]
    assert one.data["transactionId"] == other.data["transactionId"]
    assert one.id != other.id


def test_an_event_has_the_same_id_whenever_it_is_rendered() -> None:
    once = [event.id for event in sample_grid_events(RESOURCE, AT_MS)]
    again = [event.id for event in sample_grid_events(RESOURCE, AT_MS)]
    assert once == again
    assert len(set(once)) == len(once)


def test_the_event_grid_envelope(by_type: dict[str, GridEvent]) -> None:
    event = by_type["ChatMessageReceivedInThread"]
    assert envelope(event, topic=TOPIC, schema=EVENT_GRID_SCHEMA) == {
        "id": event.id,
        "topic": TOPIC,
        "subject": event.subject,
        "data": event.data,
        "eventType": "Microsoft.Communication.ChatMessageReceivedInThread",
        "dataVersion": "1.0",
        "metadataVersion": "1",
        "eventTime": AT,
    }


def test_the_cloud_events_envelope(by_type: dict[str, GridEvent]) -> None:
    event = by_type["ChatThreadCreated"]
    assert envelope(event, topic=TOPIC, schema=CLOUD_EVENTS_SCHEMA) == {
        "id": event.id,
        "source": TOPIC,
        "subject": event.subject,
        "type": "Microsoft.Communication.ChatThreadCreated",
        "time": AT,
        "specversion": "1.0",
        "data": event.data,
    }


@pytest.mark.parametrize("schema", [EVENT_GRID_SCHEMA, CLOUD_EVENTS_SCHEMA])
@pytest.mark.parametrize("written", [EVENT_GRID_SCHEMA, CLOUD_EVENTS_SCHEMA])
def test_an_envelope_can_be_changed_for_the_other(
    by_type: dict[str, GridEvent], written: str, schema: str
) -> None:
    for event in by_type.values():
        body = eventgrid.text(envelope(event, topic=TOPIC, schema=written))
        changed = json.loads(eventgrid.in_schema(body, schema))
        assert changed == envelope(event, topic=TOPIC, schema=schema)


def test_whoever_caused_it_gets_no_event_of_the_user_level() -> None:
    for event in sample_events(RESOURCE, AT_MS):
        assert list(eventgrid.per_user(event, [ALICE])) == []


def test_html_messages_have_the_type_that_live_events_give_them() -> None:
    received = next(sample_events(RESOURCE, AT_MS))
    html = replace(received, message_type="html")  # type: ignore[call-arg]
    assert next(eventgrid.per_thread(html)).data["type"] == "RichText/Html"
