"""Senders that record what was acknowledged, and a check that a database file has it."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import sqlite3
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import aiohttp

from load_testing.clients import Person, Site, people_of

DATABASE = "chatsite.sqlite3"
LOG = f"{DATABASE}-wal"


class Senders:
    """Users that send as fast as they get responses, each text once, even if a server is down."""

    def __init__(self, senders: list[Person], threads: list[str]) -> None:
        self._senders, self._threads = senders, threads
        # (id of the thread, id of the message, text)
        self.acknowledged: set[tuple[str, str, str]] = set()
        self._stopped = False
        self._changed = asyncio.Event()

    @classmethod
    @contextlib.asynccontextmanager
    async def sending(cls, site: Site, count: int) -> AsyncIterator[Senders]:
        """`count` users who send to four threads while the context lasts."""
        async with people_of(site) as people:
            users = [await people.person(f"user-{number}") for number in range(count)]
            threads = [await users[0].create_thread(*users[1:]) for _ in range(4)]
            senders = cls(users, threads)
            async with asyncio.TaskGroup() as group:
                for number in range(count):
                    group.create_task(senders._send(number))
                try:
                    yield senders
                finally:
                    senders._stopped = True

    async def _send(self, number: int) -> None:
        sender, thread, count = self._senders[number], self._threads[number % 4], 0
        while not self._stopped:
            count += 1
            text = f"sender {number}, message {count}"
            try:
                message_id = await sender.send(thread, text)
            except (aiohttp.ClientError, OSError):
                # Killed: whether this text was stored is unknown, and it is not sent again.
                await asyncio.sleep(0.05)
                continue
            self.acknowledged.add((thread.rpartition("/")[2], message_id, text))
            self._changed.set()

    async def more(self, count: int, seconds: float = 60) -> None:
        """Waits until `count` more messages are acknowledged. Raises TimeoutError."""
        wanted = len(self.acknowledged) + count
        async with asyncio.timeout(seconds):
            while len(self.acknowledged) < wanted:
                self._changed.clear()
                await self._changed.wait()


def copy_files(data: Path, to: Path, order: Sequence[str] = (DATABASE, LOG)) -> None:
    """Copies the database and its write-ahead log, in this order, into a new folder."""
    to.mkdir()
    for name in order:
        shutil.copyfile(data / name, to / name)


def assert_complete(data: Path, acknowledged: set[tuple[str, str, str]]) -> int:
    """Asserts that a database has every acknowledged message once, in gapless sequences.

    Returns the number of messages.
    """
    with contextlib.closing(sqlite3.connect(data / DATABASE)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        rows = connection.execute(
            "SELECT t.thread_id, m.message_id, m.content, m.sequence FROM messaging_chatmessage m"
            " JOIN threads_chatthread t ON t.id = m.thread_id WHERE m.type = 'text'"
        ).fetchall()
        last = dict(
            connection.execute("SELECT thread_id, last_message_sequence FROM threads_chatthread")
        )
        sequences = defaultdict(list)
        for thread, sequence in connection.execute(
            "SELECT t.thread_id, m.sequence FROM messaging_chatmessage m"
            " JOIN threads_chatthread t ON t.id = m.thread_id ORDER BY m.sequence"
        ):
            sequences[thread].append(sequence)
        events = connection.execute(
            "SELECT count(*) FROM events_event WHERE type = 'ChatMessageReceived'"
        ).fetchone()
    stored = {(thread, str(message), text) for thread, message, text, _ in rows}
    assert acknowledged - stored == set()
    doubled = [text for text, count in Counter(row[2] for row in rows).items() if count > 1]
    assert doubled == []
    for thread, found in sequences.items():
        assert found == list(range(1, last[thread] + 1))
    # A message and its event are in one transaction.
    assert events == (len(rows),)
    return len(rows)
