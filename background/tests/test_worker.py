"""Workers as processes: several at once, stopped politely, and killed at any moment."""

import os
import random
import signal
import subprocess
import threading
import time
import uuid
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError, connections
from django.test import override_settings

from background import heartbeat, leases
from background import worker as worker_module
from background.models import Lease, Worker
from background.tests.workers import start_worker, workers
from events.models import LogPosition
from identity.models import Resource
from tests.cast import Person
from tests.waiting import wait_until
from webhooks import deliverer, dispatcher, queue
from webhooks.models import Delivery, DeliveryState, EventSubscription
from webhooks.tests.hooks import PREFIX, Clock, SteppedDeliverer, dispatch, subscribe
from webhooks.tests.receiver import Answer, Received, Receiver, accept, receiving
from wire import telemetry
from wire.times import now_ms

IN_THREAD = [f"{PREFIX}ChatMessageReceivedInThread"]


@pytest.fixture
def receiver() -> Any:
    with receiving() as running:
        yield running


@pytest.fixture
def thread(alice: Person, bob: Person, resource: Resource, receiver: Receiver) -> str:
    """A thread whose messages a subscription wants, one event for each."""
    path = alice.create_thread(bob)
    subscribe(resource, receiver.url, included_event_types=IN_THREAD)
    return path


def all_delivered() -> bool:
    states = set(Delivery.objects.values_list("state", flat=True))
    return states == {DeliveryState.DELIVERED}


def texts(receiver: Receiver) -> Counter[str]:
    return Counter(event["data"]["messageBody"] for event in receiver.events)


def end_leases() -> None:
    """Ends all leases at once, as time does after a worker has died."""
    Lease.objects.update(until_ms=0)
    Delivery.objects.filter(lease__isnull=False, state=DeliveryState.PENDING).update(due_ms=0)


def test_three_workers_deliver_everything_once_and_no_row_is_claimed_twice(
    alice: Person, thread: str, receiver: Receiver, tmp_path: Path
) -> None:
    at_once: Counter[str] = Counter()
    lock = threading.Lock()
    twice: list[str] = []

    def watch(request: Received) -> Answer:
        event_id = request.headers["aeg-output-event-id"]
        with lock:
            at_once[event_id] += 1
            if at_once[event_id] > 1:
                twice.append(event_id)
        time.sleep(0.002)
        with lock:
            at_once[event_id] -= 1
        return 200, {}, b""

    receiver.answer = watch
    with workers(tmp_path, 3):
        wait_until(lambda: Worker.objects.count() == 3)
        for number in range(150):
            alice.send(thread, f"message {number}")
        receiver.wait_for(150, seconds=60)
        wait_until(all_delivered)
    assert twice == []
    assert set(texts(receiver).values()) == {1}
    assert Delivery.objects.filter(attempts=1).count() == 150
    assert sum(Worker.objects.values_list("delivered", flat=True)) == 150


def test_a_worker_that_is_killed_again_and_again_loses_nothing(
    alice: Person, thread: str, receiver: Receiver, tmp_path: Path
) -> None:
    def slowly(request: Received) -> Answer:
        time.sleep(0.01)
        return 200, {}, b""

    receiver.answer = slowly
    chance = random.Random(7)
    sent: list[str] = []
    for life in range(3):
        process = start_worker(tmp_path)
        wait_until(lambda born=life: Worker.objects.count() > born)  # type: ignore[misc]
        end_of_life = time.monotonic() + 0.2 + chance.random()
        while time.monotonic() < end_of_life:
            sent.append(f"message {len(sent)}")
            alice.send(thread, sent[-1])
        process.kill()
        process.wait(10)
        end_leases()
    with workers(tmp_path, 1):
        wait_until(lambda: set(texts(receiver)) == set(sent))
        wait_until(all_delivered)
    assert Delivery.objects.count() == len(sent)
    by_text: dict[str, set[str]] = {}
    for event in receiver.events:
        by_text.setdefault(event["data"]["messageBody"], set()).add(event["id"])
    # Repetitions are allowed, and recognised by the same id.
    assert {len(ids) for ids in by_text.values()} == {1}


