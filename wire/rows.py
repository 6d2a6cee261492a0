"""Inserting a row without the price of the ORM, for the few writes that every message makes."""

from functools import cache

from django.db import connection
from django.db.models import AutoField, Model


@cache
def _statement(model: type[Model]) -> tuple[str, tuple[str, ...]]:
    fields = [field for field in model._meta.concrete_fields if not isinstance(field, AutoField)]
    quote = connection.ops.quote_name
    columns = ", ".join(quote(str(field.column)) for field in fields)
    places = ", ".join(["%s"] * len(fields))
    table = quote(model._meta.db_table)
    # Names of our own models only, no value.
    sql = f"INSERT INTO {table} ({columns}) VALUES ({places})"  # noqa: S608
    return sql, tuple(field.name for field in fields)


def insert(row: Model) -> None:
    """Inserts an unsaved row with what its fields hold; its key is not read back.

    `Model.save` compiles the same statement anew each time, which takes longer than running it.
    """
    sql, names = _statement(type(row))
    values = []
    for name in names:
        field = row._meta.get_field(name)
        values.append(field.get_db_prep_save(field.pre_save(row, True), connection))  # type: ignore[union-attr]
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
