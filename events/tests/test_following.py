"""Readers of the event log see every event once, however late its transaction commits."""

import random
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, connections, transaction

from events import following
from events.catalogue import ReadReceiptReceived
from events.following import Cursor, end, read_after
from events.models import Event
from events.publish import publish
from identity.models import Resource
from tests.cast import Person


def write(resource: Resource, thread: str = "19:a@thread.v2", sequence: int | None = None) -> int:
    """The id of a new event; it belongs to the transaction that runs."""
    if sequence is None:
        sequence = Event.objects.filter(thread_id=thread).count() + 1
    event = ReadReceiptReceived(
        resource_id=resource.id,
        thread_id=thread,
        sequence=sequence,
        at_ms=1,
        initiator=None,
        message_id=1,
    )
    row = Event.of(event)
    row.save(force_insert=True)
    return row.id


def ids_after(cursor: Cursor, limit: int = 100) -> tuple[list[int], Cursor]:
    events, cursor = read_after(cursor, limit)
    return [event.id for event in events], cursor


def without_gaps(cursor: Cursor) -> Cursor:
    """The cursor once it waits for nothing; transactions of other test processes count as well."""
    deadline = time.monotonic() + 30
    while cursor.awaited:
        assert time.monotonic() < deadline
        found, cursor = ids_after(cursor)
        assert found == []
    return cursor


class Writer:
    """A transaction in a thread of its own that does what it is told, when it is told."""

    def __init__(self, resource: Resource, thread: str) -> None:
        self._resource, self._thread = resource, thread
        self._pool = ThreadPoolExecutor(1)
        self._pool.submit(lambda: transaction.set_autocommit(False)).result(10)

    def write(self, sequence: int = 1) -> int:
        return self._pool.submit(write, self._resource, self._thread, sequence).result(10)

    def commit(self) -> None:
        self._pool.submit(transaction.commit).result(10)

    def rollback(self) -> None:
        self._pool.submit(transaction.rollback).result(10)

    def close(self) -> None:
        self._pool.submit(connections.close_all).result(10)
        self._pool.shutdown()


@pytest.fixture
def writers(resource: Resource) -> Iterator[list[Writer]]:
    """Three transactions that have begun."""
    several = [Writer(resource, f"19:{name}@thread.v2") for name in ("x", "y", "z")]
    yield several
    for writer in several:
        writer.close()


def test_a_walk_returns_every_event_once_in_the_order_of_the_log(
    alice: Person, bob: Person
) -> None:
    cursor = end()
    thread = alice.create_thread(bob)
    for number in range(5):
        alice.send(thread, f"message {number}")
    first, cursor = read_after(cursor, limit=4)
    second, cursor = read_after(cursor, limit=4)
    assert [event.sequence for event in first] == [1, 2, 3, 4]
    assert [event.sequence for event in second] == [5, 6]
    assert ids_after(cursor, limit=4)[0] == []


def test_the_end_of_the_log_is_behind_all_that_happened(alice: Person) -> None:
    alice.create_thread()
    cursor = end()
    assert ids_after(cursor)[0] == []
    thread = alice.create_thread()
    events, _ = read_after(cursor, 10)
    assert [event.thread_id for event in events] == [thread.rpartition("/")[2]]


def test_a_cursor_survives_as_text(resource: Resource) -> None:
    cursor = Cursor(90, (following.Awaited(7, 7, 1000), following.Awaited(80, 89, 1001)))
    assert Cursor.parse(str(cursor)) == cursor
    assert Cursor.parse(str(Cursor(12))) == Cursor(12)


@pytest.mark.parametrize("text", ["", "x", "-1", "1_", "9_1-2", "9_3-2-5", "9_3-10-5", "١", "1\n"])
def test_a_text_that_is_no_cursor_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        Cursor.parse(text)


@pytest.mark.postgresql
def test_an_event_that_commits_after_a_later_one_is_not_skipped(writers: list[Writer]) -> None:
    cursor = end()
    late, quick = writers[0].write(), writers[1].write()
    writers[1].commit()
    found, cursor = ids_after(cursor)
    assert found == [quick]
    assert ids_after(cursor)[0] == []
    writers[0].commit()
    found, cursor = ids_after(cursor)
    assert found == [late]
    assert ids_after(cursor)[0] == []


@pytest.mark.postgresql
def test_the_end_of_the_log_is_before_events_that_are_being_written(writers: list[Writer]) -> None:
    late, _ = writers[0].write(), writers[1].write()
    writers[1].commit()
    cursor = Cursor.parse(str(end()))
    writers[0].commit()
    assert ids_after(cursor)[0] == [late]


@pytest.mark.postgresql
def test_ids_that_were_rolled_back_are_forgotten(writers: list[Writer]) -> None:
    cursor = end()
    writers[0].write()
    later = writers[1].write()
    writers[1].commit()
    found, cursor = ids_after(cursor)
    assert found == [later]
    assert later - 1 in [gap.last for gap in cursor.awaited]
    writers[0].rollback()
    assert without_gaps(cursor) == Cursor(later)


