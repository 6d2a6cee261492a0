"""The only way to publish an event."""

import logging
from collections.abc import Callable
from functools import cache

from django.conf import settings
from django.db import transaction
from django.utils.module_loading import import_string

from events.catalogue import ThreadEvent
from events.models import Event
from wire.rows import insert

logger = logging.getLogger(__name__)

Handler = Callable[[ThreadEvent], None]


@cache
def _handlers(paths: tuple[str, ...]) -> tuple[Handler, ...]:
    return tuple(import_string(path) for path in paths)


def publish(event: ThreadEvent) -> None:
    """Stores `event` in the transaction of the change it describes, and announces it after commit.

    The recorders (`EVENT_RECORDERS`) run inside the transaction: all or nothing. Call it only
    from a service, with the thread row locked by `ChatThread.objects.advance`.
    """
    insert(Event.of(event))
    for recorder in _handlers(tuple(settings.EVENT_RECORDERS)):
        recorder(event)

    # A function with a name: Django logs the name of a robust handler that fails, and a partial
    # has none (Django ticket 36487).
    def announce_event() -> None:
        announce(event)

    transaction.on_commit(announce_event, robust=True)


def announce(event: ThreadEvent) -> None:
    """Hands an event to the sinks (`EVENT_SINKS`). A sink that fails is only logged."""
    for sink in _handlers(tuple(settings.EVENT_SINKS)):
        try:
            sink(event)
        except Exception:
            logger.exception(
                "Event sink failed sink=%s type=%s thread=%s",
                getattr(sink, "__module__", sink),
                event.type,
                event.thread_id,
            )
