"""The number of SQL statements of each operation, counted in a separate process."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from bench.servers import run_module

SIZES = (2, 200)
"""The numbers of members of the threads."""

OPERATIONS = (
    "create chat thread",
    "list chat threads",
    "get chat thread properties",
    "update chat thread",
    "delete chat thread",
    "list participants",
    "add participants",
    "remove participant",
    "send message",
    "list messages",
    "get message",
    "update message",
    "delete message",
    "send read receipt",
    "list read receipts",
    "send typing notification",
)


@dataclass(frozen=True)
class Count:
    """The statements of one operation."""

    total: int
    control: int
    """Statements that begin or end a transaction."""


Counts = dict[int, dict[str, Count]]
"""By number of members and operation."""


def count_statements(environment: Mapping[str, str]) -> Counts:
    """Runs the 16 operations with these settings, in threads of each size."""
    return from_json(run_module("bench.operations", environment))


def to_json(counts: Counts) -> str:
    """The counts as JSON, for another process."""
    return json.dumps(
        {
            size: {name: asdict(count) for name, count in by_name.items()}
            for size, by_name in counts.items()
        }
    )


def from_json(text: str) -> Counts:
    """Parses the JSON of `to_json`."""
    return {
        int(size): {name: Count(**count) for name, count in by_name.items()}
        for size, by_name in json.loads(text).items()
    }
