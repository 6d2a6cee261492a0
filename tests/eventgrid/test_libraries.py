"""Captured deliveries, read by the libraries that customers' handlers are written with."""

import json
import subprocess
import uuid
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from azure.core.messaging import CloudEvent
from azure.eventgrid import EventGridEvent, SystemEventNames
from azure.mgmt.eventgrid import EventGridManagementClient
from azure.mgmt.eventgrid.models import (
    EventSubscription,
    EventSubscriptionFilter,
    WebHookEventSubscriptionDestination,
)
from cloudevents.http import from_http

from tests.eventgrid.conftest import SCOPE
from tests.eventgrid.everything import do_everything, send_typing
from tests.sdk.people import Person
from tests.server import Server
from tests.waiting import wait_until
from webhooks.eventgrid import EVENT_TYPES, OPT_IN_EVENT_TYPES
from webhooks.tests.receiver import Answer, Received, Receiver, accept, receiving

pytestmark = pytest.mark.sdk

SCHEMAS = ("EventGridSchema", "CloudEventSchemaV1_0")
# alice does everything; bob sees all of it; carol comes and goes.
EXPECTED = {
    "ChatThreadCreated": 1,
    "ChatThreadCreatedWithUser": 1,
    "ChatThreadPropertiesUpdated": 1,
    "ChatThreadPropertiesUpdatedPerUser": 1,
    "ChatThreadParticipantAdded": 1,
    "ChatParticipantAddedToThreadWithUser": 2,
    "ChatMessageReceivedInThread": 1,
    "ChatMessageReceived": 2,
    "ChatTypingIndicatorReceivedInThread": 1,
    "ChatMessageEditedInThread": 1,
    "ChatMessageEdited": 2,
    "ChatMessageDeletedInThread": 1,
    "ChatMessageDeleted": 2,
    "ChatThreadParticipantRemoved": 1,
    "ChatParticipantRemovedFromThreadWithUser": 2,
    "ChatThreadDeleted": 1,
    "ChatThreadWithUserDeleted": 1,
}


def subscribe(
    management: EventGridManagementClient, url: str, schema: str, **destination: Any
) -> str:
    """The name of a new subscription to everything, typing included."""
    name = f"hook-{uuid.uuid4().hex[:12]}"
    everything = EventSubscriptionFilter(included_event_types=[*EVENT_TYPES, *OPT_IN_EVENT_TYPES])
    management.event_subscriptions.begin_create_or_update(
        SCOPE,
        name,
        EventSubscription(
            destination=WebHookEventSubscriptionDestination(endpoint_url=url, **destination),
            filter=everything,
            event_delivery_schema=schema,
        ),
    ).result(60)
    return name


@pytest.fixture(params=SCHEMAS)
def schema(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def captured(
    management: EventGridManagementClient, people: list[Person], grid_server: Server, schema: str
) -> list[Received]:
    """The requests that delivered one event of every type."""
    other_thread = people[0].create_thread(topic="Before")
    with receiving() as receiver:
        name = subscribe(management, receiver.url, schema)

        def is_typing_delivered() -> bool:
            # Typing is not stored: it gets lost until the server has loaded the new subscription.
            send_typing(people[0], other_thread, grid_server)
            return bool(_about(other_thread, receiver))

        wait_until(is_typing_delivered)
        thread = do_everything(people, grid_server)
        wait_until(lambda: len(_about(thread, receiver)) >= sum(EXPECTED.values()))
        management.event_subscriptions.begin_delete(SCOPE, name).result(60)
        return _about(thread, receiver)


def _about(thread: str, receiver: Receiver) -> list[Received]:
    return [request for request in receiver.notifications if thread.encode() in request.body]


def short(event_type: str) -> str:
    return event_type.removeprefix("Microsoft.Communication.")


def test_python_and_node_read_what_was_delivered(
    captured: list[Received], schema: str, node: Path, packages: Path
) -> None:
    requests = captured
    if schema == "EventGridSchema":
        _read_event_grid_events(requests)
        parsed = _parse_in_node(node, packages, "eventgrid", requests)
    else:
        _read_cloud_events(requests)
        parsed = _parse_in_node(node, packages, "cloudevents", requests)
    assert Counter(short(event["type"]) for event in parsed) == EXPECTED
    for event in parsed:
        assert event["isSystemEvent"] and event["timeIsDate"] and event["hasTransaction"], event
        assert event["versionIsNumber"], event


def _read_event_grid_events(requests: list[Received]) -> None:
    events = [EventGridEvent.from_json(json.dumps(e)) for r in requests for e in r.json]
    assert Counter(short(event.event_type) for event in events) == EXPECTED
    names = {name.value for name in SystemEventNames}
    assert {event.event_type for event in events} <= names
    assert all(event.topic == f"/{SCOPE}" for event in events)


def _read_cloud_events(requests: list[Received]) -> None:
    events = [CloudEvent.from_json(request.body) for request in requests]
    assert Counter(short(event.type) for event in events) == EXPECTED
    others = [from_http(request.headers, request.body) for request in requests]
    assert [other["id"] for other in others] == [event.id for event in events]
    assert all(other["source"] == f"/{SCOPE}" for other in others)


def _parse_in_node(node: Path, packages: Path, kind: str, requests: list[Received]) -> Any:
    bodies = [request.body.decode() for request in requests]
    done = subprocess.run(
        [node, "parse.mjs", kind],
        cwd=packages,
        input=json.dumps(bodies),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def with_python_libraries(request: Received) -> Answer:
    """A handler as its author would write it; the CloudEvents handshake is one header."""
    if request.method == "OPTIONS":
        origin = request.headers["webhook-request-origin"]
        return 200, {"WebHook-Allowed-Origin": origin}, b""
    if "cloudevents" not in request.headers["content-type"]:
        for each in json.loads(request.body):
            event = EventGridEvent.from_json(json.dumps(each))
            if event.event_type == SystemEventNames.EventGridSubscriptionValidationEventName:
                answer = {"validationResponse": event.data["validationCode"]}
                return 200, {"Content-Type": "application/json"}, json.dumps(answer).encode()
    return accept(request)


def test_a_python_receiver_passes_both_handshakes(
    management: EventGridManagementClient, schema: str
) -> None:
    with receiving(with_python_libraries) as receiver:
        name = subscribe(management, receiver.url, schema)
        got = management.event_subscriptions.get(SCOPE, name)
        assert got.provisioning_state == "Succeeded"
        management.event_subscriptions.begin_delete(SCOPE, name).result(60)


def test_a_node_receiver_passes_both_handshakes_and_reads_messages(
    management: EventGridManagementClient,
    people: list[Person],
    schema: str,
    node: Path,
    packages: Path,
) -> None:
    process = subprocess.Popen(
        [node, "receiver.mjs"], cwd=packages, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout
    try:
        url = process.stdout.readline().strip()
        name = subscribe(management, url, schema)
        alice, bob, _ = people
        thread_id = alice.create_thread(bob.as_participant())
        alice.thread(thread_id).send_message("hello node")
        told = json.loads(process.stdout.readline())
        assert told == {"isCloud": schema != "EventGridSchema", "body": "hello node"}
        management.event_subscriptions.begin_delete(SCOPE, name).result(60)
    finally:
        process.kill()
        process.wait(10)
