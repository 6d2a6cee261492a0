"""Server processes are killed, sockets cut, Redis restarted: every event arrives once, in order."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest

from tests.live import faults
from tests.live.cluster import Cluster
from tests.live.faults import Happened, Listener, Load


@pytest.mark.postgresql
@pytest.mark.redis
@pytest.mark.timeout(300)
async def test_every_fault_once(cluster: Cluster) -> None:
    # The long version is `manage.py chatload --faults`.
    report = await faults.run(cluster, seconds=10, with_faults=True)
    print(report)
    assert report.is_clean, report
    assert report.acknowledged > 200
    # 52 at first; every fault ends a good many of them.
    assert report.connections > 80


# --- the account itself ----------------------------------------------------------------------


class Somebody:
    """A user, as far as the account is concerned."""

    def __init__(self, name: str) -> None:
        self.id = name


Spoil = Callable[[list[tuple[str, str]]], Any]


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
def test_the_account_finds_what_is_wrong(spoil: Spoil, what: str | None) -> None:
    load = Load.__new__(Load)
    load.dice = random.Random(1)
    member, visitor = Somebody("member"), Somebody("visitor")
    load.members = {"/chat/threads/t": [member]}  # type: ignore[list-item]
    load.acknowledged = {("t", "2"), ("t", "4")}
    events = [
        Happened("t", 2, "2", "chatMessageReceived"),
        Happened("t", 3, "3", "participantsAdded", ("visitor",)),
        Happened("t", 4, "4", "chatMessageReceived"),
        Happened("t", 5, "4.5", "participantsRemoved", ("visitor",)),
        Happened("t", 6, "5", "chatMessageReceived"),
    ]
    everything = Listener(member, "native", [e.key for e in events])  # type: ignore[arg-type]
    stay = Listener(visitor, "native", [e.key for e in events[1:4]])  # type: ignore[arg-type]
    spoil(stay.received)
    load.listeners = [everything, stay]
    report = load.account(events, 1.0)
    found = {name for name in ("lost", "duplicated", "leaked") if getattr(report, name)}
    if what == "reordered":
        assert report.reordered and not found
    else:
        assert found == ({what} if what else set())
    assert report.is_clean == (what is None)


def test_the_account_misses_what_was_acknowledged_but_never_stored() -> None:
    load = Load.__new__(Load)
    load.members, load.listeners = {}, []
    load.acknowledged = {("t", "2")}
    assert load.account([], 1.0).lost == 1
