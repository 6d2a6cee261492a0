"""Of several processes one leads, and another one goes on when it is gone."""

import uuid

import pytest
from django.db import DatabaseError

from identity.models import Resource
from monitoring.leader import LEASE_MS, Shift
from monitoring.tests.samples import NOON

SECOND = 1000


class Diary:
    """Two processes with the same two jobs, and when they did them, in seconds after noon."""

    def __init__(self) -> None:
        self.done: list[tuple[str, str, int]] = []
        self.first, self.second = self._shift("first"), self._shift("second")

    def _shift(self, who: str) -> Shift:
        def job(name: str) -> object:
            return lambda at_ms: self.done.append((who, name, (at_ms - NOON) // SECOND))

        jobs = ((job("often"), 2 * SECOND), (job("seldom"), 5 * SECOND))
        return Shift("test", uuid.uuid4(), jobs)  # type: ignore[arg-type]


@pytest.fixture
def diary(resource: Resource) -> Diary:
    return Diary()


def test_one_process_leads_and_does_each_job_at_its_pace(diary: Diary) -> None:
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


def test_another_process_goes_on_when_the_leader_was_killed(diary: Diary) -> None:
    diary.first.work(NOON)
    for at_ms in range(NOON, NOON + LEASE_MS + 2 * SECOND, SECOND):
        diary.second.work(at_ms)
    began = [second for who, _, second in diary.done if who == "second"]
    assert began[0] == LEASE_MS // SECOND + 1
    # Whoever was only thought to be dead does nothing any more.
    diary.done.clear()
    diary.first.work(NOON + LEASE_MS + 2 * SECOND)
    assert diary.done == []


def test_another_process_goes_on_at_once_when_the_leader_was_stopped(diary: Diary) -> None:
    diary.first.work(NOON)
    diary.first.end()
    diary.second.work(NOON + SECOND)
    assert diary.done[-1] == ("second", "seldom", 1)


@pytest.mark.parametrize("problem", [DatabaseError, ValueError])
def test_a_job_that_fails_keeps_no_other_from_being_done(
    resource: Resource, problem: type[Exception]
) -> None:
    done: list[int] = []

    def broken(at_ms: int) -> None:
        raise problem

    shift = Shift("test", uuid.uuid4(), ((broken, 0), (done.append, 0)))
    shift.work(NOON)
    shift.work(NOON + SECOND)
    assert done == [NOON, NOON + SECOND]
