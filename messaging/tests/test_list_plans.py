"""How databases read pages of messages: from the end of an index, whatever the thread's size."""

import re

import pytest
from django.db import connection

from messaging.models import ChatMessage
from tests.cast import Person
from threads.models import ChatThread
from wire.statements import registry

MESSAGES = 3000
INDEX = "message_version_of_thread"


@pytest.fixture
def thread_pk(alice: Person) -> int:
    """A thread with many messages, beside one with as many."""
    pks = []
    for _ in range(2):
        path = alice.create_thread()
        pk = ChatThread.objects.get(thread_id=path.removeprefix("/chat/threads/")).pk
        pks.append(pk)
        last = ChatMessage.objects.filter(thread=pk).latest("version")
        ChatMessage.objects.bulk_create(
            ChatMessage(
                thread_id=pk,
                message_id=last.message_id + number,
                sequence=last.sequence + number,
                version=last.version + number,
                type="text",
                content=f"m{number}",
            )
            for number in range(1, MESSAGES)
        )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return pks[0]


def plan_of(name: str, parameters: tuple[int, ...]) -> str:
    """On PostgreSQL the plan of a prepared statement, which serves every value."""
    sql = registry[name].sql
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute(f"EXPLAIN QUERY PLAN {sql}", parameters)
        else:
            numbers = iter(range(1, sql.count("%s") + 1))
            numbered = re.sub("%s", lambda found: f"${next(numbers)}", sql)
            cursor.execute("SET LOCAL plan_cache_mode = force_generic_plan")
            cursor.execute(f"PREPARE tested AS {numbered}")
            cursor.execute(f"EXPLAIN EXECUTE tested ({', '.join(map(str, parameters))})")
        plan = "\n".join(str(row[-1]) for row in cursor.fetchall())
        if connection.vendor == "postgresql":
            cursor.execute("DEALLOCATE tested")
    return plan


def newest_of(thread_pk: int) -> int:
    return ChatMessage.objects.filter(thread=thread_pk).latest("version").version


@pytest.mark.parametrize("depth", [0, 100, 2500])
def test_a_page_is_read_in_the_order_of_the_index(thread_pk: int, depth: int) -> None:
    oldest = newest_of(thread_pk) + 1 - depth
    plan = plan_of("page of messages", (thread_pk, 0, oldest, 0, 20))
    assert "SORT" not in plan.upper() and "TEMP" not in plan.upper(), plan
    _assert_uses_the_index(plan)


def test_messages_changed_during_a_walk_are_read_from_the_end_of_the_index(thread_pk: int) -> None:
    bound = newest_of(thread_pk) - 3
    parameters = (bound, thread_pk, bound, 0, bound - 100, 20)
    _assert_uses_the_index(plan_of("messages changed since a walk began", parameters))


def _assert_uses_the_index(plan: str) -> None:
    if connection.vendor == "postgresql":
        assert INDEX in plan and "Seq Scan on messaging_chatmessage" not in plan, plan
    else:
        # SQLite names the index after the table; it is the one that limits the version.
        assert "(thread_id=? AND version>" in plan and "SCAN messaging" not in plan, plan
