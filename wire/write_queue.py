"""Group commit: one thread runs the writes of hot paths, several in each transaction.

SQLite has one writer at a time, and with `synchronous=FULL` each commit waits for the disk. Here
writes that arrive while a transaction is committed share the next one, so that the wait is divided
among them; nobody waits for others to arrive.
"""

import asyncio
import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from django.db import close_old_connections, connection

from wire.transactions import grouped

logger = logging.getLogger(__name__)

R = TypeVar("R")

# A transaction takes no more jobs than that, and none after that time, in seconds.
MAX_JOBS = 64
MAX_SECONDS = 0.02


@dataclass(slots=True)
class _Job:
    work: Callable[[], Any]
    loop: asyncio.AbstractEventLoop
    future: "asyncio.Future[Any]"
    result: Any = None
    error: BaseException | None = None


class WriteQueue:
    """A queue of writes, and the thread that runs them.

    A job must do nothing but read and write in the transaction that it finds: if one of a batch
    fails, all are run again, each in a transaction of its own, so that only the failing one fails.
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
            self._filled.wait()
            self._filled.clear()
            while self._jobs:
                _settle(self._run_batch())

    def _run_batch(self) -> list[_Job]:
        """Runs the jobs that wait, at most `MAX_JOBS`, and commits them."""
        done: list[_Job] = []
        try:
            with grouped():
                deadline = time.monotonic() + MAX_SECONDS
                while self._jobs and len(done) < MAX_JOBS:
                    job = self._jobs.popleft()
                    done.append(job)
                    job.result = job.work()
                    if time.monotonic() > deadline:
                        break
        except Exception as error:
            if len(done) == 1:
                done[0].error = error
                _forget_broken_connection()
            else:
                _run_singly(done)
        return done


def _run_singly(jobs: list[_Job]) -> None:
    for job in jobs:
        try:
            with grouped():
                job.result = job.work()
        except Exception as error:
            job.error = error
            _forget_broken_connection()


def _forget_broken_connection() -> None:
    try:
        close_old_connections()
    except Exception:
        logger.exception("The writer's connection could not be checked")
        connection.close()


def _settle(jobs: list[_Job]) -> None:
    """Hands the results to the event loops, in one step for each loop."""
    by_loop: dict[asyncio.AbstractEventLoop, list[_Job]] = {}
    for job in jobs:
        by_loop.setdefault(job.loop, []).append(job)
    for loop, some in by_loop.items():
        try:
            loop.call_soon_threadsafe(_resolve, some)
        except RuntimeError:
            # The loop was closed meanwhile; nobody waits any more.
            logger.debug("Results of writes were dropped jobs=%d", len(some))


def _resolve(jobs: list[_Job]) -> None:
    for job in jobs:
        if job.future.done():
            continue
        if job.error is not None:
            job.future.set_exception(job.error)
        else:
            job.future.set_result(job.result)
