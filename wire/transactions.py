"""Transactions of services: separate ones, or one that requests share in a group commit."""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import DatabaseError, OperationalError, connection, transaction

logger = logging.getLogger(__name__)

# How long the writer thread of PostgreSQL waits for a row that another transaction has locked. A
# request that needs longer is passed on to its view, so that later requests do not wait for it.
_LOCK_TIMEOUT = "200ms"


class OutcomeUnknown(OperationalError):
    """The connection broke while a transaction was committed: it may or may not be stored.

    Repeating the work could do it twice.
    """


class _State(threading.local):
    is_grouped = False
    shares_transaction = False


_state = _State()


def is_grouped() -> bool:
    """Whether this thread does the work of several requests together (`wire.write_queue`)."""
    return _state.is_grouped


@contextmanager
def grouped() -> Iterator[None]:
    """Units of work of several requests.

    On SQLite they share one transaction. On PostgreSQL each has its own, or shares one with the
    rest of a pipeline (`Statement.fetch_each`): a longer one would keep rows of chat threads
    locked.
    """
    # Still true while the handlers run that were registered with `on_commit`.
    _state.is_grouped = True
    try:
        if shares_transactions():
            _state.shares_transaction = True
            with transaction.atomic(durable=True):
                yield
        else:
            _limit_lock_waits()
            yield
    finally:
        _state.is_grouped = _state.shares_transaction = False


def shares_transactions() -> bool:
    """Whether units of work in `grouped` succeed or fail together."""
    return connection.vendor == "sqlite"


def _limit_lock_waits() -> None:
    if connection.connection is None:
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = %s", [_LOCK_TIMEOUT])


def give_up_connection() -> None:
    """Closes this thread's connection after `grouped`; for a pool, its settings are reset first."""
    try:
        if connection.vendor == "postgresql" and connection.connection is not None:
            with connection.cursor() as cursor:
                cursor.execute("RESET lock_timeout")
    except DatabaseError:
        logger.debug("The connection of grouped work is broken", exc_info=True)
    finally:
        connection.close()


@contextmanager
def unit_of_work() -> Iterator[None]:
    """The transaction of a service: committed at its end, unless it is part of a group."""
    if _state.shares_transaction:
        yield
        return
    with transaction.atomic(durable=True):
        yield
