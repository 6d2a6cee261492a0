"""The database of the bare application: sqlite3 with handwritten statements.

The tables are those of chatsite, without the columns that sending and listing do not use.
"""

import json
import os
import sqlite3
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

DATABASE_VARIABLE = "BENCH_BARE_DATABASE"
PRAGMAS_VARIABLE = "BENCH_BARE_PRAGMAS"

SCHEMA = """
CREATE TABLE resource (id INTEGER PRIMARY KEY, key TEXT NOT NULL);
CREATE TABLE user (id INTEGER PRIMARY KEY, resource_id INTEGER NOT NULL REFERENCES resource (id),
    raw_id TEXT NOT NULL UNIQUE, token_generation INTEGER NOT NULL);
CREATE TABLE thread (id INTEGER PRIMARY KEY, public_id TEXT NOT NULL UNIQUE,
    topic TEXT NOT NULL, last_version INTEGER NOT NULL, last_message_sequence INTEGER NOT NULL,
    last_event_sequence INTEGER NOT NULL, last_message_ms INTEGER NOT NULL);
CREATE INDEX thread_activity ON thread (last_message_ms);
CREATE TABLE participant (id INTEGER PRIMARY KEY,
    thread_id INTEGER NOT NULL REFERENCES thread (id),
    user_id INTEGER NOT NULL REFERENCES user (id), share_history_ms INTEGER NOT NULL,
    removed_ms INTEGER);
CREATE UNIQUE INDEX one_current_stay ON participant (user_id, thread_id)
    WHERE removed_ms IS NULL;
CREATE TABLE message (id INTEGER PRIMARY KEY,
    thread_id INTEGER NOT NULL REFERENCES thread (id), message_id INTEGER NOT NULL,
    sequence INTEGER NOT NULL, version INTEGER NOT NULL, type TEXT NOT NULL,
    content TEXT NOT NULL, sender_id INTEGER NOT NULL REFERENCES user (id),
    metadata TEXT NOT NULL);
CREATE UNIQUE INDEX message_id ON message (thread_id, message_id);
CREATE UNIQUE INDEX message_version ON message (thread_id, version);
CREATE TABLE event (id INTEGER PRIMARY KEY, thread_id INTEGER NOT NULL REFERENCES thread (id),
    sequence INTEGER NOT NULL, type TEXT NOT NULL, at_ms INTEGER NOT NULL, data TEXT NOT NULL);
CREATE UNIQUE INDEX event_sequence ON event (thread_id, sequence);
"""

CALLER = """SELECT user.id, user.token_generation, resource.key
    FROM user JOIN resource ON resource.id = user.resource_id WHERE user.raw_id = ?"""
MEMBERSHIP = """SELECT thread.id, participant.share_history_ms
    FROM thread JOIN participant ON participant.thread_id = thread.id
    WHERE thread.public_id = ? AND participant.user_id = ? AND participant.removed_ms IS NULL"""
COUNTER = """UPDATE thread SET last_version = max(?1, last_version + 1),
    last_message_ms = max(?1, last_version + 1),
    last_message_sequence = last_message_sequence + 1,
    last_event_sequence = last_event_sequence + 1
    WHERE id = ?2 RETURNING last_version, last_message_sequence, last_event_sequence"""
INSERT_MESSAGE = """INSERT INTO message
    (thread_id, message_id, sequence, version, type, content, sender_id, metadata)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?)"""
INSERT_EVENT = """INSERT INTO event (thread_id, sequence, type, at_ms, data)
    VALUES (?, ?, ?, ?, ?)"""
PAGE = """SELECT message_id, sequence, version, type, content, user.raw_id, metadata
    FROM message JOIN user ON user.id = message.sender_id
    WHERE thread_id = ? AND version < ? AND message_id >= ? ORDER BY version DESC LIMIT ?"""
END_OF_TIME = 2**62


def connect(database: Path, pragmas: Sequence[str]) -> sqlite3.Connection:
    """A connection in autocommit mode, so that transactions are explicit."""
    connection = sqlite3.connect(database, isolation_level=None, check_same_thread=False)
    for pragma in pragmas:
        connection.execute(pragma)
    return connection


