"""Of several workers one runs the jobs, and another one takes over when it is gone."""

import uuid
from typing import Any

import pytest
from django.db import DatabaseError

from background.scheduler import LEASE_MS, Job, LeasedScheduler
from identity.models import Resource
from monitoring.tests.samples import NOON

SECOND = 1000


class Diary:
    """Two workers with the same two jobs, and when they ran them, in seconds after noon."""

    def __init__(self) -> None:
        self.done: list[tuple[str, str, int]] = []
        self.first, self.second = self._scheduler("first"), self._scheduler("second")

    def _scheduler(self, who: str) -> LeasedScheduler:
        def job(name: str, every_ms: int) -> Job:
            def run(at_ms: int) -> None:
                self.done.append((who, name, (at_ms - NOON) // SECOND))

            return Job(name, run, every_ms)

        jobs = (job("often", 2 * SECOND), job("seldom", 5 * SECOND))
        return LeasedScheduler("test", uuid.uuid4(), jobs)


@pytest.fixture
def diary(resource: Resource) -> Diary:
    return Diary()


def test_one_worker_runs_each_job_at_its_interval(diary: Diary) -> None:
    for second in range(7):
        diary.first.work(NOON + second * SECOND)
        diary.second.work(NOON + second * SECOND)
    assert diary.done == [
        ("first", "often", 0),
        ("first", "seldom", 0),
        ("first", "often", 2),
        ("first", "often", 4),
        ("first", "seldom", 5),
        ("first", "often", 6),
    ]


def test_another_worker_takes_over_after_the_first_was_killed(diary: Diary) -> None:
    diary.first.work(NOON)
    for at_ms in range(NOON, NOON + LEASE_MS + 2 * SECOND, SECOND):
        diary.second.work(at_ms)
    began = [second for who, _, second in diary.done if who == "second"]
    assert began[0] == LEASE_MS // SECOND + 1
    # If the first was only suspended, it runs nothing any more.
    diary.done.clear()
    diary.first.work(NOON + LEASE_MS + 2 * SECOND)
    assert diary.done == []


def test_another_worker_takes_over_at_once_after_the_first_was_stopped(diary: Diary) -> None:
    diary.first.work(NOON)
    diary.first.end()
    diary.second.work(NOON + SECOND)
    assert diary.done[-1] == ("second", "seldom", 1)


@pytest.mark.parametrize("problem", [DatabaseError, ValueError])
def test_a_job_that_fails_does_not_stop_the_others(
    resource: Resource, problem: type[Exception]
) -> None:
    done: list[int] = []

    def broken(at_ms: int) -> None:
        raise problem

    jobs = (Job("broken", broken, 0), Job("fine", done.append, 0))
    scheduler = LeasedScheduler("test", uuid.uuid4(), jobs)
    scheduler.work(NOON)
    scheduler.work(NOON + SECOND)
    assert done == [NOON, NOON + SECOND]


def test_without_a_due_job_the_lease_is_not_asked_for(
    resource: Resource, django_assert_num_queries: Any
) -> None:
    scheduler = LeasedScheduler(
        "test", uuid.uuid4(), [Job("rare", lambda at_ms: None, 60 * SECOND)]
    )
    scheduler.work(NOON)
    with django_assert_num_queries(0):
        scheduler.work(NOON + 59 * SECOND)
    with django_assert_num_queries(1):
        scheduler.work(NOON + 60 * SECOND)


def test_of_many_due_jobs_only_the_most_overdue_ones_run(resource: Resource) -> None:
    ran: list[str] = []

    def job(name: str) -> Job:
        return Job(name, lambda at_ms: ran.append(name), SECOND)

    scheduler = LeasedScheduler("test", uuid.uuid4(), [job("a"), job("b"), job("c")])
    for second in range(4):
        scheduler.work(NOON + second * SECOND, most=1)
    assert ran == ["a", "b", "c", "a"]
