"""Claiming due rows of a table that serves as a queue; of several workers one gets each row.

A claim is a lease: it moves the row's due time ahead. If the worker dies, the row becomes due
again when the lease ends.
"""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from django.db import connection, transaction
from django.db.models import F, Model, QuerySet

Row = TypeVar("Row", bound=Model)


def claim_due(
    due: "QuerySet[Row]",
    until_ms: int,
    *,
    most: int,
    due_field: str = "due_ms",
    attempts_field: str = "attempts",
    choose: Callable[[list[Row]], Sequence[Row]] = lambda rows: rows,
    **values: Any,
) -> Sequence[Row]:
    """Claims up to `most` rows of `due` until `until_ms`, counts the attempt, and returns them.

    `choose` may narrow the rows down before they are claimed; it runs in the same transaction.
    `values` are further columns to set. The returned instances have the new values.
    """
    # Checked first: a transaction that writes would take SQLite's write lock at every poll.
    if most <= 0 or not due.exists():
        return []
    with transaction.atomic():
        chosen = choose(list(_locked(due)[:most]))
        if chosen:
            changes = {due_field: until_ms, **values}
            keys = [row.pk for row in chosen]
            due.model._default_manager.filter(pk__in=keys).update(
                **changes, **{attempts_field: F(attempts_field) + 1}
            )
            for row in chosen:
                vars(row).update(changes, **{attempts_field: getattr(row, attempts_field) + 1})
    return chosen


def _locked(due: "QuerySet[Row]") -> "QuerySet[Row]":
    """The rows, locked; rows that another worker claims at this moment are skipped.

    SQLite has one writer at a time, which has the same effect.
    """
    if connection.features.has_select_for_update_skip_locked:
        return due.select_for_update(skip_locked=True, of=("self",))
    return due
