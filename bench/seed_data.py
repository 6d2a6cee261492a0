"""The threads of a server and the tokens of their members."""

import json
import uuid
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TypeVar

from bench.bare import issue_token
from bench.bare_store import create_database

User = TypeVar("User")

THREADS = 50
MEMBERS = 20
USERS = 200
SMALL_HISTORY = 100


@dataclass(frozen=True)
class Thread:
    """A thread and the access tokens of (some of) its members."""

    id: str
    tokens: list[str]


@dataclass(frozen=True)
class SeedData:
    """The threads of one server."""

    busy: list[Thread]
    """The threads that messages are sent to."""
    small: Thread
    """A thread of `SMALL_HISTORY` messages."""
    large: Thread
    """A thread of as many messages as the plan says."""
    pragmas: list[str]
    """The pragmas of the bare application's SQLite database: those of chatsite, but NORMAL."""

    def to_json(self) -> str:
        """The data as JSON, for another process."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> "SeedData":
        """Parses the JSON of `to_json`."""
        fields = json.loads(text)
        return cls(
            busy=[Thread(**thread) for thread in fields["busy"]],
            small=Thread(**fields["small"]),
            large=Thread(**fields["large"]),
            pragmas=fields["pragmas"],
        )


def members_of(number: int, users: Sequence[User]) -> list[User]:
    """The members of thread `number`; they overlap, so that users are in several threads."""
    return [users[(number * 4 + seat) % len(users)] for seat in range(MEMBERS)]


def seed_bare(database: Path, history: int, pragmas: list[str]) -> SeedData:
    """Creates the database of the bare application with a thread of `history` messages."""
    resource = uuid.uuid4()
    users = [f"8:acs:{resource}_{uuid.uuid4()}" for _ in range(USERS)]
    ids = [
        f"19:acsV1_{uuid.uuid4().hex}{uuid.uuid4().hex[:11]}1@thread.v2" for _ in range(THREADS + 2)
    ]
    seats = {public_id: members_of(number, users) for number, public_id in enumerate(ids)}
    small, large = ids[THREADS:]
    create_database(database, seats, {small: SMALL_HISTORY, large: history})
    threads = [
        Thread(public_id, [issue_token(member) for member in members])
        for public_id, members in seats.items()
    ]
    return SeedData(busy=threads[:THREADS], small=threads[-2], large=threads[-1], pragmas=pragmas)
