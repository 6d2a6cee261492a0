"""What the background costs when there is nothing to do, and that it resumes when there is."""

import statistics
import time
from functools import partial
from typing import Any

import pytest
from django.apps import apps

from background.tests.simulation import MINUTE, Simulation, simulate
from background.worker import Worker
from identity.models import Resource
from monitoring import store
from monitoring.alerts.defaults import create_default_rules
from monitoring.alerts.models import Alert, AlertRule
from monitoring.catalogue import SERVER
from monitoring.collector import collector
from monitoring.models import Series
from tests.cast import Person
from webhooks import services, wakeups
from webhooks.models import Delivery, EventSubscription, ProvisioningState
from webhooks.services import default_scope
from webhooks.tests.hooks import PREFIX, subscribe
from webhooks.tests.receiver import Receiver, receiving
from wire.times import now_ms

HOUR = 60 * MINUTE
URL = "http://127.0.0.1:9/hook"
IN_THREAD = f"{PREFIX}ChatMessageReceivedInThread"


@pytest.fixture(autouse=True)
def _uncounted() -> None:
    """Forgets what earlier tests have counted, and the rows that they have stored it in."""
    collector.take()
    store.series_cache.forget()


@pytest.fixture
def idle(resource: Resource, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A worker two minutes after its start, without clients and subscriptions."""
    # Emptying the tables between tests removes what a migration has created.
    if not AlertRule.objects.exists():
        create_default_rules(partial(apps.get_model, "monitoring"))
    running = simulate(monkeypatch)
    running.run(2 * MINUTE)
    yield running
    wakeups.index.is_followed = False


def test_an_idle_worker_makes_at_most_six_statements_a_minute(idle: Simulation) -> None:
    idle.run(3 * HOUR)
    assert 0 < len(idle.busiest_minute(since=2 * MINUTE)) <= 6


def test_sends_without_a_subscription_wake_nothing_and_make_no_statement(
    idle: Simulation, alice: Person, bob: Person, resource: Resource
) -> None:
    thread = alice.create_thread(bob)
    before = len(idle.statements)
    for _ in range(20):
        alice.send(thread)
    assert idle.woken() == 0
    idle.run(0.05)
    assert len(idle.statements) == before


def test_sends_wake_the_dispatcher_only_if_a_subscription_wants_their_type(
    idle: Simulation, alice: Person, bob: Person, resource: Resource
) -> None:
    thread = alice.create_thread(bob)
    subscribe(resource, URL, included_event_types=[f"{PREFIX}ChatThreadDeleted"])
    idle.run(MINUTE)
    alice.send(thread)
    assert idle.woken() == 0
    idle.run(1)
    subscribe(resource, URL, name="other", included_event_types=[IN_THREAD])
    idle.run(6)
    alice.send(thread, "hello")
    alice.send(thread, "hello again")
    assert idle.woken() == 1
    idle.run(0.001)
    assert Delivery.objects.count() == 2


def test_sends_wake_the_dispatcher_only_if_a_subscription_may_want_their_subject(
    idle: Simulation, alice: Person, bob: Person, resource: Resource
) -> None:
    thread, other = alice.create_thread(bob), alice.create_thread(bob)
    name = thread.rpartition("/")[2]
    # Of one thread in another letter case, of one sender in it, and of a thread that is nowhere.
    for number, beginning in enumerate(
        (f"THREAD/{name}", f"thread/{name}/sender/{bob.id}", "thread/19:nowhere")
    ):
        subscribe(
            resource,
            URL,
            name=f"hook-{number}",
            included_event_types=[IN_THREAD],
            subject_begins_with=beginning,
        )
    idle.run(MINUTE)
    alice.send(other)
    assert idle.woken() == 0
    alice.send(thread)
    assert idle.woken() == 1
    idle.run(0.001)
    assert [delivery.subscription.name for delivery in Delivery.objects.all()] == ["hook-0"]
    bob.send(thread)
    idle.run(1)
    assert Delivery.objects.count() == 3


def test_other_resources_subscriptions_wake_nothing(
    idle: Simulation, alice: Person, bob: Person, other_resource: Resource
) -> None:
    subscribe(other_resource, URL)
    idle.run(MINUTE)
    alice.send(alice.create_thread(bob))
    assert idle.woken() == 0


def test_a_new_subscription_gets_what_happens_after_its_validation_and_nothing_before(
    idle: Simulation, alice: Person, bob: Person, resource: Resource
) -> None:
    thread = alice.create_thread(bob)
    alice.send(thread, "long before")
    idle.run(HOUR)
    alice.send(thread, "before")
    idle.now += 1
    fields = {"endpoint_url": URL, "included_event_types": [IN_THREAD]}
    made, _ = services.create_or_update_event_subscription(
        resource=resource, name="hook", scope=default_scope(resource), fields=fields
    )
    alice.send(thread, "during")
    idle.now += 1
    services.validate_manually(code=made.validation_code)
    idle.now += 1
    alice.send(thread, "after")
    idle.run(1)
    assert [text_of(delivery) for delivery in Delivery.objects.all()] == ["after"]


def text_of(delivery: Delivery) -> str:
    return delivery.body.partition('"messageBody":"')[2].partition('"')[0]


def test_a_subscription_that_another_process_made_is_found_within_half_a_minute(
    idle: Simulation, alice: Person, bob: Person, resource: Resource
) -> None:
    thread = alice.create_thread(bob)
    idle.run(0.1)
    subscribe(resource, URL, included_event_types=[IN_THREAD])
    alice.send(thread, "hello")
    idle.run(31)
    assert Delivery.objects.count() == 1


def test_messages_are_counted_and_rules_fire_after_quiet_hours_and_quiet_returns(
    idle: Simulation, alice: Person, bob: Person, resource: Resource
) -> None:
    idle.run(3 * HOUR)
    alice.send(alice.create_thread(bob))
    collector.record(("StorageErrors", SERVER, (("Source", "requests"),)), now_ms())
    idle.run(3 * MINUTE)
    assert Series.objects.get(metric="ChatMessages").count == 1
    assert Alert.objects.get().found[0]["metric"] == "StorageErrors"
    idle.run(HOUR)
    assert Alert.objects.get().resolved_ms is not None
    # A round of all sweeps deletes what is left of the activity.
    idle.run(2 * HOUR)
    quiet = idle.now
    idle.run(2 * HOUR)
    assert len(idle.busiest_minute(since=quiet)) <= 6


def test_events_of_other_processes_are_counted_within_two_minutes(
    idle: Simulation, alice: Person, bob: Person
) -> None:
    idle.run(HOUR)
    alice.send(alice.create_thread(bob))
    # What this process knows of it belongs to another one.
    collector.take()
    idle.run(2 * MINUTE)
    assert Series.objects.get(metric="ChatMessages").count == 1


def test_a_matching_event_is_requested_within_100_milliseconds(
    alice: Person, bob: Person, resource: Resource
) -> None:
    thread = alice.create_thread(bob)
    with receiving() as receiver:
        subscribe(resource, receiver.url, included_event_types=[IN_THREAD])
        worker = Worker()
        worker.start()
        try:
            alice.send(thread, "warm up")
            receiver.wait_for(1)
            spent = [seconds_to_request(alice, thread, receiver) for _ in range(9)]
        finally:
            worker.stop()
    assert statistics.median(spent) < 0.1
    assert EventSubscription.objects.get().provisioning_state == ProvisioningState.SUCCEEDED


def seconds_to_request(alice: Person, thread: str, receiver: Receiver) -> float:
    count = len(receiver.events)
    alice.send(thread)
    started = time.time()
    receiver.wait_for(count + 1)
    return receiver.requests[-1].at - started