@pytest.mark.postgresql
def test_a_long_transaction_does_not_delay_other_events(writers: list[Writer]) -> None:
    cursor = end()
    slow = writers[0].write()
    for sequence in (1, 2, 3):
        quick = writers[1].write(sequence)
        writers[1].commit()
        found, cursor = ids_after(cursor)
        assert found == [quick]
    writers[0].commit()
    assert ids_after(cursor)[0] == [slow]


@pytest.mark.postgresql
def test_ids_of_a_gap_may_come_one_by_one(writers: list[Writer]) -> None:
    cursor = end()
    first, second, third = writers[0].write(), writers[1].write(), writers[2].write()
    writers[2].commit()
    assert (ids := ids_after(cursor))[0] == [third]
    writers[1].commit()
    assert (ids := ids_after(ids[1]))[0] == [second]
    writers[0].commit()
    assert (ids := ids_after(ids[1]))[0] == [first]
    assert ids_after(ids[1])[0] == []


@pytest.mark.postgresql
def test_a_read_that_stops_at_its_limit_keeps_what_it_did_not_look_at(
    writers: list[Writer],
) -> None:
    cursor = end()
    first = [writers[0].write(1), writers[0].write(2), writers[0].write(3)]
    last = writers[1].write()
    writers[1].commit()
    found, cursor = ids_after(cursor)
    assert found == [last]
    writers[0].commit()
    for expected in first:
        found, cursor = ids_after(cursor, limit=1)
        assert found == [expected]
    assert ids_after(cursor)[0] == []


@pytest.mark.postgresql
def test_a_cursor_waits_rather_than_grow_without_bounds(
    writers: list[Writer], monkeypatch: pytest.MonkeyPatch
) -> None:
    cursor = without_gaps(Cursor(end().last_id))
    monkeypatch.setattr(following, "_MOST_AWAITED", 2)
    expected = []
    for sequence in range(1, 6):
        expected += [writers[0].write(sequence), writers[1].write(sequence)]
    writers[1].commit()
    found, cursor = ids_after(cursor)
    assert found == [expected[1], expected[3]]
    assert len(cursor.awaited) == 2
    writers[0].commit()
    more, cursor = ids_after(cursor)
    assert sorted(found + more) == expected
    assert ids_after(cursor)[0] == []


@pytest.mark.postgresql
def test_concurrent_writers_lose_nothing_and_every_thread_keeps_its_order(
    resource: Resource,
) -> None:
    """Writers that dawdle between taking an id and committing, and now and then give up."""
    cursor, naive_last, naive = end(), end().last_id, 0
    written: list[int] = []
    seen: list[Event] = []
    done = threading.Event()

    def work(number: int) -> None:
        chance = random.Random(number)
        sequence = 0
        try:
            for _ in range(40):
                with transaction.atomic():
                    # As services do: the thread's row first.
                    connection.cursor().execute("SELECT pg_current_xact_id()")
                    new = [
                        write(resource, f"19:{number}@thread.v2", sequence + more)
                        for more in range(1, chance.randint(1, 3) + 1)
                    ]
                    time.sleep(chance.random() * 0.01)
                    if chance.random() < 0.2:
                        transaction.set_rollback(True)
                        continue
                written.extend(new)
                sequence += len(new)
        finally:
            connections.close_all()

    def writing() -> None:
        with ThreadPoolExecutor(6) as pool:
            list(pool.map(work, range(6)))
        done.set()

    writer = threading.Thread(target=writing)
    writer.start()
    is_last_round = False
    while not is_last_round:
        is_last_round = done.is_set()
        # What a reader that trusts the order of ids would count.
        fresh = Event.objects.filter(id__gt=naive_last).order_by("id").values_list("id", flat=True)
        naive += len(ids := list(fresh))
        naive_last = ids[-1] if ids else naive_last
        while True:
            events, cursor = read_after(Cursor.parse(str(cursor)), limit=7)
            seen += events
            if len(events) < 7:
                break
    writer.join()
    assert sorted(written) == sorted(event.id for event in seen)
    assert naive < len(written)
    for number in range(6):
        of_thread = [e.sequence for e in seen if e.thread_id == f"19:{number}@thread.v2"]
        assert of_thread == list(range(1, len(of_thread) + 1))
    assert without_gaps(cursor).awaited == ()


def test_publishing_outside_a_service_is_read_like_any_other(resource: Resource) -> None:
    cursor = end()
    with transaction.atomic():
        publish(
            ReadReceiptReceived(
                resource_id=resource.id,
                thread_id="19:a@thread.v2",
                sequence=1,
                at_ms=1,
                initiator="8:acs:somebody",
                message_id=1,
            )
        )
    events, _ = read_after(cursor, 10)
    assert [event.event().initiator for event in events] == ["8:acs:somebody"]
