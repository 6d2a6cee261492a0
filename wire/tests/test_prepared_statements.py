"""Hot statements on PostgreSQL: prepared once, several in one round trip."""

from collections.abc import Iterator

import pytest
from django.db import DataError, connection

from identity.models import Resource
from wire import write_queue
from wire.statements import Statement, registry
from wire.transactions import give_up_connection, grouped

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def divide() -> Iterator[Statement]:
    """Renames all resources, and returns a hundredth of a number: fails for 0."""
    yield Statement(
        "test: divide",
        "UPDATE identity_resource SET name = %s RETURNING 100 / %s::int",
        engines=("postgresql",),
    )
    del registry["test: divide"]


def scalar(sql: str) -> object:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        row = cursor.fetchone()
    return row[0] if row else None


def test_several_are_answered_in_order_and_prepared_once(divide: Statement) -> None:
    Resource.objects.create(name="first")
    assert divide.fetch_each([("a", 1), ("b", 4), ("c", 2)]) == [(100,), (25,), (50,)]
    assert divide.fetch_one(("d", 5)) == (20,)
    found = "SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE '%100 / $2%'"
    assert scalar(found) == 1


def test_nothing_remains_if_one_of_several_fails(divide: Statement) -> None:
    Resource.objects.create(name="first")
    with pytest.raises(DataError):
        divide.fetch_each([("a", 1), ("b", 0), ("c", 2)])
    assert Resource.objects.get().name == "first"


def test_grouped_work_does_not_wait_long_for_a_lock_and_others_are_not_affected() -> None:
    connection.close()
    with grouped():
        assert scalar("SHOW lock_timeout") == "200ms"
    give_up_connection()
    assert scalar("SHOW lock_timeout") == "0"


def test_an_idle_writer_gives_its_connection_back() -> None:
    with grouped():
        Resource.objects.count()
    write_queue._close_idle_connection()
    assert connection.connection is None
