"""What the sweeps delete, and what they keep."""

import uuid

import pytest
from django.conf import settings
from django.test import override_settings

from background import sweeps
from background.activity import activity
from background.models import Worker
from background.sweeps import DAY_MS, Sweeper
from events import following
from events.models import Event
from events.sweeps import prune_event_log
from identity.models import Resource
from tests.cast import Person
from webhooks.models import Delivery, DeliveryState, EventSubscription
from webhooks.sweeps import delete_expired_subscriptions, prune_dead_letters, prune_delivered
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
    assert prune_event_log(now) == 2
    # An old one behind a young one stays until it is at the beginning.
    assert list(Event.objects.order_by("id").values_list("id", flat=True)) == ids[2:]


def test_the_log_is_kept_as_long_as_the_setting_says(alice: Person, thread: str) -> None:
    now = now_ms()
    Event.objects.update(at_ms=now - 8 * DAY_MS)
    with override_settings(CHATSITE_EVENT_LOG_DAYS=9):
        assert prune_event_log(now) == 0
    assert prune_event_log(now) == 1


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
    assert prune_delivered(now + DAY_MS - 1) == 0
    assert prune_delivered(now + DAY_MS) == 1
    assert prune_dead_letters(now + 30 * DAY_MS - 1) == 0
    assert prune_dead_letters(now + 30 * DAY_MS) == 1
    left = set(Delivery.objects.values_list("pk", flat=True))
    assert pending.pk in left and len(left) == 2


def test_with_zero_days_delivered_events_are_deleted_at_once(
    alice: Person, thread: str, resource: Resource
) -> None:
    subscribe(resource, URL)
    alice.send(thread)
    dispatch()
    now = now_ms()
    Delivery.objects.update(state=DeliveryState.DELIVERED, finished_ms=now)
    with override_settings(CHATSITE_DELIVERED_DAYS=0):
        assert prune_delivered(now) == 2


def test_a_subscription_is_retired_a_day_after_its_end(
    resource: Resource, alice: Person, thread: str
) -> None:
    subscription = subscribe(resource, URL, expires_ms=now_ms() + 60_000)
    alice.send(thread)
    dispatch()
    assert delete_expired_subscriptions(now_ms() + DAY_MS) == 0
    assert delete_expired_subscriptions(now_ms() + 2 * DAY_MS) == 1
    assert not EventSubscription.objects.filter(pk=subscription.pk).exists()
    assert not Delivery.objects.exists()


def test_workers_that_are_no_more_are_forgotten(resource: Resource) -> None:
    now = now_ms()
    Worker.objects.create(name="old", seen_ms=now - 2 * DAY_MS)
    Worker.objects.create(name="new", seen_ms=now)
    sweeps.forget_workers(now)
    assert [worker.name for worker in Worker.objects.all()] == ["new"]


# Sweeps of the tests: what they found, and which of them were called.
found = {"much": 0, "little": 0}
called: list[str] = []


def sweep_much(now: int) -> int:
    called.append("much")
    return found["much"]


def sweep_little(now: int) -> int:
    called.append("little")
    return found["little"]


def sweep_broken(now: int) -> int:
    raise ValueError("broken")


def sweeper(**intervals: int) -> Sweeper:
    called.clear()
    paths = {f"{__name__}.sweep_{name}": every_ms for name, every_ms in intervals.items()}
    return Sweeper(uuid.uuid4(), paths)


@pytest.fixture
def busy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(activity, "last_ms", now_ms() + DAY_MS)


def test_each_sweep_has_its_interval_and_one_that_found_much_runs_again_at_once(
    resource: Resource, busy: None
) -> None:
    found.update(much=sweeps.SLICE, little=1)
    running = sweeper(much=60_000, little=60_000)
    running.work(1000)
    running.work(1001)
    found["much"] = 0
    running.work(1002)
    running.work(1003)
    assert called == ["much", "little", "much", "much"]
    running.work(62_000)
    assert sorted(called[4:]) == ["little", "much"]


def test_while_nothing_happens_one_sweep_at_a_time_runs(
    resource: Resource, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(activity, "last_ms", 0)
    found.update(much=0, little=0)
    running = sweeper(much=1000, little=1000)
    for minute in range(9):
        running.work(DAY_MS + minute * 60_000)
    assert called == ["much", "little", "much"]


def test_one_sweep_that_fails_does_not_stop_the_others(resource: Resource, busy: None) -> None:
    sweeper(broken=60_000, little=60_000).work(1000)
    assert called == ["little"]


def test_the_sweeps_of_all_rooms_run(
    resource: Resource, busy: None, caplog: pytest.LogCaptureFixture
) -> None:
    assert Sweeper(uuid.uuid4()).work(now_ms()) == len(settings.SWEEPS) > 10
    assert not caplog.records
