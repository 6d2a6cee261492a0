"""The last request to an endpoint whose subscription is deleted."""

import time
from typing import Any

import pytest

from identity.models import Resource
from webhooks import services
from webhooks.client import Client
from webhooks.deletion import Notifier
from webhooks.models import DeletionNotice, EventSchema, EventSubscription, ProvisioningState
from webhooks.tests.hooks import Clock, subscribe
from webhooks.tests.receiver import Received, Receiver, receiving
from wire.times import now_ms


@pytest.fixture
def receiver() -> Any:
    with receiving() as running:
        yield running


@pytest.fixture
def clock() -> Clock:
    return Clock(now_ms() + 1000)


@pytest.fixture
def notifier(clock: Clock) -> Notifier:
    return Notifier(Client(), clock=clock)


def settle(notifier: Notifier) -> None:
    """Sends what is due at this moment of the clock, and notes how it went."""
    notifier.work()
    deadline = time.monotonic() + 10
    while notifier._senders.free < 4:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    notifier.work()


def delete(subscription: EventSubscription) -> None:
    services.delete_event_subscription(subscription=subscription)
    assert not EventSubscription.objects.exists()


def test_an_event_grid_endpoint_gets_one_notice_with_its_own_headers(
    resource: Resource, receiver: Receiver, notifier: Notifier
) -> None:
    secret = {"value": "s3cr3t", "isSecret": True}
    subscription = subscribe(
        resource,
        receiver.url,
        signing_secret="sixteen or more!",
        delivery_attributes=[{"name": "X-Key", "type": "Static", "properties": secret}],
    )
    delete(subscription)
    settle(notifier)
    settle(notifier)
    (request,) = receiver.requests
    assert request.headers["aeg-event-type"] == "SubscriptionDeletion"
    assert request.headers["aeg-subscription-name"] == "HOOK"
    assert request.headers["x-key"] == "s3cr3t"
    assert request.headers["chatsite-signature"].startswith("t=")
    (event,) = request.json
    assert event["eventType"] == "Microsoft.EventGrid.SubscriptionDeletedEvent"
    assert event["topic"] == subscription.topic
    name = f"{subscription.topic}/providers/Microsoft.EventGrid/eventSubscriptions/hook"
    assert event["data"] == {"eventSubscriptionId": name}
    assert not DeletionNotice.objects.exists()


@pytest.mark.parametrize("batch", [1, 5])
def test_a_cloud_events_endpoint_gets_a_notice_in_its_own_schema(
    resource: Resource, receiver: Receiver, notifier: Notifier, batch: int
) -> None:
    schema = EventSchema.CLOUD_EVENTS
    delete(subscribe(resource, receiver.url, event_schema=schema, max_events_per_batch=batch))
    settle(notifier)
    (request,) = receiver.requests
    # As its events came: alone an object, in batches an array.
    event = request.json[0] if batch > 1 else request.json
    assert event["type"] == "Microsoft.EventGrid.SubscriptionDeletedEvent"
    assert request.headers["webhook-request-origin"] == "eventgrid.azure.net"


def test_an_endpoint_that_fails_gets_three_notices_and_no_more(
    resource: Resource, receiver: Receiver, notifier: Notifier, clock: Clock
) -> None:
    receiver.answer = lambda request: (500, {}, b"")
    delete(subscribe(resource, receiver.url))
    counts = []
    for seconds in (0, 9, 2, 29, 2, 3600):
        clock.forward(seconds=seconds)
        settle(notifier)
        counts.append(len(receiver.requests))
    assert counts == [1, 1, 2, 2, 3, 3]
    assert not DeletionNotice.objects.exists()


@pytest.mark.parametrize(
    "state", [s for s in ProvisioningState if s != ProvisioningState.SUCCEEDED]
)
def test_an_endpoint_that_was_not_validated_gets_no_notice(
    resource: Resource, state: ProvisioningState
) -> None:
    delete(subscribe(resource, "http://127.0.0.1:9/hook", provisioning_state=state))
    assert not DeletionNotice.objects.exists()


def test_of_two_workers_one_sends_and_a_crash_leaves_it_to_the_other(
    resource: Resource, receiver: Receiver, notifier: Notifier, clock: Clock
) -> None:
    delete(subscribe(resource, receiver.url))
    other = Notifier(Client(), clock=clock)
    notifier.work()
    settle(other)
    deadline = time.monotonic() + 10
    while not receiver.requests:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert len(receiver.requests) == 1
    # The first one dies before it can note the answer.
    clock.forward(minutes=2)
    settle(other)
    assert len(receiver.requests) == 2
    assert same_event(*receiver.requests)
    assert not DeletionNotice.objects.exists()


def same_event(one: Received, other: Received) -> bool:
    return bool(one.body == other.body)