def create_database(database: Path, threads: dict[str, list[str]], filled: dict[str, int]) -> None:
    """Creates a database.

    `threads` has the raw ids of the members by thread, `filled` the number of messages to insert
    by thread.
    """
    connection = connect(database, ["PRAGMA journal_mode=WAL", "PRAGMA synchronous=NORMAL"])
    connection.executescript(SCHEMA)
    connection.execute("BEGIN")
    connection.execute("INSERT INTO resource VALUES (1, 'key')")
    users = dict.fromkeys(member for members in threads.values() for member in members)
    keys = {raw_id: key for key, raw_id in enumerate(users, 1)}
    connection.executemany(
        "INSERT INTO user VALUES (?, 1, ?, 0)", ((key, raw_id) for raw_id, key in keys.items())
    )
    for pk, (public_id, members) in enumerate(threads.items(), 1):
        member_keys = [keys[member] for member in members]
        _insert_thread(connection, pk, public_id, member_keys, filled.get(public_id, 0))
    connection.execute("COMMIT")
    connection.close()


def _insert_thread(
    connection: sqlite3.Connection, pk: int, public_id: str, members: list[int], messages: int
) -> None:
    start = int(time.time() * 1000) - 10_000_000
    connection.execute(
        "INSERT INTO thread VALUES (?, ?, 'Bench', ?, ?, 0, ?)",
        (pk, public_id, start + messages, messages, start + messages),
    )
    connection.executemany(
        "INSERT INTO participant (thread_id, user_id, share_history_ms) VALUES (?, ?, 0)",
        ((pk, member) for member in members),
    )
    connection.executemany(
        INSERT_MESSAGE,
        (
            (pk, start + n, n, start + n, "text", f"Message number {n}", members[0], "{}")
            for n in range(1, messages + 1)
        ),
    )


class Store:
    """The queries of the application."""

    def __init__(self) -> None:
        database = os.environ[DATABASE_VARIABLE]
        self.connection = connect(Path(database), json.loads(os.environ[PRAGMAS_VARIABLE]))

    def caller(self, raw_id: str) -> int | None:
        """The row id of a user with valid tokens, or None."""
        row = self.connection.execute(CALLER, (raw_id,)).fetchone()
        return row[0] if row and row[1] == 0 else None

    def membership(self, thread: str, caller: int) -> tuple[int, int] | None:
        """The row id of the thread and the caller's share history time in ms; None if no member."""
        row: tuple[int, int] | None = self.connection.execute(
            MEMBERSHIP, (thread, caller)
        ).fetchone()
        return row

    def send(self, thread: int, caller: int, raw_id: str, body: dict[str, Any]) -> int:
        """Stores one message; returns its id."""
        now = int(time.time() * 1000)
        kind, content = body.get("type", "text"), body["content"]
        execute = self.connection.execute
        execute("BEGIN IMMEDIATE")
        try:
            message, sequence, event = execute(COUNTER, (now, thread)).fetchone()
            execute(
                INSERT_MESSAGE,
                (thread, message, sequence, message, kind, content, caller, "{}"),
            )
            data = {"id": str(message), "type": kind, "content": content, "sender": raw_id}
            execute(INSERT_EVENT, (thread, event, "ChatMessageReceived", now, json.dumps(data)))
        except BaseException:
            execute("ROLLBACK")
            raise
        execute("COMMIT")
        return int(message)

    def page(self, thread: int, shared_since: int, before: int, size: int) -> list[dict[str, Any]]:
        """The newest `size` messages with a version below `before`, in the wire format."""
        rows = self.connection.execute(PAGE, (thread, before, shared_since, size)).fetchall()
        return [_message(*row) for row in rows]


def _message(
    message_id: int,
    sequence: int,
    version: int,
    kind: str,
    content: str,
    sender: str,
    metadata: str,
) -> dict[str, Any]:
    return {
        "id": str(message_id),
        "type": kind,
        "sequenceId": str(sequence),
        "version": str(version),
        "content": {"message": content, "attachments": []},
        "createdOn": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(message_id // 1000)),
        "senderCommunicationIdentifier": {"rawId": sender, "communicationUser": {"id": sender}},
        "metadata": json.loads(metadata),
    }
