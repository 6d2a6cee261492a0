"""The hub: when subscribers are admitted, and what it keeps in memory."""

import asyncio
import threading
from typing import Any

import pytest

from events.following import Cursor, end, read_after
from events.models import Event
from live import event_log, hub
from live.tests.clients import act, stream_of, texts, types, until
from tests.cast import Person

pytestmark = pytest.mark.django_db(transaction=True)


class SlowReading:
    """Holds up a read of the log that has its rows already, until `go_on`."""

    def __init__(self) -> None:
        self.is_reached, self._may_go = threading.Event(), threading.Event()

    def __call__(self, cursor: Cursor, limit: int) -> tuple[list[Event], Cursor]:
        """What `event_log.read_after` does."""
        found = read_after(cursor, limit)
        if not self._may_go.is_set():
            self.is_reached.set()
            assert self._may_go.wait(10)
        return found

    def go_on(self) -> None:
        self._may_go.set()


async def test_a_client_that_is_ahead_of_this_process_receives_nothing_twice(
    alice: Person, bob: Person, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    thread = await act(alice.create_thread, bob)
    witness = stream_of(bob)
    await witness.start()
    # As if everything happened in another process, without any notification.
    settings.EVENT_SINKS = []
    here, slow = hub.get_hub(), SlowReading()
    monkeypatch.setattr(event_log, "read_after", slow)
    here.wake()
    await asyncio.to_thread(slow.is_reached.wait, 10)
    await act(alice.send, thread, "received elsewhere")
    cursor = await act(lambda: str(end()))
    stream = stream_of(bob, f"?after={cursor}")
    opening = asyncio.create_task(stream.start())
    await until(lambda: bool(here._joining))
    slow.go_on()
    assert (await opening)["recovered"] is True
    assert texts(await witness.events(1)) == ["received elsewhere"]
    await act(alice.send, thread, "new")
    here.wake()
    assert texts(await stream.events(1)) == ["new"]
    await witness.close()
    await stream.close()


async def test_events_scheduled_for_earlier_subscribers_do_not_reach_later_ones(
    alice: Person, bob: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The loop does something else after each event that it passes on.
    monkeypatch.setattr(hub, "MAX_LOOP_SECONDS", -1.0)
    thread = await act(alice.create_thread, bob)
    early = stream_of(bob)
    connected = await early.start()
    for number in range(hub.MAX_INLINE_EVENTS + 1):
        await act(alice.send, thread, f"{number}")
    await early.events(hub.MAX_INLINE_EVENTS + 1)
    await early.close()
    here = hub.get_hub()
    # Read for `early`, and passed on only when the loop has time.
    start = Cursor.parse(connected["id"])
    rows, place = await act(read_after, start, hub.BATCH_SIZE)
    here._read_to = None
    for _ in range(500):
        here._take(hub._Batch(event_log.entries(start, place, rows), place))
    late = stream_of(bob)
    # While another transaction runs, PostgreSQL makes the same place look like another one.
    assert Cursor.parse((await late.start())["id"]).last_id == place.last_id
    assert await late.receives_nothing_before_a_thread_of(bob)
    await late.close()


async def test_a_failure_while_a_subscriber_is_admitted_only_delays_it(
    alice: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub, "POLL_SECONDS", 0.05)
    monkeypatch.setattr(hub, "RETRY_SECONDS", 0.0)
    failures = [RuntimeError(), RuntimeError()]
    memberships_of = event_log.memberships_of

    def fail_at_first(users: set[int]) -> Any:
        if failures:
            raise failures.pop()
        return memberships_of(users)

    monkeypatch.setattr(event_log, "memberships_of", fail_at_first)
    stream = stream_of(alice)
    await stream.start()
    assert not failures
    await act(alice.create_thread)
    assert types(await stream.events(1)) == ["chatThreadCreated"]
    await stream.close()


async def test_deleted_threads_leave_the_memory(
    alice: Person, bob: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    thread = await act(alice.create_thread, bob)
    stream = stream_of(bob)
    await stream.start()
    await act(alice.delete, thread)
    assert types(await stream.events(1)) == ["chatThreadDeleted"]
    index = hub.get_hub().index
    assert not index.threads and not index.members[bob.id].memberships
    await stream.close()
    assert await act(event_log.memberships_of, {bob.user.pk}) != {bob.user.pk: {}}
    monkeypatch.setattr(event_log, "_RECENT_MS", -1000)
    assert await act(event_log.memberships_of, {bob.user.pk}) == {bob.user.pk: {}}
