"""Servers are killed, connections reset, Redis restarted: every event arrives once, in order."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from load_testing import faults
from load_testing.cluster import Cluster
from load_testing.report import LoggedEvent, Received, Report, compare
from load_testing.servers import clean_environment
from tests.server import run_manage


@pytest.mark.postgresql
@pytest.mark.redis
@pytest.mark.timeout(300)
async def test_every_fault_once(cluster: Cluster) -> None:
    # The long version is `manage.py chatload --faults`.
    report = await faults.run(cluster, seconds=10, with_faults=True)
    print(report)
    assert report.is_clean, report
    assert report.acknowledged > 200
    # 52 at first; every fault ends many of them.
    assert report.connections > 80


# --- the report itself ---------------------------------------------------------------------------


class User:
    def __init__(self, name: str) -> None:
        self.id = name


EVENTS = [
    LoggedEvent("t", 2, "2", "chatMessageReceived"),
    LoggedEvent("t", 3, "3", "participantsAdded", ("visitor",)),
    LoggedEvent("t", 4, "4", "chatMessageReceived"),
    LoggedEvent("t", 5, "4.5", "participantsRemoved", ("visitor",)),
    LoggedEvent("t", 6, "5", "chatMessageReceived"),
]
MEMBER, VISITOR = User("member"), User("visitor")
Spoil = Callable[[list[tuple[str, str]]], Any]


def report_of(events: list[LoggedEvent], received: Iterable[Received]) -> Report:
    return compare(
        events,
        list(received),
        acknowledged={("t", "2"), ("t", "4")},
        members={"/chat/threads/t": [MEMBER]},
        seconds=1.0,
    )


@pytest.mark.parametrize(
    ("spoil", "what"),
    [
        (lambda got: None, None),
        (lambda got: got.pop(1), "lost"),
        (lambda got: got.append(got[0]), "duplicated"),
        (lambda got: got.insert(0, got.pop()), "reordered"),
        (lambda got: got.append(("t", "5")), "leaked"),
    ],
    ids=["clean", "lost", "duplicated", "reordered", "leaked"],
)
def test_the_report_counts_what_is_wrong(spoil: Spoil, what: str | None) -> None:
    everything = Received(MEMBER, [event.key for event in EVENTS])
    membership = Received(VISITOR, [event.key for event in EVENTS[1:4]])
    spoil(membership.keys)
    report = report_of(EVENTS, [everything, membership])
    found = {name for name in ("lost", "duplicated", "leaked") if getattr(report, name)}
    if what == "reordered":
        assert report.reordered and not found
    else:
        assert found == ({what} if what else set())
    assert report.is_clean == (what is None)


def test_a_message_that_was_acknowledged_but_not_stored_counts_as_lost() -> None:
    assert report_of([EVENTS[2]], []).lost == 1


def test_chatload_reports_a_clean_run_on_sqlite(tmp_path: Path) -> None:
    environment = clean_environment(tmp_path / "data")
    finished = run_manage(environment, "chatload", "--embedded", "--seconds", "1")
    assert finished.returncode == 0, finished.stdout + finished.stderr
    assert "lost 0, duplicated 0, reordered 0, leaked 0" in finished.stdout
