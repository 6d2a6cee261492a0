"""The connection on which each client receives, and the position that it has acknowledged.

Positions are written to the database a few times a second, not for every acknowledgment. If a
server process is killed, the most recent ones are lost, and those pushes are sent again.
"""

import asyncio
import logging
import time
import uuid
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from django.db import DatabaseError, connection

from events.following import Cursor
from live import layer
from live.database import connection_database
from live.hub import Hub
from live.subscribers import CloseReason
from live.trouter import endpoints

if TYPE_CHECKING:
    from live.trouter.subscribers import TrouterSubscriber

logger = logging.getLogger(__name__)

SAVE_DELAY_SECONDS = 0.25
# Well below RESUME_MS, after which a client counts as new.
SAVE_ALL_SECONDS = 120.0
REPLACED_CHECK_SECONDS = 5.0
CLEANUP_SECONDS = 600.0


class Positions:
    """The receiving connections of one hub, one for each client."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._subscribers: dict[int, TrouterSubscriber] = {}
        self._unsaved: set[TrouterSubscriber] = set()
        self._is_save_scheduled = False
        now = time.monotonic()
        self._checked_replaced = self._saved_all = self._cleaned_up = now
        self._tasks: set[asyncio.Task[None]] = set()
        hub.periodic_tasks.append(self._run_periodic)
        hub.peer_handlers["taken"] = self._handle_taken

    def take_over(self, subscriber: "TrouterSubscriber") -> Cursor | None:
        """Make `subscriber` the receiving connection of its client.

        Returns the position of the connection before it, if that one was in this process.
        """
        before = self._subscribers.get(subscriber.endpoint_id)
        self._subscribers[subscriber.endpoint_id] = subscriber
        if layer.reaches_peers():
            taken = [subscriber.endpoint_id, subscriber.connection.hex]
            self._start(layer.send_to_peers({"taken": taken}))
        if before is None:
            return None
        position = before.position(self._hub.cursor)
        self._replace(before)
        return position

    def _replace(self, subscriber: "TrouterSubscriber") -> None:
        self._hub.detach(subscriber)
        self._unsaved.discard(subscriber)
        subscriber.disconnect(CloseReason.REPLACED)

    def save_soon(self, subscriber: "TrouterSubscriber") -> None:
        """Write the position of `subscriber`, which has changed, within SAVE_DELAY_SECONDS."""
        self._unsaved.add(subscriber)
        if not self._is_save_scheduled:
            self._is_save_scheduled = True
            self._hub.loop.call_later(SAVE_DELAY_SECONDS, lambda: self._start(self._save_unsaved()))

    async def save(self, subscriber: "TrouterSubscriber") -> None:
        """Write the position of `subscriber` now."""
        await self._save([subscriber])

    async def release(self, subscriber: "TrouterSubscriber") -> None:
        """Remove a connection that has ended, and write where its client will resume."""
        position = subscriber.position(self._hub.cursor)
        self._hub.detach(subscriber)
        self._unsaved.discard(subscriber)
        if self._subscribers.get(subscriber.endpoint_id) is subscriber:
            del self._subscribers[subscriber.endpoint_id]
            if position is not None:
                row = (subscriber.endpoint_id, subscriber.connection, position)
                await connection_database.run(endpoints.save_positions, [row])

    async def _save_unsaved(self) -> None:
        self._is_save_scheduled = False
        unsaved, self._unsaved = self._unsaved, set()
        try:
            await self._save(unsaved)
        except DatabaseError:
            logger.exception("Saving positions failed, retrying")
            for subscriber in unsaved:
                self.save_soon(subscriber)

    async def _save(self, subscribers: "set[TrouterSubscriber] | list[TrouterSubscriber]") -> None:
        rows = [
            (subscriber.endpoint_id, subscriber.connection, position)
            for subscriber in subscribers
            if (position := subscriber.position(self._hub.cursor)) is not None
        ]
        if rows:
            await connection_database.run(endpoints.save_positions, rows)

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        # Referenced until it is done, because the event loop holds tasks only weakly.
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _handle_taken(self, taken: "tuple[int, str]") -> None:
        """Another process reports that a client has connected there."""
        endpoint_id, connection = taken
        subscriber = self._subscribers.get(endpoint_id)
        if subscriber is not None and subscriber.connection != uuid.UUID(connection):
            self._replaced_elsewhere(subscriber)

    def _replaced_elsewhere(self, subscriber: "TrouterSubscriber") -> None:
        self._subscribers.pop(subscriber.endpoint_id, None)
        self._replace(subscriber)

    async def _run_periodic(self, now: float) -> None:
        if _has_peers() and now - self._checked_replaced >= REPLACED_CHECK_SECONDS:
            self._checked_replaced = now
            await self._check_replaced()
        if now - self._saved_all >= SAVE_ALL_SECONDS:
            self._saved_all = now
            await self._save(list(self._subscribers.values()))
        if now - self._cleaned_up >= CLEANUP_SECONDS:
            self._cleaned_up = now
            await connection_database.run(endpoints.delete_old)

    async def _check_replaced(self) -> None:
        """Find connections that were replaced in another process whose message was lost."""
        held = [(pk, subscriber.connection) for pk, subscriber in self._subscribers.items()]
        for pk in await connection_database.run(endpoints.replaced, held):
            if pk in self._subscribers and (pk, self._subscribers[pk].connection) in held:
                self._replaced_elsewhere(self._subscribers[pk])


def _has_peers() -> bool:
    """Whether other server processes may share the database."""
    return layer.reaches_peers() or connection.vendor != "sqlite"


_of_hubs: "WeakKeyDictionary[Hub, Positions]" = WeakKeyDictionary()


def positions(hub: Hub) -> Positions:
    """The positions of a hub; created by the first call."""
    if hub not in _of_hubs:
        _of_hubs[hub] = Positions(hub)
    return _of_hubs[hub]
