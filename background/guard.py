"""Runs background work: a failure is logged and counted, and does not end the thread."""

import logging
from collections.abc import Callable
from typing import TypeVar

from django.db import DatabaseError, close_old_connections, connection

from wire import telemetry

logger = logging.getLogger(__name__)

_MOST_TEXT = 1000
Result = TypeVar("Result")


class LastError:
    """The most recent failure of background work in this process, shown on the workers' page."""

    text = ""


def run_guarded(work: Callable[[], Result], *, job: str, source: str = "worker") -> Result | None:
    """Returns what `work` returns, or None if it raised; `source` is for StorageErrors."""
    try:
        close_old_connections()
        return work()
    except Exception as problem:
        logger.exception("Background job failed job=%s", job)
        if isinstance(problem, DatabaseError):
            telemetry.count("StorageErrors", Source=source)
        LastError.text = repr(problem)[:_MOST_TEXT]
        # The connection itself may be what failed.
        connection.close()
        return None
