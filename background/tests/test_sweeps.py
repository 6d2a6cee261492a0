"""What is tidied up, and what is not."""

from typing import Any

import pytest
from django.test import override_settings

from background import sweeps
from background.models import Worker
from background.sweeps import DAY_MS, Sweeper
from events import following
from events.models import Event
from identity.models import Resource
from tests.cast import Person
from webhooks.models import Delivery, DeliveryState, EventSubscription
from webhooks.tests.hooks import dispatch, subscribe
from wire.times import now_ms

URL = "http://127.0.0.1:9/hook"


@pytest.fixture
def thread(alice: Person, bob: Person) -> str:
    return alice.create_thread(bob)


def test_the_log_is_pruned_from_its_beginning_up_to_the_first_young_event(
    alice: Person, thread: str
) -> None:
    for _ in range(4):
        alice.send(thread)
    ids = list(Event.objects.order_by("id").values_list("id", flat=True))
    now = now_ms()
    Event.objects.filter(id__in=(ids[0], ids[1], ids[3])).update(at_ms=now - 8 * DAY_MS)
    assert sweeps.prune_event_log(now) == 2
    # An old one behind a young one stays until it is at the beginning.
    assert list(Event.objects.order_by("id").values_list("id", flat=True)) == ids[2:]


def test_the_log_is_kept_as_long_as_the_setting_says(alice: Person, thread: str) -> None:
    now = now_ms()
    Event.objects.update(at_ms=now - 8 * DAY_MS)
    with override_settings(CHATSITE_EVENT_LOG_DAYS=9):
        assert sweeps.prune_event_log(now) == 0
    assert sweeps.prune_event_log(now) == 1


def test_a_cursor_from_before_the_pruning_goes_on_with_what_is_there(
    alice: Person, thread: str
) -> None:
    cursor = following.Cursor()
    alice.send(thread)
    Event.objects.filter(sequence=1).delete()
    events, cursor = following.read_after(cursor, 10)
    assert [event.sequence for event in events] == [2]
    assert following.read_after(cursor, 10)[0] == []


def test_deliveries_go_after_a_day_and_dead_letters_after_thirty(
    alice: Person, thread: str, resource: Resource
) -> None:
    subscribe(resource, URL)
    alice.send(thread)
    alice.send(thread)
    delivered, dead, pending, _ = dispatch()
    now = now_ms()
    Delivery.objects.filter(pk=delivered.pk).update(state=DeliveryState.DELIVERED, finished_ms=now)
    Delivery.objects.filter(pk=dead.pk).update(state=DeliveryState.DEAD, finished_ms=now)
    assert sweeps.prune_deliveries(now + DAY_MS - 1) == 0
    assert sweeps.prune_deliveries(now + DAY_MS) == 1
    assert sweeps.prune_deliveries(now + 30 * DAY_MS) == 1
    left = set(Delivery.objects.values_list("pk", flat=True))
    assert pending.pk in left and len(left) == 2


def test_no_record_of_deliveries_is_kept_where_nobody_wants_one(
    alice: Person, thread: str, resource: Resource
) -> None:
    subscribe(resource, URL)
    alice.send(thread)
    dispatch()
    now = now_ms()
    Delivery.objects.update(state=DeliveryState.DELIVERED, finished_ms=now)
    with override_settings(CHATSITE_DELIVERED_DAYS=0):
        assert sweeps.prune_deliveries(now) == 2


def test_a_subscription_is_retired_a_day_after_its_end(
    resource: Resource, alice: Person, thread: str
) -> None:
    subscription = subscribe(resource, URL, expires_ms=now_ms() + 60_000)
    alice.send(thread)
    dispatch()
    assert sweeps.delete_expired_subscriptions(now_ms() + DAY_MS) == 0
    assert sweeps.delete_expired_subscriptions(now_ms() + 2 * DAY_MS) == 1
    assert not EventSubscription.objects.filter(pk=subscription.pk).exists()
    assert not Delivery.objects.exists()


def test_workers_that_are_no_more_are_forgotten(resource: Resource) -> None:
    now = now_ms()
    Worker.objects.create(name="old", seen_ms=now - 2 * DAY_MS)
    Worker.objects.create(name="new", seen_ms=now)
    sweeps.forget_workers(now)
    assert [worker.name for worker in Worker.objects.all()] == ["new"]


def test_each_sweep_has_its_pace_and_one_that_found_much_goes_on(
    resource: Resource, monkeypatch: pytest.MonkeyPatch
) -> None:
    called: list[str] = []
    found = {"much": sweeps.SLICE, "little": 1}

    def sweep_called(name: str) -> Any:
        def sweep(now: int) -> int:
            called.append(name)
            return found[name]

        return sweep

    paces = [(name, sweep_called(name), 60_000) for name in found]
    monkeypatch.setattr(sweeps, "_sweeps", lambda: iter(paces))
    sweeper = Sweeper()
    sweeper.work(1000)
    sweeper.work(1001)
    found["much"] = 0
    sweeper.work(1002)
    sweeper.work(1003)
    assert called == ["much", "little", "much", "much"]
    sweeper.work(62_000)
    assert called[4:] == ["much", "little"]


def test_one_sweep_that_fails_does_not_stop_the_others(
    resource: Resource, monkeypatch: pytest.MonkeyPatch
) -> None:
    called: list[int] = []

    def broken(now: int) -> int:
        raise ValueError("broken")

    def fine(now: int) -> int:
        called.append(now)
        return 0

    paces = [("broken", broken, 60_000), ("fine", fine, 60_000)]
    monkeypatch.setattr(sweeps, "_sweeps", lambda: iter(paces))
    Sweeper().work(1000)
    assert called == [1000]


def test_the_sweeps_of_all_rooms_run(resource: Resource) -> None:
    assert Sweeper().work(now_ms()) == 0
    names = [name for name, _, _ in sweeps._sweeps()]
    assert "threads.sweeps.delete_threads_past_retention" in names
