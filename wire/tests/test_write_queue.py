"""Writes of several requests in one transaction: each succeeds or fails for itself."""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import DatabaseError, IntegrityError, connection, connections

from identity.models import Resource
from wire import write_queue
from wire.transactions import OutcomeUnknown, is_grouped, unit_of_work
from wire.write_queue import Batched, WriteQueue

pytestmark = pytest.mark.django_db(transaction=True)


def add(name: str) -> str:
    """A job that writes one row, whose name must be unique."""
    with unit_of_work():
        Resource.objects.create(name=name)
    return name


def names() -> set[str]:
    return set(Resource.objects.values_list("name", flat=True))


class Blocked:
    """Holds the writer's thread, so that the jobs that follow wait and make a batch."""

    def __init__(self, queue: WriteQueue) -> None:
        self._queue, self._go = queue, threading.Event()
        self._running = threading.Event()

    def _work(self) -> None:
        self._running.set()
        assert self._go.wait(10)

    async def then(self, *jobs: Callable[[], Any]) -> list[Any]:
        """What the jobs return or raise, if they come while the thread is busy."""
        loop = asyncio.get_running_loop()
        first = asyncio.ensure_future(self._queue.run(self._work))
        await loop.run_in_executor(None, self._running.wait, 10)
        waiting = [asyncio.ensure_future(self._queue.run(job)) for job in jobs]
        await asyncio.sleep(0)
        self._go.set()
        await first
        return await asyncio.gather(*waiting, return_exceptions=True)


@pytest.fixture
def run() -> Callable[..., list[Any]]:
    """Runs jobs that make one batch."""

    def run_batch(*jobs: Callable[[], Any]) -> list[Any]:
        queue = WriteQueue("test-writer")

        async def main() -> list[Any]:
            try:
                return await Blocked(queue).then(*jobs)
            finally:
                await queue.run(lambda: connection.close())

        return asyncio.run(main())

    return run_batch


def test_a_failing_job_does_not_take_its_batch_with_it(run: Any) -> None:
    first, failing, last = run(lambda: add("first"), lambda: add("first"), lambda: add("last"))
    assert (first, last) == ("first", "last")
    assert isinstance(failing, IntegrityError | ValidationError)
    assert names() == {"first", "last"}


def test_a_job_that_raises_fails_alone_and_writes_nothing(run: Any) -> None:
    def fail() -> None:
        with unit_of_work():
            Resource.objects.create(name="half")
            raise KeyError("broken")

    before, failing, after = run(lambda: add("before"), fail, lambda: add("after"))
    assert (before, after) == ("before", "after")
    assert isinstance(failing, KeyError)
    assert names() == {"before", "after"}


def test_jobs_run_in_the_order_in_which_they_came(run: Any) -> None:
    order: list[int] = []
    run(*(lambda number=number: order.append(number) for number in range(150)))
    assert order == list(range(150))


def test_alike_work_is_done_together_and_no_more_than_a_batch_at_once(
    run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(write_queue, "MAX_JOBS", 10)
    sizes: list[int] = []

    def double(items: Sequence[int]) -> list[int]:
        assert is_grouped()
        sizes.append(len(items))
        return [2 * item for item in items]

    results = run(*(Batched(double, number) for number in range(25)))
    assert results == [2 * number for number in range(25)]
    assert sizes == [10, 10, 5]


def test_work_of_a_batch_that_fails_is_done_singly(run: Any) -> None:
    def invert(items: Sequence[int]) -> list[float]:
        return [1 / item for item in items]

    half, failing, quarter = run(*(Batched(invert, number) for number in (2, 0, 4)))
    assert (half, quarter) == (0.5, 0.25)
    assert isinstance(failing, ZeroDivisionError)


def test_work_whose_outcome_is_unknown_is_not_repeated(run: Any) -> None:
    calls: list[int] = []

    def lose_connection(items: Sequence[int]) -> list[int]:
        calls.append(len(items))
        raise OutcomeUnknown

    results = run(*(Batched(lose_connection, number) for number in range(3)))
    assert all(isinstance(result, OutcomeUnknown) for result in results)
    assert calls == [3]


@pytest.mark.skipif("connection.vendor != 'sqlite'")
def test_a_commit_that_fails_is_reported_to_each_job(
    run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(self: Any) -> None:
        raise DatabaseError("disk full")

    def break_commit() -> None:
        monkeypatch.setattr(type(connections["default"]), "_commit", fail)

    results = run(break_commit, lambda: add("lost"))
    monkeypatch.undo()
    assert all(isinstance(result, DatabaseError) for result in results)
    assert names() == set()
    assert run(lambda: add("later")) == ["later"]


def test_a_request_that_was_cancelled_writes_nothing() -> None:
    queue = WriteQueue("test-writer")

    async def main() -> None:
        go = threading.Event()
        first = asyncio.ensure_future(queue.run(lambda: go.wait(10)))
        cancelled = asyncio.ensure_future(queue.run(lambda: add("cancelled")))
        await asyncio.sleep(0)
        cancelled.cancel()
        await asyncio.sleep(0)
        go.set()
        assert await first
        await queue.run(lambda: connection.close())

    asyncio.run(main())
    assert names() == set()


def test_every_event_loop_gets_its_own_results_and_a_closed_one_hinders_nobody() -> None:
    queue = WriteQueue("test-writer")
    results: dict[int, int] = {}
    go, started = threading.Event(), threading.Event()

    def slow() -> None:
        started.set()
        assert go.wait(10)

    async def leave() -> None:
        abandoned = asyncio.ensure_future(queue.run(slow))
        await asyncio.get_running_loop().run_in_executor(None, started.wait, 10)
        abandoned.cancel()

    def in_a_loop(number: int) -> None:
        async def main() -> int:
            return await queue.run(lambda: number)

        results[number] = asyncio.run(main())

    asyncio.run(leave())
    threads = [threading.Thread(target=in_a_loop, args=(number,)) for number in range(5)]
    for thread in threads:
        thread.start()
    go.set()
    for thread in threads:
        thread.join(10)
    assert results == {number: number for number in range(5)}
    asyncio.run(_run(queue, lambda: connection.close()))


async def _run(queue: WriteQueue, job: Callable[[], Any]) -> None:
    waiting: Awaitable[Any] = queue.run(job)
    await waiting