@pytest.mark.parametrize("when", ["before the answer", "after the answer"])
def test_a_worker_killed_while_it_delivers_is_succeeded_by_another(
    alice: Person, thread: str, receiver: Receiver, tmp_path: Path, when: str
) -> None:
    victims: list[subprocess.Popen[bytes]] = []

    def kill_first(request: Received) -> Answer:
        if victims:
            victim = victims.pop()
            if when == "before the answer":
                victim.kill()
            else:
                threading.Timer(0.001, victim.kill).start()
        return accept(request)

    receiver.answer = kill_first
    victims.append(start_worker(tmp_path))
    (victim,) = victims
    alice.send(thread, "hello")
    victim.wait(40)
    assert victim.returncode == -signal.SIGKILL
    assert texts(receiver) == {"hello": 1}
    # Before its lease has ended the row belongs to the dead worker.
    assert queue.due_subscriptions(now_ms(), limit=9) == []
    end_leases()
    with workers(tmp_path, 1):
        wait_until(all_delivered)
    assert len({event["id"] for event in receiver.events}) == 1
    assert texts(receiver)["hello"] <= 2


def test_a_crash_between_reading_and_writing_leaves_the_position_where_it_was(
    alice: Person, thread: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Crash(BaseException):
        pass

    def crash(deliveries: object) -> None:
        raise Crash

    alice.send(thread, "hello")
    before = LogPosition.objects.get().cursor
    with monkeypatch.context() as patched:
        patched.setattr(dispatcher, "_save", crash)
        with pytest.raises(Crash):
            dispatch()
    assert LogPosition.objects.get().cursor == before
    assert len(dispatch()) == 1


def test_answers_that_could_not_be_recorded_are_recorded_later(
    alice: Person, thread: str, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    alice.send(thread, "hello")
    dispatch()
    hands = SteppedDeliverer(Clock(now_ms() + 1))
    real = queue.acknowledge
    failures = iter([OSError("busy"), OSError("busy")])

    def busy(*arguments: Any) -> None:
        for failure in failures:
            raise failure
        real(*arguments)

    monkeypatch.setattr(queue, "acknowledge", busy)
    problems = 0
    while not all_delivered():
        try:
            hands.deliver()
        except OSError:
            problems += 1
    assert problems == 2
    assert texts(receiver) == {"hello": 1}


def test_a_lease_that_was_lost_counts_no_more(
    alice: Person, thread: str, receiver: Receiver
) -> None:
    """A worker that slept too long finds that another one has taken over."""
    alice.send(thread, "hello")
    dispatch()
    clock = Clock(now_ms() + 1)
    sleepy, other = SteppedDeliverer(clock), SteppedDeliverer(clock)
    sleepy.deliverer.work()
    sleepy.deliverer.pending.wait(10)
    clock.forward(seconds=queue.LEASE_MS / 1000 + 1)
    receiver.answer = lambda request: (500, {}, b"")
    other.deliver()
    sleepy.deliver()
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.attempts) == (DeliveryState.PENDING, 2)
    assert list(delivery.attempt_set.values_list("number", "status")) == [(2, 500)]


def test_a_polite_stop_gives_back_what_an_endpoint_never_answers(
    alice: Person, thread: str, receiver: Receiver, tmp_path: Path
) -> None:
    stuck = threading.Event()

    def never(request: Received) -> Answer:
        stuck.set()
        time.sleep(25)
        return 200, {}, b""

    receiver.answer = never
    alice.send(thread, "hello")
    with workers(tmp_path, 1):
        assert stuck.wait(40)
        started = time.monotonic()
    assert time.monotonic() - started < 12
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.attempts, delivery.lease) == ("pending", 0, None)
    assert delivery.due_ms <= now_ms()


