"""Deliveries with a clock of ours: attempts, the end of them, batches, headers, dead letters."""

import hashlib
import hmac
import json
import socket
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from django.test import override_settings

from identity.models import Resource
from tests.cast import Person
from webhooks import services
from webhooks.client import Client, Reply
from webhooks.deliverer import Deliverer
from webhooks.dispatcher import replay_some
from webhooks.models import (
    Delivery,
    DeliveryAttempt,
    DeliveryState,
    EventSchema,
    EventSubscription,
    ProvisioningState,
)
from webhooks.queue import expire_undeliverable
from webhooks.tests.hooks import PREFIX, Clock, NoChance, SteppedDeliverer, dispatch, subscribe
from webhooks.tests.receiver import Answer, Received, Receiver, accept, receiving, speaking
from wire.times import now_ms

IN_THREAD = [f"{PREFIX}ChatMessageReceivedInThread"]


class Script:
    """Answers with one status after the other; the last one stays."""

    def __init__(self, *statuses: int) -> None:
        self.statuses = list(statuses)

    def __call__(self, request: Received) -> Answer:
        status = self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0]
        return status, {}, f"answer {status}".encode()


@pytest.fixture
def receiver() -> Any:
    with receiving() as running:
        yield running


@pytest.fixture
def hands() -> SteppedDeliverer:
    return SteppedDeliverer(Clock(now_ms()))


@pytest.fixture
def thread(alice: Person, bob: Person) -> str:
    return alice.create_thread(bob)


@pytest.fixture
def hook(thread: str, resource: Resource, receiver: Receiver) -> EventSubscription:
    """A subscription to one event for each message."""
    return subscribe(resource, receiver.url, included_event_types=IN_THREAD)


def say(alice: Person, thread: str, hands: SteppedDeliverer, *texts: str) -> None:
    """Sends messages and makes their deliveries; the clock then shows that moment."""
    for text in texts:
        alice.send(thread, text)
    dispatch()
    hands.clock.now = now_ms() + 1


def attempts_at(hands: SteppedDeliverer, receiver: Receiver, pauses: Sequence[float]) -> list[int]:
    """How many requests there have been after each pause in seconds."""
    counts = []
    for pause in pauses:
        hands.clock.forward(seconds=pause)
        hands.deliver()
        counts.append(len(receiver.notifications))
    return counts


def test_a_failing_endpoint_is_tried_after_10_seconds_40_seconds_and_100_seconds(
    alice: Person, thread: str, hook: EventSubscription, receiver: Receiver, hands: SteppedDeliverer
) -> None:
    receiver.answer = Script(500, 500, 500, 200)
    say(alice, thread, hands, "hello")
    moments = [0, 9.9, 0.1, 29.9, 0.1, 59.9, 0.1, 3600]
    assert attempts_at(hands, receiver, moments) == [1, 1, 2, 2, 3, 3, 4, 4]
    counts = [r.headers["aeg-delivery-count"] for r in receiver.notifications]
    assert counts == ["0", "1", "2", "3"]
    assert len({event["id"] for event in receiver.events}) == 1
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.attempts) == (DeliveryState.DELIVERED, 4)
    attempts = list(delivery.attempt_set.order_by("number"))
    assert [(a.number, a.status, a.outcome) for a in attempts] == [
        (1, 500, "Busy"),
        (2, 500, "Busy"),
        (3, 500, "Busy"),
        (4, 200, "Delivered"),
    ]
    assert attempts[0].response == "answer 500"


@pytest.mark.parametrize("status", [400, 401, 403, 413])
def test_a_hopeless_answer_is_a_dead_letter_at_once(
    alice: Person,
    thread: str,
    hook: EventSubscription,
    receiver: Receiver,
    hands: SteppedDeliverer,
    status: int,
) -> None:
    receiver.answer = Script(status)
    say(alice, thread, hands, "hello")
    assert attempts_at(hands, receiver, [0, 3600, 86400]) == [1, 1, 1]
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.dead_letter_reason) == (DeliveryState.DEAD, "NotRetryable")


@pytest.mark.parametrize("status", [206, 302, 307, 404, 429, 500, 503])
def test_everything_else_is_tried_again_and_no_redirect_is_followed(
    alice: Person,
    thread: str,
    hook: EventSubscription,
    receiver: Receiver,
    hands: SteppedDeliverer,
    status: int,
) -> None:
    receiver.answer = lambda request: (status, {"location": receiver.url + "/elsewhere"}, b"")
    say(alice, thread, hands, "hello")
    hands.deliver()
    assert [request.path for request in receiver.requests] == ["/hook"]
    delivery = Delivery.objects.get()
    assert delivery.state == DeliveryState.PENDING
    assert delivery.due_ms > hands.clock.now


