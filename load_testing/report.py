"""Compares what every socket received with what the event log says it should have."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from live.event_log import Membership

# Thread and version, which identify an event in both protocols.
Key = tuple[str, str]


class User(Protocol):
    """A user, as far as the comparison is concerned."""

    @property
    def id(self) -> str:
        """The raw ID."""


@dataclass(frozen=True)
class LoggedEvent:
    """An event of the log. `people` are the users that it adds or removes."""

    thread: str
    sequence: int
    version: str
    type: str
    people: tuple[str, ...] = ()

    @classmethod
    def of_frame(cls, frame: dict[str, Any]) -> LoggedEvent:
        """The event in a frame of the native stream."""
        people = tuple(p["communicationIdentifier"]["rawId"] for p in frame.get("participants", ()))
        return cls(frame["threadId"], frame["sequence"], frame["version"], frame["type"], people)

    @property
    def key(self) -> Key:
        """What a socket identifies the event by."""
        return self.thread, self.version


@dataclass
class Received:
    """What one socket of a user received, over all its connections.

    `repeated` counts pushes that were sent again although answered, because the connection ended
    right after the answer; `doubled` those for which that is no excuse.
    """

    person: User
    keys: list[Key] = field(default_factory=list)
    doubled: int = 0
    repeated: int = 0
    connections: int = 0


@dataclass
class Report:
    """The result of a run. `lost`, `duplicated`, `reordered` and `leaked` must be 0."""

    acknowledged: int
    events: int
    deliveries: int
    connections: int
    repeated: int
    seconds: float
    lost: int = 0
    duplicated: int = 0
    reordered: int = 0
    leaked: int = 0

    def __str__(self) -> str:
        return "\n".join(
            (
                f"{self.acknowledged} messages acknowledged, {self.events} events, "
                f"{self.deliveries} deliveries over {self.connections} connections "
                f"in {self.seconds:.0f} s",
                f"{self.repeated} pushes sent again whose answer may not have arrived",
                f"lost {self.lost}, duplicated {self.duplicated}, reordered {self.reordered}, "
                f"leaked {self.leaked}",
            )
        )

    @property
    def is_clean(self) -> bool:
        """Whether every socket received exactly what it may see, once and in order."""
        return not (self.lost or self.duplicated or self.reordered or self.leaked)


def compare(
    events: Sequence[LoggedEvent],
    received: Sequence[Received],
    *,
    acknowledged: set[Key],
    members: Mapping[str, Iterable[User]],
    seconds: float,
) -> Report:
    """Compare what was received with the log.

    `acknowledged` are the messages that the server accepted, `members` the participants of every
    thread when the run began, by the path of the thread.
    """
    report = Report(
        acknowledged=len(acknowledged),
        events=len(events),
        deliveries=sum(len(one.keys) for one in received),
        connections=sum(one.connections for one in received),
        repeated=sum(one.repeated for one in received),
        seconds=seconds,
    )
    sent = {event.key for event in events if event.type == "chatMessageReceived"}
    report.lost += len(acknowledged - sent)
    memberships = _memberships(events, members)
    for one in received:
        _compare_one(report, one, events, memberships[one.person.id])
    return report


def _compare_one(
    report: Report,
    one: Received,
    events: Sequence[LoggedEvent],
    memberships: dict[str, list[Membership]],
) -> None:
    expected = {event.key for event in events if _sees(memberships, event)}
    order = {event.key: (event.thread, event.sequence) for event in events}
    report.lost += len(expected - set(one.keys))
    report.leaked += len(set(one.keys) - expected)
    report.duplicated += len(one.keys) - len(set(one.keys)) + one.doubled
    report.reordered += _reordered(order[key] for key in one.keys if key in order)


def _memberships(
    events: Iterable[LoggedEvent], members: Mapping[str, Iterable[User]]
) -> dict[str, dict[str, list[Membership]]]:
    memberships: dict[str, dict[str, list[Membership]]] = defaultdict(lambda: defaultdict(list))
    for thread, people in members.items():
        for person in people:
            memberships[person.id][thread.rpartition("/")[2]].append(Membership(1))
    for event in events:
        for raw_id in event.people:
            memberships_in_thread = memberships[raw_id][event.thread]
            if event.type == "participantsAdded":
                memberships_in_thread.append(Membership(event.sequence))
            elif event.type == "participantsRemoved":
                memberships_in_thread[-1].removed = event.sequence
    return memberships


def _sees(memberships: dict[str, list[Membership]], event: LoggedEvent) -> bool:
    return any(
        one.joined <= event.sequence and (one.removed is None or event.sequence <= one.removed)
        for one in memberships.get(event.thread, ())
    )


def _reordered(sequences: Iterable[tuple[str, int]]) -> int:
    last: dict[str, int] = {}
    count = 0
    for thread, sequence in sequences:
        count += sequence < last.get(thread, 0)
        last[thread] = max(sequence, last.get(thread, 0))
    return count