def test_a_worker_records_that_it_is_alive_and_when_it_stops(
    resource: Resource, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(heartbeat, "IDLE_MS", 50)
    with override_settings(WORKER_PARTS=()):
        running = worker_module.Worker()
    running.start()
    try:
        wait_until(Worker.objects.exists)
        worker = Worker.objects.get()
        assert worker.name.endswith(f":{os.getpid()}")
        assert worker.stopped_ms is None
        wait_until(lambda: Worker.objects.get().seen_ms > worker.seen_ms)
    finally:
        running.stop()
    assert (Worker.objects.get().stopped_ms or 0) > worker.seen_ms
    assert not [record for record in caplog.records if record.exc_info]


def test_a_database_error_in_the_worker_is_counted_and_the_worker_continues(
    resource: Resource, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted: list[str] = []

    def refuse(*arguments: Any) -> None:
        raise OperationalError("the disk is full")

    monkeypatch.setattr(
        telemetry, "count", lambda metric, **of: counted.append(f"{metric} {of['Source']}")
    )
    monkeypatch.setattr(deliverer.Deliverer, "work", refuse)
    with override_settings(WORKER_PARTS=["webhooks.worker_part.WebhooksPart"]):
        running = worker_module.Worker()
    running.start()
    try:
        wait_until(lambda: len(counted) > 1)
        wait_until(lambda: "the disk is full" in Worker.objects.get().last_error)
    finally:
        running.stop()
    assert set(counted) == {"StorageErrors worker"}


def test_one_slow_endpoint_does_not_hold_up_others(
    alice: Person, thread: str, receiver: Receiver, resource: Resource, tmp_path: Path
) -> None:
    release = threading.Event()

    def slow(request: Received) -> Answer:
        release.wait(20)
        return 200, {}, b""

    with receiving(slow) as molasses:
        for number in range(5):
            subscribe(resource, molasses.url, name=f"slow-{number}", included_event_types=IN_THREAD)
        with workers(tmp_path, 1):
            wait_until(Worker.objects.exists)
            for number in range(100):
                alice.send(thread, f"message {number}")
            started = time.monotonic()
            receiver.wait_for(100, seconds=20)
            assert time.monotonic() - started < 15
            assert len(molasses.notifications) == 0
            release.set()
            molasses.wait_for(500, seconds=30)


def test_of_several_contenders_one_holds_a_lease(resource: Resource) -> None:
    contenders = [uuid.uuid4() for _ in range(6)]
    held: list[int] = []
    stop = time.monotonic() + 1
    lock = threading.Lock()
    ends: dict[uuid.UUID, int] = {}
    overlaps: list[str] = []

    def contend(me: uuid.UUID) -> None:
        try:
            while time.monotonic() < stop:
                # Counted in: a lease that was taken late ends as early as it says.
                asked = now_ms()
                if leases.hold("test", me, asked, for_ms=100):
                    with lock:
                        others = [e for who, e in ends.items() if who != me and e >= asked]
                        overlaps.extend(map(str, others))
                        ends[me] = asked + 100
                        held.append(1)
                    time.sleep(0.15 if random.random() < 0.3 else 0.01)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=contend, args=(me,)) for me in contenders]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert overlaps == []
    assert len(held) > 10 and len(ends) > 1


def test_a_lease_that_was_released_is_free_at_once(resource: Resource) -> None:
    one, other = uuid.uuid4(), uuid.uuid4()
    assert leases.hold("test", one, 1000, for_ms=10_000)
    assert not leases.hold("test", other, 1001, for_ms=10_000)
    assert leases.hold("test", one, 1002, for_ms=10_000)
    leases.release("test", other)
    assert not leases.hold("test", other, 1003, for_ms=10_000)
    leases.release("test", one)
    assert leases.hold("test", other, 1004, for_ms=10_000)


def test_subscriptions_take_turns(alice: Person, thread: str, resource: Resource) -> None:
    for number in range(4):
        subscribe(resource, "http://127.0.0.1:9/", name=f"hook-{number}")
    alice.send(thread)
    dispatch()
    keys = list(EventSubscription.objects.order_by("pk").values_list("pk", flat=True))
    moment = now_ms() + 1

    def due(after: int, limit: int, without: tuple[int, ...] = ()) -> list[int]:
        found = queue.due_subscriptions(moment, limit=limit, after=after, without=without)
        return [subscription.pk for subscription in found]

    assert due(0, 3) == keys[:3]
    assert due(keys[2], 3) == [keys[3], keys[4], keys[0]]
    assert due(keys[4], 9, without=(keys[1],)) == [keys[0], *keys[2:]]