def test_after_30_minutes_to_live_there_were_six_attempts(
    alice: Person, thread: str, hook: EventSubscription, receiver: Receiver, hands: SteppedDeliverer
) -> None:
    receiver.answer = Script(500)
    EventSubscription.objects.update(event_ttl_minutes=30)
    say(alice, thread, hands, "hello")
    minutes = attempts_at(hands, receiver, [0] + [60] * 60)
    assert minutes[-1] == 6
    delivery = Delivery.objects.get()
    assert delivery.dead_letter_reason == "TimeToLiveExceeded"


def test_one_attempt_allowed_is_one_attempt_made(
    alice: Person, thread: str, hook: EventSubscription, receiver: Receiver, hands: SteppedDeliverer
) -> None:
    receiver.answer = Script(500)
    EventSubscription.objects.update(max_delivery_attempts=1)
    say(alice, thread, hands, "hello")
    assert attempts_at(hands, receiver, [0, 60]) == [1, 1]
    delivery = Delivery.objects.get()
    assert delivery.dead_letter_reason == "MaxDeliveryAttemptsExceeded"


def test_an_endpoint_that_keeps_failing_gets_a_rest_new_events_included(
    alice: Person, thread: str, hook: EventSubscription, receiver: Receiver, hands: SteppedDeliverer
) -> None:
    receiver.answer = Script(404)
    say(alice, thread, hands, *"0123456789")
    hands.deliver()
    assert len(receiver.notifications) == 10
    say(alice, thread, hands, "one more")
    assert attempts_at(hands, receiver, [0, 290]) == [10, 10]
    receiver.answer = accept
    assert attempts_at(hands, receiver, [15])[0] > 10
    assert EventSubscription.objects.get().failures == 0
    hands.clock.forward(hours=1)
    hands.deliver()
    assert not Delivery.objects.exclude(state=DeliveryState.DELIVERED).exists()


def test_events_for_a_resting_endpoint_do_not_wait_longer_than_they_live(
    alice: Person, thread: str, hook: EventSubscription, receiver: Receiver, hands: SteppedDeliverer
) -> None:
    say(alice, thread, hands, "hello")
    EventSubscription.objects.update(delayed_until_ms=hands.clock.now + 10**9)
    assert expire_undeliverable(hands.clock.now) == 0
    hands.clock.forward(hours=25)
    assert expire_undeliverable(hands.clock.now) == 1
    assert Delivery.objects.get().dead_letter_reason == "TimeToLiveExceeded"


# --- What goes out -------------------------------------------------------------------------------


def test_an_event_grid_delivery_is_an_array_of_one_with_event_grids_headers(
    alice: Person, thread: str, hook: EventSubscription, receiver: Receiver, hands: SteppedDeliverer
) -> None:
    say(alice, thread, hands, "hello")
    hands.deliver()
    (request,) = receiver.notifications
    (event,) = request.json
    assert event["data"]["messageBody"] == "hello"
    assert event["topic"] == f"/{hook.scope}"
    expected = {
        "content-type": "application/json; charset=utf-8",
        "aeg-event-type": "Notification",
        "aeg-subscription-name": "HOOK",
        "aeg-delivery-count": "0",
        "aeg-metadata-version": "1",
        "aeg-data-version": "1.0",
        "aeg-output-event-id": event["id"],
    }
    assert {name: request.headers.get(name) for name in expected} == expected


def test_a_cloud_event_is_an_object_and_names_the_origin(
    alice: Person, thread: str, hook: EventSubscription, receiver: Receiver, hands: SteppedDeliverer
) -> None:
    EventSubscription.objects.update(event_schema=EventSchema.CLOUD_EVENTS)
    say(alice, thread, hands, "hello")
    hands.deliver()
    (request,) = receiver.notifications
    assert request.json["specversion"] == "1.0"
    assert request.headers["content-type"] == "application/cloudevents+json; charset=utf-8"
    assert request.headers["aeg-metadata-version"] == "1.0"
    assert "aeg-data-version" not in request.headers
    assert request.headers["origin"] == "eventgrid.azure.net"
    assert request.headers["webhook-request-origin"] == "eventgrid.azure.net"


