"""Fast inserts of single rows, for the writes that every message causes."""

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
    # Contains only names from our own models, no values.
    sql = f"INSERT INTO {table} ({columns}) VALUES ({places})"  # noqa: S608
    return sql, tuple(field.name for field in fields)


def insert(row: Model) -> None:
    """Inserts an unsaved row. Its primary key is not set.

    `Model.save` compiles the statement at each call, which takes longer than running it.
    """
    sql, names = _statement(type(row))
    values = []
    for name in names:
        field = row._meta.get_field(name)
        values.append(field.get_db_prep_save(field.pre_save(row, True), connection))  # type: ignore[union-attr]
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
