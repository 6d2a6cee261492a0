"""The raw statements of the hot paths fit the tables that the models describe."""

import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest
from django.apps import apps
from django.db import connection, models

from events.models import Event
from messaging.models import ChatMessage, ReadReceipt
from monitoring.models import RequestRecord
from tests.test_floors import FLOORS
from wire.statements import Statement, insert_statement, registry

CHECKOUT = Path(__file__).resolve().parent.parent
_INSERTS = re.compile(r'INSERT INTO "?(\w+)"? \(([^)]*)\)')

# Columns that an INSERT leaves out, and why.
LEFT_OUT: dict[str, dict[str, str]] = {
    "send a message in one statement": {
        "previous_version": "NULL: a new message has no version before this one",
        "participants": "NULL: only system messages name participants",
        "edited_ms": "NULL: a new message is not edited",
        "deleted_ms": "NULL: a new message is not deleted",
    },
    "store a handshake": {"connection": "NULL: no socket has been opened yet"},
}


def _all_statements() -> list[Statement]:
    """Every statement of the rooms, whose modules may not be imported yet."""
    for room in FLOORS:
        for file in sorted((CHECKOUT / room).rglob("*.py")):
            parts = file.relative_to(CHECKOUT).with_suffix("").parts
            if "tests" not in parts and "wire.statements" in file.read_text():
                import_module(".".join(parts))
    return list(registry.values())


STATEMENTS = _all_statements()


def inserts_of(sql: str) -> Iterator[tuple[type[models.Model], set[str]]]:
    """The models whose rows a statement inserts, each with the columns that it names."""
    by_table = {model._meta.db_table: model for model in apps.get_models()}
    for table, columns in _INSERTS.findall(sql):
        yield by_table[table], {name.strip().strip('"') for name in columns.split(",")}


def missing_columns(
    model: type[models.Model], named: set[str], left_out: dict[str, str]
) -> set[str]:
    """Columns of the model that an INSERT neither names nor may leave out.

    The database fills automatic keys and columns with a default of its own.
    """
    return {
        str(field.column)
        for field in model._meta.concrete_fields
        if not isinstance(field, models.AutoField)
        and not field.has_db_default()
        and field.column not in named
        and not (field.null and field.column in left_out)
    }


def _numbered(sql: str) -> str:
    """The statement with PostgreSQL's own placeholders."""
    first, *rest = sql.split("%s")
    return first + "".join(f"${number}{part}" for number, part in enumerate(rest, 1))


def _each(engine: str) -> pytest.MarkDecorator:
    some = [one for one in STATEMENTS if engine in one.engines]
    return pytest.mark.parametrize("statement", some, ids=[one.name for one in some])


def test_the_statements_of_every_hot_room_are_registered() -> None:
    assert {one.inserts for one in STATEMENTS} >= {Event, ChatMessage, ReadReceipt, RequestRecord}
    assert {"identity of a token", "next position of a thread"} <= set(registry)
    assert all(set(one.engines) <= {"sqlite", "postgresql"} for one in STATEMENTS)


@pytest.mark.django_db
@_each("sqlite")
def test_statement_can_be_prepared_on_sqlite(statement: Statement) -> None:
    if connection.vendor != "sqlite":
        pytest.skip("this run is on PostgreSQL")
    values = [None] * statement.sql.count("%s")
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {statement.sql}", values)
        assert cursor.fetchall()


@pytest.mark.postgresql
@pytest.mark.django_db
@_each("postgresql")
def test_statement_can_be_prepared_on_postgresql(statement: Statement) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"PREPARE checked AS {_numbered(statement.sql)}")
        cursor.execute(
            "SELECT cardinality(parameter_types) FROM pg_prepared_statements WHERE name = 'checked'"
        )
        (parameters,) = cursor.fetchone()
        cursor.execute("DEALLOCATE checked")
    assert parameters == statement.sql.count("%s")


@pytest.mark.parametrize("statement", STATEMENTS, ids=[one.name for one in STATEMENTS])
def test_insert_names_every_column_of_its_model(statement: Statement) -> None:
    found = dict(inserts_of(statement.sql))
    assert ("INSERT" in statement.sql.upper()) == bool(found)
    if statement.inserts is not None:
        assert list(found) == [statement.inserts]
    left_out = LEFT_OUT.get(statement.name, {})
    for model, named in found.items():
        columns = {str(field.column) for field in model._meta.concrete_fields}
        assert named <= columns
        assert missing_columns(model, named, left_out) == set()


def test_columns_that_are_left_out_exist_and_can_be_null() -> None:
    for name, columns in LEFT_OUT.items():
        found = dict(inserts_of(registry[name].sql))
        nullable = {
            str(field.column)
            for model, named in found.items()
            for field in model._meta.concrete_fields
            if field.null and field.column not in named
        }
        assert set(columns) <= nullable, name


def test_a_column_added_to_a_model_without_its_statement_is_reported(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    added = models.SmallIntegerField(null=True)
    added.set_attributes_from_name("mood")
    fields = (*ChatMessage._meta.concrete_fields, added)
    monkeypatch.setattr(ChatMessage._meta, "concrete_fields", fields)
    for name in ("insert a message", "send a message in one statement"):
        named = dict(inserts_of(registry[name].sql))[ChatMessage]
        assert missing_columns(ChatMessage, named, LEFT_OUT.get(name, {})) == {"mood"}


def test_a_column_that_cannot_be_null_may_not_be_left_out() -> None:
    named = dict(inserts_of(registry["insert an event"].sql))[Event] - {"data"}
    assert missing_columns(Event, named, {"data": "no reason"}) == {"data"}


def test_a_statement_needs_a_name_of_its_own() -> None:
    with pytest.raises(AssertionError):
        insert_statement("insert an event", Event, ("data",))
