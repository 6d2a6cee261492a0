"""More about the threads of a list, for clients that ask: the query parameter `include`.

`THREAD_DETAILS` names a function for each word that may be asked for, because most of the answers
are in rooms above. Each tells about all threads of a page in one go. Older clients, which do not
ask, are answered as the real service answers them (docs/api-extensions.md).
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
    """A thread as somebody who takes part in it sees it."""

    thread_pk: int
    participant_count: int


# What there is to say, by the key of the thread; threads with nothing to say are left out.
Detail = Callable[[Caller, ApiVersion, Sequence[Viewed]], dict[int, Any]]


def wanted(request: Request) -> list[str]:
    """The words of `include`, each once. Raises ChatError 400 for one that means nothing."""
    text = request.query_params.get("include", "")
    names = [name.strip() for name in text.split(",") if name.strip()]
    for name in names:
        if name not in settings.THREAD_DETAILS:
            raise bad_request(f"The value '{name}' is not valid for include.", target="include")
    return list(dict.fromkeys(names))


def describe(
    caller: Caller, version: ApiVersion, names: Sequence[str], thread_pks: Sequence[int]
) -> dict[int, dict[str, Any]]:
    """The members that `names` ask for, of those of the threads that the caller takes part in.

    They are all of one moment: a client that follows the events can tell by the last message
    which of them are counted.
    """
    if not names or not thread_pks:
        return {}
    with _one_moment():
        return _describe(caller, version, names, thread_pks)


@contextmanager
def _one_moment() -> Iterator[None]:
    """What is read inside belongs together, whatever others commit meanwhile."""
    if connection.in_atomic_block:
        yield
        return
    # Django's own transactions would, on SQLite, wait for whoever writes (see `chatsite.databases`)
    # and, on PostgreSQL, see what is committed between two statements.
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
    """How many take part."""
    return {item.thread_pk: item.participant_count for item in viewed}
