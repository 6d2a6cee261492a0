"""Relations inside one body that hold in every recording, whatever the ids and times are."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from .recordings import is_masked

TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")

Broken = tuple[str, str, str]
"""Where, what the relation asks for, what stands there."""


def whole_second(milliseconds: str) -> str:
    """The timestamp of an id or version: epoch milliseconds, cut to the second."""
    moment = datetime.fromtimestamp(int(milliseconds) // 1000, tz=UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def broken_relations(body: Any) -> list[Broken]:
    """Every relation that does not hold in a body."""
    broken = [found for message in _messages(body) for found in _check_message(message)]
    if isinstance(body, dict) and isinstance(body.get("value"), list):
        broken += _check_order(body["value"])
    return broken


def _messages(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        if "sequenceId" in value:
            yield value
        for member in value.values():
            yield from _messages(member)
    elif isinstance(value, list):
        for item in value:
            yield from _messages(item)


def _check_message(message: dict[str, Any]) -> Iterator[Broken]:
    changed = {"editedOn", "deletedOn"} & message.keys()
    message_id, version = message["id"], message["version"]
    if not is_masked(message_id):
        if message["createdOn"] != whole_second(message_id):
            yield "createdOn", whole_second(message_id), message["createdOn"]
        if (version == message_id) is bool(changed):
            yield "version", f"{'not ' if changed else ''}{message_id}", version
    for name in changed:
        if message[name] != whole_second(version):
            yield name, whole_second(version), message[name]
    if len(changed) > 1:
        yield "deletedOn", "no editedOn beside deletedOn", "both"


def _check_order(items: list[Any]) -> Iterator[Broken]:
    """Messages stand newest first, and numbers of unchanged neighbours are consecutive."""
    messages = [item for item in items if isinstance(item, dict) and "sequenceId" in item]
    for newer, older in zip(messages, messages[1:], strict=False):
        if int(newer["version"]) <= int(older["version"]):
            yield "version", f"above {older['version']}", newer["version"]
        if {"editedOn", "deletedOn"} & (newer.keys() | older.keys()):
            continue
        if int(newer["sequenceId"]) != int(older["sequenceId"]) + 1:
            yield "sequenceId", str(int(older["sequenceId"]) + 1), newer["sequenceId"]
