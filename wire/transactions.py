"""Transactions of services: their own, or the one that a group commit shares among several."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import transaction


class _State(threading.local):
    is_grouped = False


_state = _State()


def is_grouped() -> bool:
    """Whether this thread runs several units of work in one transaction (`wire.write_queue`)."""
    return _state.is_grouped


@contextmanager
def grouped() -> Iterator[None]:
    """One transaction for the units of work inside."""
    # True until the handlers that run after the commit have run.
    _state.is_grouped = True
    try:
        with transaction.atomic(durable=True):
            yield
    finally:
        _state.is_grouped = False


@contextmanager
def unit_of_work() -> Iterator[None]:
    """The transaction of a service: committed at its end, unless it is part of a group."""
    if _state.is_grouped:
        yield
        return
    with transaction.atomic(durable=True):
        yield
