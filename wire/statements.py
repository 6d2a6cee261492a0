"""Statements of the hot paths: written once, named, and run directly on the database driver.

Compiling a query through the ORM, or passing through Django's cursor, costs several times what the
database needs for these statements. `tests/test_statements.py` compares each with the models.
"""

from collections.abc import Sequence
from functools import cache
from typing import Any

from django.db import connection, models, transaction

# All statements by name, for the tests.
registry: "dict[str, Statement]" = {}


class Statement:
    """One statement with `%s` placeholders, the same text on SQLite and PostgreSQL.

    `inserts` is the model whose row an INSERT writes: the statement must name all its columns.
    `engines` are the vendors (as Django names them) on which the statement is run. Errors are
    Django's (`django.db.Error` and its subclasses). Returned values are those of the driver: on
    SQLite a UUID is 32 hexadecimal digits and JSON is text; on PostgreSQL JSON is text.
    """

    def __init__(
        self,
        name: str,
        sql: str,
        *,
        inserts: type[models.Model] | None = None,
        engines: Sequence[str] = ("sqlite", "postgresql"),
    ) -> None:
        assert name not in registry, f"two statements have the name {name}"
        self.name, self.sql, self.inserts, self.engines = name, sql, inserts, engines
        self._qmark = sql.replace("%s", "?")
        registry[name] = self

    def fetch_one(self, parameters: Sequence[Any]) -> tuple[Any, ...] | None:
        """Runs the statement; the first row, None without one."""
        rows = self._run(parameters)
        return rows.fetchone()

    def fetch_all(self, parameters: Sequence[Any]) -> list[tuple[Any, ...]]:
        """Runs the statement; all rows."""
        rows = self._run(parameters)
        return rows.fetchall()

    def fetch_each(self, sets: Sequence[Sequence[Any]]) -> list[tuple[Any, ...] | None]:
        """Runs the statement for each set of parameters, in order; the first row of each.

        On PostgreSQL several sets take one round trip and, outside of a transaction, one commit:
        if one fails, none is stored. On SQLite the caller has begun a transaction.
        """
        if connection.vendor != "postgresql" or len(sets) < 2:
            return [self.fetch_one(parameters) for parameters in sets]
        if _is_observed():
            with transaction.atomic():
                return [self.fetch_one(parameters) for parameters in sets]
        connection.ensure_connection()
        with connection.wrap_database_errors:
            driver: Any = connection.connection
            with driver.pipeline():
                rows = [self._execute_prepared(driver, one) for one in sets]
            return [each.fetchone() for each in rows]

    def execute(self, parameters: Sequence[Any]) -> None:
        """Runs a statement that returns nothing."""
        self._run(parameters)

    def execute_many(self, rows: Sequence[Sequence[Any]]) -> None:
        """Runs the statement for each row, in one transaction."""
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.executemany(self.sql, rows)

    def _run(self, parameters: Sequence[Any]) -> Any:
        if connection.connection is None:
            connection.ensure_connection()
        if _is_observed():
            cursor = connection.cursor()
            cursor.execute(self.sql, parameters)
            return cursor
        with connection.wrap_database_errors:
            driver: Any = connection.connection
            if connection.vendor == "sqlite":
                return driver.execute(self._qmark, parameters)
            return self._execute_prepared(driver, parameters)

    def _execute_prepared(self, driver: Any, parameters: Sequence[Any]) -> Any:
        # Not with the cursor class that Django sets on the driver: it inserts the values into the
        # SQL text, so that PostgreSQL parses and plans the statement each time.
        return _prepared_cursor()(driver).execute(self.sql, parameters, prepare=True)


@cache
def _prepared_cursor() -> Any:
    from psycopg import Cursor

    return Cursor


def _is_observed() -> bool:
    """Whether statements are counted or timed, as tests and the bench do."""
    return bool(connection.execute_wrappers or connection.queries_logged)


def columns_of(model: type[models.Model]) -> list[str]:
    """The columns that a new row of `model` must be given: all but an automatic key."""
    return [
        str(field.column)
        for field in model._meta.concrete_fields
        if not isinstance(field, models.AutoField)
    ]


def insert_statement(name: str, model: type[models.Model], columns: Sequence[str]) -> Statement:
    """The INSERT of one row of `model` with values for `columns`, in this order."""
    quoted = ", ".join(f'"{column}"' for column in columns)
    places = ", ".join(["%s"] * len(columns))
    # Names of our own models only, no value.
    sql = f'INSERT INTO "{model._meta.db_table}" ({quoted}) VALUES ({places})'  # noqa: S608
    return Statement(name, sql, inserts=model)
