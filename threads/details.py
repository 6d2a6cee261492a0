"""Additional members of the threads in a list: the query parameter `include`.

`THREAD_DETAILS` maps each value of `include` to a function, because most of the data is in higher
rooms. Each function describes all threads of a page at once. Without the parameter the response is
that of the real service (docs/api-extensions.md).
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import connection
from django.utils.module_loading import import_string
from rest_framework.request import Request

from identity.callers import Caller
from threads.models import Participant
from wire.errors import bad_request
from wire.versions import ApiVersion


@dataclass(frozen=True)
class Viewed:
    """A thread that the caller takes part in."""

    thread_pk: int
    participant_count: int


# Returns the values by the primary key of the thread; threads without one are left out.
Detail = Callable[[Caller, ApiVersion, Sequence[Viewed]], dict[int, Any]]


def wanted(request: Request) -> list[str]:
    """The values of `include` without duplicates. Raises ChatError 400 for an unknown one."""
    text = request.query_params.get("include", "")
    names = [name.strip() for name in text.split(",") if name.strip()]
    for name in names:
        if name not in settings.THREAD_DETAILS:
            raise bad_request(f"The value '{name}' is not valid for include.", target="include")
    return list(dict.fromkeys(names))


def describe(
    caller: Caller, version: ApiVersion, names: Sequence[str], thread_pks: Sequence[int]
) -> dict[int, dict[str, Any]]:
    """The members in `names`, for those of the threads that the caller takes part in.

    All are read from one snapshot, so that a client that follows the events can determine from
    the last message which events the counts include.
    """
    if not names or not thread_pks:
        return {}
    with _snapshot():
        return _describe(caller, version, names, thread_pks)


@contextmanager
def _snapshot() -> Iterator[None]:
    """Everything read inside is consistent, regardless of concurrent commits."""
    if connection.in_atomic_block:
        yield
        return
    # Not transaction.atomic: on SQLite it would wait for writers (see `chatsite.databases`), and on
    # PostgreSQL it would see what is committed between two statements.
    isolation = "" if connection.vendor == "sqlite" else " ISOLATION LEVEL REPEATABLE READ"
    with connection.cursor() as cursor:
        cursor.execute(f"BEGIN{isolation}")
        try:
            yield
        finally:
            cursor.execute("COMMIT")


def _describe(
    caller: Caller, version: ApiVersion, names: Sequence[str], thread_pks: Sequence[int]
) -> dict[int, dict[str, Any]]:
    counts = (
        Participant.objects.current()
        .filter(user=caller.user_id, thread__in=thread_pks, thread__deleted_ms=None)
        .values_list("thread_id", "thread__participant_count")
    )
    viewed = [Viewed(*row) for row in counts]
    described: dict[int, dict[str, Any]] = {item.thread_pk: {} for item in viewed}
    for name in names:
        detail: Detail = import_string(settings.THREAD_DETAILS[name])
        for thread_pk, value in detail(caller, version, viewed).items():
            described[thread_pk][name] = value
    return described


def participant_count(
    caller: Caller, version: ApiVersion, viewed: Sequence[Viewed]
) -> dict[int, Any]:
    """How many participants each thread has."""
    return {item.thread_pk: item.participant_count for item in viewed}
