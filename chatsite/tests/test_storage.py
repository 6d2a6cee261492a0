"""The two engines and the two channel layers, set up as they were measured to be sound."""

import threading
from pathlib import Path
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.db import connection, transaction
from django.utils import timezone

from chatsite.databases import database
from load_testing.servers import clean_environment
from tests.server import manage

WRITERS = 8
ROUNDS = 20

# Silence is the subject of this test: some versions of redis-py take 5 seconds of it for a broken
# connection, which ends the wait early.
ROUND_TRIP = """
import asyncio
from channels.layers import get_channel_layer

async def main():
    layer = get_channel_layer()
    channel = await layer.new_channel()
    await layer.group_add("thread", channel)
    receiving = asyncio.ensure_future(layer.receive(channel))
    failed, _ = await asyncio.wait({receiving}, timeout=6)
    assert not failed, receiving
    await layer.group_send("thread", {"type": "event", "sequence": 1})
    print(type(layer).__name__, await asyncio.wait_for(receiving, 5))

asyncio.run(main())
"""


@pytest.mark.django_db(transaction=True)
def test_concurrent_writers_wait_for_each_other_instead_of_failing() -> None:
    Session.objects.create(session_key="counter", session_data="0", expire_date=timezone.now())
    failures: list[Exception] = []

    def write() -> None:
        try:
            for _ in range(ROUNDS):
                with transaction.atomic():
                    row = Session.objects.select_for_update().get(pk="counter")
                    row.session_data = str(int(row.session_data) + 1)
                    row.save()
        except Exception as failure:
            failures.append(failure)
        finally:
            connection.close()

    threads = [threading.Thread(target=write) for _ in range(WRITERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert Session.objects.get(pk="counter").session_data == str(WRITERS * ROUNDS)


@pytest.mark.parametrize(("sync", "level"), [("normal", 1), ("full", 2)])
def test_sqlite_writes_ahead_and_as_carefully_as_it_is_told(
    tmp_path: Path, sync: str, level: int
) -> None:
    code = (
        "from django.db import connection\n"
        "with connection.cursor() as cursor:\n"
        "    for pragma in ('journal_mode', 'synchronous'):\n"
        "        print(cursor.execute(f'PRAGMA {pragma}').fetchone()[0])"
    )
    environment = clean_environment(tmp_path, CHATSITE_SQLITE_SYNC=sync)
    assert manage(environment, "shell", "--no-imports", "-c", code).split() == ["wal", str(level)]


def options(url: str, tmp_path: Path) -> dict[str, Any]:
    found: dict[str, Any] = database(url, tmp_path, "normal")
    return found


def test_sqlite_elsewhere_has_the_same_options(tmp_path: Path) -> None:
    here, there = options("", tmp_path), options(f"sqlite:///{tmp_path}/own.sqlite3", tmp_path)
    assert there["NAME"] == f"{tmp_path}/own.sqlite3"
    assert there["OPTIONS"] == here["OPTIONS"]
    assert there["OPTIONS"]["transaction_mode"] == "IMMEDIATE"


def test_postgresql_has_a_pool_and_keeps_what_the_address_says(tmp_path: Path) -> None:
    found = options("postgresql://chat:secret@db:5433/chat?sslmode=require", tmp_path)
    assert found["OPTIONS"]["pool"]["max_size"] == 16
    assert found["OPTIONS"]["sslmode"] == "require"
    assert found["CONN_MAX_AGE"] == 0


def test_events_stay_in_the_process_without_redis(tmp_path: Path) -> None:
    printed = manage(clean_environment(tmp_path), "shell", "--no-imports", "-c", ROUND_TRIP)
    assert printed.split()[0] == "InMemoryChannelLayer"
    assert "'sequence': 1" in printed


@pytest.mark.redis
def test_events_pass_through_redis_after_a_long_silence(tmp_path: Path, redis_server: str) -> None:
    environment = clean_environment(tmp_path, REDIS_URL=redis_server)
    printed = manage(environment, "shell", "--no-imports", "-c", ROUND_TRIP)
    assert printed.split()[0] == "RedisPubSubChannelLayer"
    assert "'sequence': 1" in printed