@pytest.mark.parametrize(
    ("schema", "content_type"),
    [
        (EventSchema.EVENT_GRID, "application/json; charset=utf-8"),
        (EventSchema.CLOUD_EVENTS, "application/cloudevents-batch+json; charset=utf-8"),
    ],
)
def test_batches_are_as_large_as_the_subscription_wants_them(
    alice: Person,
    thread: str,
    hook: EventSubscription,
    receiver: Receiver,
    hands: SteppedDeliverer,
    schema: EventSchema,
    content_type: str,
) -> None:
    EventSubscription.objects.update(event_schema=schema, max_events_per_batch=3)
    say(alice, thread, hands, *"abcdefg")
    hands.deliver()
    assert sorted(len(request.json) for request in receiver.notifications) == [1, 3, 3]
    assert {r.headers["content-type"] for r in receiver.notifications} == {content_type}
    assert len({event["id"] for event in receiver.events}) == 7


def test_a_batch_ends_at_its_preferred_size_and_a_large_event_goes_alone(
    alice: Person, thread: str, hook: EventSubscription, receiver: Receiver, hands: SteppedDeliverer
) -> None:
    EventSubscription.objects.update(max_events_per_batch=100, preferred_batch_size_kb=4)
    say(alice, thread, hands, "a", "b", "x" * 9000, "c", "d")
    hands.deliver()
    bodies = sorted(
        [[event["data"]["messageBody"][:1] for event in r.json] for r in receiver.notifications]
    )
    assert bodies == [["a", "b"], ["c", "d"], ["x"]]


def test_a_batch_arrives_whole_or_not_at_all(
    alice: Person, thread: str, hook: EventSubscription, receiver: Receiver, hands: SteppedDeliverer
) -> None:
    EventSubscription.objects.update(max_events_per_batch=10)
    receiver.answer = Script(500, 200)
    say(alice, thread, hands, "a", "b", "c")
    hands.deliver()
    assert set(Delivery.objects.values_list("state", "attempts")) == {("pending", 1)}
    hands.clock.forward(seconds=11)
    hands.deliver()
    assert set(Delivery.objects.values_list("state", "attempts")) == {("delivered", 2)}
    assert DeliveryAttempt.objects.count() == 6


def header(name: str, kind: str, **properties: Any) -> dict[str, Any]:
    return {"name": name, "type": kind, "properties": properties}


def test_static_secret_and_dynamic_headers_are_sent(
    alice: Person, thread: str, hook: EventSubscription, receiver: Receiver, hands: SteppedDeliverer
) -> None:
    EventSubscription.objects.update(
        max_events_per_batch=10,
        delivery_attributes=[
            header("X-Plain", "Static", value="seen", isSecret=False),
            header("Authorization", "Static", value="Bearer hidden", isSecret=True),
            header("X-Thread", "Dynamic", sourceField="data.threadId"),
            header("X-Version", "Dynamic", sourceField="data.version"),
            header("X-Body", "Dynamic", sourceField="data.messageBody"),
            header("X-None", "Dynamic", sourceField="data.metadata"),
        ],
    )
    # Half of a value would be a wrong one.
    say(alice, thread, hands, "one", "ünspeakable", "long " * 1000)
    hands.deliver()
    # Events whose headers differ cannot share a request.
    first, *others = sorted(receiver.notifications, key=lambda r: r.headers.get("x-body", ""))[::-1]
    assert first.headers["x-plain"] == "seen"
    assert first.headers["authorization"] == "Bearer hidden"
    assert first.headers["x-thread"] == thread.removeprefix("/chat/threads/")
    assert first.headers["x-version"] == str(first.json[0]["data"]["version"])
    assert first.headers["x-body"] == "one"
    assert len(others) == 2
    assert not any({"x-body", "x-none"} & set(request.headers) for request in others)


