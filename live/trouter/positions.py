"""Which connection of a client receives in this process, and how far each has answered.

Positions are written to the database a few times a second, not for each answer. A server process
that is killed loses the answers of the last moment: those pushes come once more, none is lost.
"""

import asyncio
import logging
import time
import uuid
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from django.db import DatabaseError

from events.following import Cursor
from live import layer
from live.database import socket_desk
from live.hub import Hub
from live.readers import Ending
from live.trouter import endpoints

if TYPE_CHECKING:
    from live.trouter.readers import TrouterReader

logger = logging.getLogger(__name__)

# Seconds.
SAVE_AFTER = 0.25
SAVE_ALL_AFTER = 30.0
LOOK_FOR_OTHERS_AFTER = 5.0
FORGET_AFTER = 600.0


class Positions:
    """The receiving connections of one hub, one for each client."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._readers: dict[int, TrouterReader] = {}
        self._moved: set[TrouterReader] = set()
        self._is_due = False
        now = time.monotonic()
        self._looked = self._saved_all = self._forgot = now
        self._saving: set[asyncio.Task[None]] = set()
        hub.chores.append(self._chore)
        hub.listeners["taken"] = self._hear_taken

    def take_over(self, reader: "TrouterReader") -> Cursor | None:
        """Makes `reader` the receiving one; where the one before it was, if it was here."""
        before = self._readers.get(reader.endpoint_id)
        self._readers[reader.endpoint_id] = reader
        if layer.reaches_others():
            taken = [reader.endpoint_id, reader.connection.hex]
            self._do(layer.tell({"taken": taken}))
        if before is None:
            return None
        position = before.position(self._hub.cursor)
        self._retire(before)
        return position

    def _retire(self, reader: "TrouterReader") -> None:
        self._hub.detach(reader)
        self._moved.discard(reader)
        reader.end(Ending.REPLACED)

    def note(self, reader: "TrouterReader") -> None:
        """The position of `reader` has moved; it is written soon."""
        self._moved.add(reader)
        if not self._is_due:
            self._is_due = True
            self._hub.loop.call_later(SAVE_AFTER, lambda: self._do(self._save_moved()))

    async def save(self, reader: "TrouterReader") -> None:
        """Writes the position of `reader` now."""
        await self._save([reader])

    async def release(self, reader: "TrouterReader") -> None:
        """Lets a connection go that has ended, and writes where its client will go on."""
        position = reader.position(self._hub.cursor)
        self._hub.detach(reader)
        self._moved.discard(reader)
        if self._readers.get(reader.endpoint_id) is reader:
            del self._readers[reader.endpoint_id]
            if position is not None:
                place = (reader.endpoint_id, reader.connection, position)
                await socket_desk.run(endpoints.save_positions, [place])

    async def _save_moved(self) -> None:
        self._is_due = False
        moved, self._moved = self._moved, set()
        try:
            await self._save(moved)
        except DatabaseError:
            logger.exception("Positions could not be written; trying again")
            for reader in moved:
                self.note(reader)

    async def _save(self, readers: "set[TrouterReader] | list[TrouterReader]") -> None:
        places = [
            (reader.endpoint_id, reader.connection, position)
            for reader in readers
            if (position := reader.position(self._hub.cursor)) is not None
        ]
        if places:
            await socket_desk.run(endpoints.save_positions, places)

    def _do(self, work: Coroutine[Any, Any, None]) -> None:
        # Kept until it is done, for the loop itself holds tasks only weakly.
        task = asyncio.ensure_future(work)
        self._saving.add(task)
        task.add_done_callback(self._saving.discard)

    def _hear_taken(self, taken: "tuple[int, str]") -> None:
        """Another process says that a client has connected there."""
        endpoint_id, connection = taken
        reader = self._readers.get(endpoint_id)
        if reader is not None and reader.connection != uuid.UUID(connection):
            self._give_up(reader)

    def _give_up(self, reader: "TrouterReader") -> None:
        self._readers.pop(reader.endpoint_id, None)
        self._retire(reader)

    async def _chore(self, now: float) -> None:
        if now - self._looked >= LOOK_FOR_OTHERS_AFTER:
            self._looked = now
            # In case the message of the other process was lost.
            held = [(pk, reader.connection) for pk, reader in self._readers.items()]
            for pk in await socket_desk.run(endpoints.replaced, held):
                if pk in self._readers and (pk, self._readers[pk].connection) in held:
                    self._give_up(self._readers[pk])
        if now - self._saved_all >= SAVE_ALL_AFTER:
            self._saved_all = now
            await self._save(list(self._readers.values()))
        if now - self._forgot >= FORGET_AFTER:
            self._forgot = now
            await socket_desk.run(endpoints.forget_old)


_of_hubs: "WeakKeyDictionary[Hub, Positions]" = WeakKeyDictionary()


def positions(hub: Hub) -> Positions:
    """Those of a hub."""
    if hub not in _of_hubs:
        _of_hubs[hub] = Positions(hub)
    return _of_hubs[hub]
