"""Jobs that one worker at a time runs, each at its own interval."""

import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial

from background import leases
from background.guard import run_guarded

LEASE_MS = 15_000
# A worker that was refused the lease asks again after the shortest interval, within these limits.
_RETRY_MS = (1_000, 60_000)


@dataclass
class Job:
    """Runs every `every_ms` milliseconds; at once again if `run` returns True (more is left)."""

    name: str
    run: Callable[[int], object]
    every_ms: int
    due_ms: int = 0


class LeasedScheduler:
    """Runs jobs at their intervals while it holds their lease.

    The lease is asked for only when a job is due, so an idle scheduler costs no statement.
    """

    def __init__(
        self, lease: str, holder: uuid.UUID, jobs: Iterable[Job], *, source: str = "worker"
    ) -> None:
        self.jobs = tuple(jobs)
        self._lease, self._holder, self._source = lease, holder, source
        self._held_until_ms = self._refused_until_ms = 0
        least, most = _RETRY_MS
        self._retry_ms = max(least, min(most, *(job.every_ms for job in self.jobs)))

    def work(self, at_ms: int, *, most: int | None = None) -> int:
        """Runs the jobs that are due at `at_ms`, at most `most` of them; returns how many ran."""
        due = sorted((job for job in self.jobs if job.due_ms <= at_ms), key=lambda job: job.due_ms)[
            :most
        ]
        if not due or not self._holds_lease(at_ms):
            return 0
        for job in due:
            job.due_ms = at_ms + job.every_ms
            run = partial(job.run, at_ms)
            if run_guarded(run, job=job.name, source=self._source) is True:
                job.due_ms = at_ms
        return len(due)

    def end(self) -> None:
        """Releases the lease, so that another worker continues at once."""
        self._held_until_ms = 0
        leases.release(self._lease, self._holder)

    def _holds_lease(self, at_ms: int) -> bool:
        if self._held_until_ms - at_ms >= LEASE_MS // 2:
            return True
        if at_ms < self._refused_until_ms:
            return False
        renew = partial(leases.hold, self._lease, self._holder, at_ms, for_ms=LEASE_MS)
        if not run_guarded(renew, job=f"lease-{self._lease}", source=self._source):
            self._refused_until_ms = at_ms + self._retry_ms
            return False
        self._held_until_ms = at_ms + LEASE_MS
        return True