def test_a_signed_delivery_can_be_verified_with_its_secret_and_time(
    alice: Person, thread: str, hook: EventSubscription, receiver: Receiver, hands: SteppedDeliverer
) -> None:
    say(alice, thread, hands, "unsigned")
    hands.deliver()
    assert "chatsite-signature" not in receiver.notifications[0].headers
    EventSubscription.objects.update(signing_secret="a secret")
    say(alice, thread, hands, "signed")
    hands.deliver()
    request = receiver.notifications[1]
    time_part, signature = request.headers["chatsite-signature"].split(",")
    seconds = time_part.removeprefix("t=")
    assert abs(int(seconds) - now_ms() // 1000) < 60
    expected = hmac.new(b"a secret", seconds.encode() + b"." + request.body, hashlib.sha256)
    assert signature == f"v1={expected.hexdigest()}"


def test_an_endpoint_that_allows_ten_requests_a_minute_gets_no_more(
    alice: Person, thread: str, hook: EventSubscription, receiver: Receiver, hands: SteppedDeliverer
) -> None:
    EventSubscription.objects.update(allowed_rate=10)
    say(alice, thread, hands, "a", "b", "c")
    assert attempts_at(hands, receiver, [0, 3, 4, 3, 4]) == [1, 1, 2, 2, 3]


@pytest.mark.parametrize(("before", "after"), [tuple(EventSchema), tuple(EventSchema)[::-1]])
def test_what_is_on_its_way_is_sent_in_the_schema_that_the_subscription_has_by_then(
    alice: Person,
    thread: str,
    hook: EventSubscription,
    receiver: Receiver,
    hands: SteppedDeliverer,
    before: EventSchema,
    after: EventSchema,
) -> None:
    attributes = [
        header("X-Topic", "Dynamic", sourceField="topic"),
        header("X-Source", "Dynamic", sourceField="source"),
    ]
    EventSubscription.objects.update(event_schema=before, delivery_attributes=attributes)
    say(alice, thread, hands, "hello")
    EventSubscription.objects.update(event_schema=after)
    hands.deliver()
    (request,) = receiver.notifications
    (event,) = receiver.events
    is_cloud = after == EventSchema.CLOUD_EVENTS
    assert ("cloudevents" in request.headers["content-type"]) is is_cloud
    assert ("specversion" in event, "topic" in event) == (is_cloud, not is_cloud)
    assert (event["source" if is_cloud else "topic"]) == hook.topic
    assert request.headers.get("x-source" if is_cloud else "x-topic") == hook.topic
    assert event["data"]["messageBody"] == "hello"
    fresh = Delivery.objects.get()
    assert event["id"] == str(fresh.event_id)


# --- Endpoints that misbehave --------------------------------------------------------------------


class HastyClient(Client):
    """A client that waits for one second instead of thirty."""

    def send(self, *arguments: Any, **options: Any) -> Reply:
        return super().send(*arguments, **{**options, "seconds": 1.0})


def silence(connection: socket.socket) -> None:
    time.sleep(5)


def garbage(connection: socket.socket) -> None:
    connection.sendall(b"\x00\xff garbage\r\n\r\n")


def hang_up(connection: socket.socket) -> None:
    pass


def flood(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 500 No\r\nContent-Length: 104857600\r\n\r\n")
    for _ in range(100):
        connection.sendall(b"x" * 1048576)


@pytest.mark.parametrize(
    ("talk", "outcome", "status", "answer"),
    [
        (silence, "TimedOut", None, "no answer within 1 seconds"),
        (garbage, "SocketError", None, "garbage"),
        (hang_up, "SocketError", None, "closed"),
        (flood, "Busy", 500, "xxxx"),
        (None, "ResolutionError", None, "Webhooks may not be sent to the address"),
    ],
)
def test_an_endpoint_that_misbehaves_is_recorded_and_affects_no_other(
    alice: Person,
    thread: str,
    hook: EventSubscription,
    receiver: Receiver,
    resource: Resource,
    talk: Any,
    outcome: str,
    status: int | None,
    answer: str,
) -> None:
    hands = SteppedDeliverer(Clock(now_ms()))
    hands.deliverer = Deliverer(HastyClient(), clock=hands.clock, chance=NoChance())
    with speaking(talk or hang_up) as url:
        bad = subscribe(
            resource,
            url if talk else "https://169.254.169.254/latest",
            name="bad",
            included_event_types=IN_THREAD,
        )
        say(alice, thread, hands, "a", "b", "c")
        started = time.monotonic()
        hands.deliver()
    assert time.monotonic() - started < 6
    assert {event["data"]["messageBody"] for event in receiver.events} == {"a", "b", "c"}
    deliveries = Delivery.objects.filter(subscription=bad)
    assert set(deliveries.values_list("state", "last_outcome")) == {("pending", outcome)}
    attempt = DeliveryAttempt.objects.filter(delivery__subscription=bad).first()
    assert attempt is not None
    assert (attempt.outcome, attempt.status) == (outcome, status)
    assert answer in attempt.response and len(attempt.response) <= 1000
    assert not Delivery.objects.filter(subscription=hook, state=DeliveryState.PENDING).exists()


# --- Dead letters --------------------------------------------------------------------------------


def test_dead_letters_can_be_sent_again(
    alice: Person,
    thread: str,
    hook: EventSubscription,
    receiver: Receiver,
    hands: SteppedDeliverer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(services, "_SLICE", 1)
    receiver.answer = Script(400)
    say(alice, thread, hands, "a", "b")
    hands.deliver()
    first = {event["id"] for event in receiver.events}
    assert Delivery.objects.filter(state=DeliveryState.DEAD).count() == 2
    receiver.answer = accept
    assert services.redrive(deliveries=Delivery.objects.all()) == 2
    hands.clock.now = now_ms() + 1
    hands.deliver()
    assert set(Delivery.objects.values_list("state", flat=True)) == {DeliveryState.DELIVERED}
    assert {event["id"] for event in receiver.events} == first
    assert len(receiver.events) == 4


def test_everything_since_a_time_can_be_sent_again_from_the_log(
    alice: Person, thread: str, hook: EventSubscription, receiver: Receiver, hands: SteppedDeliverer
) -> None:
    say(alice, thread, hands, "before")
    since = int(alice.send(thread, "a"))
    say(alice, thread, hands, "b", "c")
    hands.deliver()
    before = receiver.events
    services.replay(subscription=hook, since_ms=since)
    while replay_some(limit=2):
        pass
    hands.clock.now = now_ms() + 1
    hands.deliver()
    again = receiver.events[len(before) :]
    assert sorted(event["data"]["messageBody"] for event in again) == ["a", "b", "c"]
    assert {event["id"] for event in again} <= {event["id"] for event in before}
    assert EventSubscription.objects.get().replay_after_id is None


def test_a_replay_waits_for_an_endpoint_that_is_not_validated(
    alice: Person, thread: str, hook: EventSubscription, receiver: Receiver, hands: SteppedDeliverer
) -> None:
    say(alice, thread, hands, "a")
    Delivery.objects.all().delete()
    EventSubscription.objects.update(provisioning_state=ProvisioningState.FAILED)
    services.replay(subscription=hook, since_ms=0)
    assert replay_some() == 0
    EventSubscription.objects.update(provisioning_state=ProvisioningState.SUCCEEDED)
    while replay_some():
        pass
    assert [d.event_type for d in Delivery.objects.all()] == IN_THREAD


@pytest.mark.parametrize("schema", EventSchema)
def test_dead_letters_are_written_to_a_folder_where_one_is_set(
    alice: Person,
    thread: str,
    hook: EventSubscription,
    receiver: Receiver,
    hands: SteppedDeliverer,
    schema: EventSchema,
    tmp_path: Path,
) -> None:
    EventSubscription.objects.update(event_schema=schema)
    receiver.answer = Script(403)
    say(alice, thread, hands, "hello")
    with override_settings(CHATSITE_DEAD_LETTER_FOLDER=tmp_path):
        hands.deliver()
    (file,) = tmp_path.rglob("*.json")
    assert file.relative_to(tmp_path).parts[0] == "HOOK"
    assert len(file.relative_to(tmp_path).parts) == 6
    (record,) = json.loads(file.read_text())
    names = ["deadLetterReason", "deliveryAttempts", "lastDeliveryOutcome", "publishTime"]
    if schema == EventSchema.CLOUD_EVENTS:
        names = [name.lower() for name in names]
    assert [record[name] for name in names[:3]] == ["NotRetryable", 1, "Forbidden"]
    assert record[names[3]].endswith("Z")
    assert record["data"]["messageBody"] == "hello"


def test_a_test_event_is_of_a_type_that_the_subscription_wants(
    alice: Person, hook: EventSubscription, receiver: Receiver, hands: SteppedDeliverer
) -> None:
    created = [f"{PREFIX}ChatThreadCreated"]
    EventSubscription.objects.update(included_event_types=created, subject_ends_with="nowhere")
    hook.refresh_from_db()
    services.send_test_event(subscription=hook)
    hands.clock.now = now_ms() + 1
    hands.deliver()
    assert [event["eventType"] for event in receiver.events] == created


def test_an_expired_subscription_gets_nothing_new(
    alice: Person, thread: str, hook: EventSubscription, hands: SteppedDeliverer
) -> None:
    EventSubscription.objects.update(expires_ms=now_ms() - 1)
    alice.send(thread)
    assert dispatch() == []
