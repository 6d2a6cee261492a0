"""Group commit: one thread runs the writes of hot paths, several in each transaction.

SQLite has one writer at a time, and with `synchronous=FULL` each commit waits for the disk. On
PostgreSQL each statement waits for the network. Here writes that arrive while others are being
written share the next transaction, or pipeline, so that the wait is divided among them; no write
waits for others to arrive.
"""

import asyncio
import logging
import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Generic, TypeVar

from django.db import connection

from wire.transactions import (
    OutcomeUnknown,
    give_up_connection,
    grouped,
    shares_transactions,
)

logger = logging.getLogger(__name__)

T = TypeVar("T")
R = TypeVar("R")

# The most jobs in one transaction: a few milliseconds of work.
MAX_JOBS = 64

# After this many seconds without a job, the thread closes its connection, on databases whose
# idle connections can break.
IDLE_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Batched(Generic[T, R]):
    """Work that can be done together with other work of the same function.

    `function` returns a result for each item, in order. If it raises, nothing has been written.
    """

    function: Callable[[Sequence[T]], Sequence[R]]
    item: T

    def __call__(self) -> R:
        """Does this work alone."""
        return self.function([self.item])[0]


@dataclass(slots=True)
class _Job:
    work: Callable[[], Any]
    loop: asyncio.AbstractEventLoop
    future: "asyncio.Future[Any]"
    result: Any = None
    error: BaseException | None = None


class WriteQueue:
    """A queue of writes, and the thread that runs them.

    A job must only read and write in the current transaction: if one of a batch fails, all are run
    again, each in a transaction of its own, so that only the failing one fails.
    """

    def __init__(self, name: str = "writer") -> None:
        self._name = name
        self._jobs: deque[_Job] = deque()
        self._filled = threading.Event()
        self._starting = threading.Lock()
        self._thread: threading.Thread | None = None

    async def run(self, work: Callable[[], R]) -> R:
        """What `work` returns, once its transaction is committed. Raises what it raises."""
        loop = asyncio.get_running_loop()
        job = _Job(work, loop, loop.create_future())
        self._jobs.append(job)
        self._filled.set()
        if self._thread is None:
            self._start()
        result: R = await job.future
        return result

    def _start(self) -> None:
        with self._starting:
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._work_forever, name=self._name, daemon=True
                )
                self._thread.start()

    def _work_forever(self) -> None:
        while True:
            if not self._filled.wait(IDLE_SECONDS):
                _close_idle_connection()
                self._filled.wait()
            self._filled.clear()
            while jobs := self._take():
                for unit in _units(jobs):
                    _run_together(unit)
                _settle(jobs)

    def _take(self) -> list[_Job]:
        """The waiting jobs, at most `MAX_JOBS`, without cancelled ones."""
        jobs: list[_Job] = []
        while self._jobs and len(jobs) < MAX_JOBS:
            job = self._jobs.popleft()
            if not job.future.cancelled():
                jobs.append(job)
        return jobs


def _units(jobs: list[_Job]) -> list[list[_Job]]:
    """The jobs in their order, divided into those that succeed or fail together."""
    if shares_transactions():
        return [jobs]
    return [list(some) for _, some in groupby(jobs, lambda job: _function_of(job) or id(job))]


def _function_of(job: _Job) -> Any:
    return job.work.function if isinstance(job.work, Batched) else None


def _run_together(jobs: list[_Job]) -> None:
    try:
        with grouped():
            for function, some in groupby(jobs, _function_of):
                _run_alike(function, list(some))
    except Exception as error:
        # The connection itself may have failed.
        _close_connection()
        if len(jobs) == 1 or isinstance(error, OutcomeUnknown):
            for job in jobs:
                job.error = error
        else:
            for job in jobs:
                job.result = None
                _run_together([job])


def _run_alike(function: Callable[[Sequence[Any]], Sequence[Any]] | None, jobs: list[_Job]) -> None:
    if function is None:
        for job in jobs:
            job.result = job.work()
        return
    results = function([job.work.item for job in jobs])  # type: ignore[attr-defined]
    for job, result in zip(jobs, results, strict=True):
        job.result = result


def _close_idle_connection() -> None:
    if connection.vendor != "sqlite":
        _close_connection()


def _close_connection() -> None:
    try:
        give_up_connection()
    except Exception:
        logger.exception("The writer's connection could not be closed")


def _settle(jobs: list[_Job]) -> None:
    """Hands the results to the event loops, in one step for each loop."""
    by_loop: dict[asyncio.AbstractEventLoop, list[_Job]] = {}
    for job in jobs:
        by_loop.setdefault(job.loop, []).append(job)
    for loop, some in by_loop.items():
        try:
            loop.call_soon_threadsafe(_resolve, some)
        except RuntimeError:
            # The loop was closed meanwhile; there is no caller left.
            logger.debug("Results of writes were dropped jobs=%d", len(some))


def _resolve(jobs: list[_Job]) -> None:
    for job in jobs:
        if job.future.done():
            continue
        if job.error is not None:
            job.future.set_exception(job.error)
        else:
            job.future.set_result(job.result)
