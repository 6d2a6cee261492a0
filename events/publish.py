"""The only way to publish an event."""

import logging
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import orjson
from django.conf import settings
from django.db import connection, transaction
from django.utils.module_loading import import_string

from events.catalogue import EVENT_TYPES, ThreadEvent
from events.models import Event, event_data
from wire.statements import insert_statement
from wire.values import uuid_value

logger = logging.getLogger(__name__)

Recorder = Callable[[ThreadEvent], None]
Sink = Callable[[Sequence[ThreadEvent]], None]

_INSERT = insert_statement(
    "insert an event",
    Event,
    ("resource_id", "thread_id", "sequence", "type", "at_ms", "data"),
)


@cache
def _imported(paths: tuple[str, ...]) -> tuple[Any, ...]:
    return tuple(import_string(path) for path in paths)


@cache
def _recorders(paths: tuple[str, ...], type_name: str) -> tuple[Recorder, ...]:
    return tuple(one for one in _imported(paths) if EVENT_TYPES[type_name] in one.event_types)


def recorders_of(event_type: type[ThreadEvent]) -> tuple[Recorder, ...]:
    """The recorders (`EVENT_RECORDERS`) that write something for events of this type."""
    return _recorders(tuple(settings.EVENT_RECORDERS), event_type.__name__)


def records(*event_types: type[ThreadEvent]) -> Callable[[Recorder], Recorder]:
    """Declares which events a recorder is called for."""

    def declare(recorder: Recorder) -> Recorder:
        recorder.event_types = frozenset(event_types)  # type: ignore[attr-defined]
        return recorder

    return declare


def publish(event: ThreadEvent) -> None:
    """Stores `event` in the transaction of the change it describes, and announces it after commit.

    The recorders (`EVENT_RECORDERS`) run inside the transaction: all or nothing. Call it only
    from a service, with the thread row locked by `ChatThread.objects.advance`.
    """
    _INSERT.execute(
        (
            uuid_value(event.resource_id),
            event.thread_id,
            event.sequence,
            event.type,
            event.at_ms,
            orjson.dumps(event_data(event)).decode(),
        )
    )
    for recorder in recorders_of(type(event)):
        recorder(event)
    announce_after_commit(event)


class _Announcement:
    """Announces the events of one transaction together, when it is committed."""

    def __init__(self) -> None:
        self.events: list[ThreadEvent] = []
        self.savepoints = set(connection.savepoint_ids)
        # Django logs the name of a robust handler that fails (Django ticket 36487).
        self.__qualname__ = "announce_events"

    def __call__(self) -> None:
        _announce(self.events)


def announce_after_commit(*events: ThreadEvent) -> None:
    """Announces events whose rows were written in this transaction, after its commit."""
    if not connection.in_atomic_block:
        _announce(events)
        return
    # Django forgets handlers when the transaction, or the savepoint, is rolled back.
    handlers = connection.run_on_commit
    last = handlers[-1][1] if handlers else None
    if not isinstance(last, _Announcement) or last.savepoints != set(connection.savepoint_ids):
        last = _Announcement()
        transaction.on_commit(last, robust=True)
    last.events.extend(events)


def announce(event: ThreadEvent) -> None:
    """Hands an event that is not stored to the sinks, after commit if there is a transaction."""
    announce_after_commit(event)


def _announce(events: Sequence[ThreadEvent]) -> None:
    """Hands events to the sinks (`EVENT_SINKS`). A failing sink is only logged."""
    for sink in _imported(tuple(settings.EVENT_SINKS)):
        try:
            sink(events)
        except Exception:
            logger.exception(
                "Event sink failed sink=%s events=%d", getattr(sink, "__name__", sink), len(events)
            )
