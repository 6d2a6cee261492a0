"""The hub: one per server process, between the event log and the sockets.

It follows the log (`events.following`), so that nothing is lost, doubled or out of order whatever
happens to an announcement: announcements only say that there is something to read. See
docs/decisions/0004-live-follows-the-log.md.
"""

import asyncio
import logging
import threading
import time
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

from django.db import DatabaseError

from events.catalogue import ThreadEvent
from events.following import Cursor, end
from live import credentials, layer, log
from live.announcements import Announcement, size_of
from live.database import hub_desk, socket_desk
from live.readers import Ending, Reader
from live.roster import Roster
from live.unstored import unpacked
from wire import telemetry

logger = logging.getLogger(__name__)

# Without an announcement the log is looked at so often: seconds.
POLL = 1.0
# Events read at a time.
BATCH = 100
# So many are passed on without a pause.
A_FEW = 3
# The loop serves others in between when passing events on takes longer: seconds.
TURN = 0.01
MOST_BYTES_IN_A_TURN = 256 * 1024
TICK = 1.0
REVOCATION_CHECK = 3.0
PAUSE_AFTER_FAILURE = 0.5


# A reader, and what is done once it has been taken in.
_Newcomer = tuple[Reader, "asyncio.Future[None]"]


@dataclass(frozen=True, slots=True)
class _Batch:
    """What was read at once: events, the cursor behind them, and what to do after them."""

    entries: Sequence[log.Entry]
    end: Cursor | None
    unstored: Sequence[ThreadEvent] = ()
    heard: "Future[None] | None" = None


class Hub:
    """The readers of one process, and its place in the log. Lives in one event loop.

    Two places, to be exact: up to the first the log has been read, by whatever thread had reason
    to; up to `cursor` it has been passed on, by the loop, in the order of reading.
    """

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.thread = threading.get_ident()
        self.roster = Roster()
        self.readers: set[Reader] = set()
        self.cursor = Cursor()
        # Called about once a second while there are readers, with `time.monotonic()`.
        self.chores: list[Callable[[float], Awaitable[None]]] = []
        # By name, who hears what other processes say beside announcements.
        self.listeners: dict[str, Callable[[Any], None]] = {}
        self._reading = threading.Lock()
        self._read_to: Cursor | None = None
        self._batches: deque[_Batch] = deque()
        self._filled = asyncio.Event()
        # Readers that want to be taken in; the first of them begin the next round.
        self._newcomers: list[_Newcomer] = []
        self._unstored: list[ThreadEvent] = []
        self._woken = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    # --- called by sockets -----------------------------------------------------------------------

    async def attach(self, reader: Reader) -> None:
        """Takes a reader in: from `reader.start` on it is offered what it may see."""
        if not self._tasks:
            self._tasks = [
                asyncio.create_task(self._follow_for_ever()),
                asyncio.create_task(self._pass_on_for_ever()),
                asyncio.create_task(self._look_after_readers()),
                asyncio.create_task(layer.listen(self._hear_others)),
            ]
        admitted: asyncio.Future[None] = self.loop.create_future()
        self._newcomers.append((reader, admitted))
        self._woken.set()
        try:
            await admitted
        except asyncio.CancelledError:
            self._newcomers = [one for one in self._newcomers if one[0] is not reader]
            self.detach(reader)
            raise

    def detach(self, reader: Reader) -> None:
        """Lets a reader go."""
        self.readers.discard(reader)
        self.roster.discard(reader)

    async def replay(self, reader: Reader, after: Cursor) -> None:
        """Sends what the reader missed since `after`, then lets it go live."""
        beyond = -1
        while after != reader.start and not reader.ending:
            missed = await socket_desk.run(
                log.missed, reader.scope, after, reader.start, beyond=beyond, limit=BATCH
            )
            for entry in missed:
                reader.deliver(Announcement(entry.event, entry.cursor))
                await reader.pause()
            if len(missed) < BATCH:
                break
            beyond = missed[-1].id
        await reader.go_live()

    def end_all(self) -> None:
        """Ends every connection, since the server stops; it closes its WebSockets itself."""
        for reader in list(self.readers):
            reader.end_with_server()

    # --- called by announcements -----------------------------------------------------------------

    def hear(self, event: ThreadEvent | None = None) -> None:
        """There is something new in the log, or an event that is not stored. In the loop."""
        if event is not None:
            self._unstored.append(event)
        self._woken.set()

    def read_on(
        self, unstored: Sequence[ThreadEvent] = (), heard: "Future[None] | None" = None
    ) -> None:
        """Reads what is new in the log and has it passed on, followed by `unstored`.

        For any thread but the loop's. `heard` is done when all of it has been passed on.
        """
        with self._reading:
            rest: Sequence[log.Entry] = ()
            while self._read_to is not None:
                start = self._read_to
                rows, self._read_to = log.read_after(start, BATCH)
                rest = log.entries(start, self._read_to, rows)
                if len(rows) < BATCH:
                    break
                self._hand_over(_Batch(rest, self._read_to))
            self._hand_over(_Batch(rest, self._read_to, unstored, heard))

    def _hand_over(self, batch: "_Batch") -> None:
        # In the lock, so that batches stay in order.
        self.loop.call_soon_threadsafe(self._take, batch)

    def _hear_others(self, message: dict[str, Any]) -> None:
        for name, listener in self.listeners.items():
            if name in message:
                listener(message[name])
        for unstored in message.get("unstored", ()):
            self.hear(unpacked(unstored))
        self.hear()

    # --- following -------------------------------------------------------------------------------

    async def _follow_for_ever(self) -> None:
        while True:
            try:
                async with asyncio.timeout(POLL if self.readers or self._newcomers else None):
                    await self._woken.wait()
            except TimeoutError:
                pass
            self._woken.clear()
            unstored, self._unstored = self._unstored, []
            # Those who come later wait for the next round: they may know events that this one
            # does not read, from another process, and would get them twice.
            newcomers = list(self._newcomers)
            try:
                if newcomers:
                    passed_on: Future[None] = Future()
                    await hub_desk.run(self._read_on_or_start, unstored, passed_on)
                    await asyncio.wrap_future(passed_on)
                    await self._admit(newcomers)
                    # What was committed meanwhile was perhaps announced to nobody.
                    self._woken.set()
                elif self.readers:
                    await hub_desk.run(self.read_on, unstored)
                else:
                    # Nobody is there to miss anything.
                    await hub_desk.run(self._stop_reading)
            except DatabaseError:
                logger.exception("The event log could not be read; trying again")
                self._woken.set()
                await asyncio.sleep(PAUSE_AFTER_FAILURE)
            except Exception:
                logger.exception("Following the event log failed")
                await asyncio.sleep(PAUSE_AFTER_FAILURE)

    def _read_on_or_start(self, unstored: Sequence[ThreadEvent], passed_on: "Future[None]") -> None:
        """Reads on, or begins at the end of the log if nothing has been read so far."""
        with self._reading:
            if self._read_to is None:
                self._read_to = end()
                # Behind what earlier readers, who have gone, still had coming.
                self._hand_over(_Batch((), self._read_to))
        self.read_on(unstored, passed_on)

    def _stop_reading(self) -> None:
        with self._reading:
            self._read_to = None

    def _take(self, batch: "_Batch") -> None:
        self._batches.append(batch)
        if len(self._batches) > 1 or len(batch.entries) > A_FEW:
            self._filled.set()
            return
        # The usual case, and the shortest way.
        for entry in batch.entries:
            self._pass_on_entry(entry)
        self._finish(batch)

    async def _pass_on_for_ever(self) -> None:
        while True:
            await self._filled.wait()
            self._filled.clear()
            while self._batches:
                batch = self._batches[0]
                turn, size = time.monotonic(), 0
                for entry in batch.entries:
                    self._pass_on_entry(entry)
                    size += size_of(entry.event)
                    if time.monotonic() - turn > TURN or size > MOST_BYTES_IN_A_TURN:
                        # The server writes to its sockets in between.
                        await asyncio.sleep(0)
                        turn, size = time.monotonic(), 0
                self._finish(batch)
                await asyncio.sleep(0)

    def _pass_on_entry(self, entry: log.Entry) -> None:
        self.cursor = entry.cursor
        self._pass_on(Announcement(entry.event, entry.cursor))

    def _finish(self, batch: "_Batch") -> None:
        if batch.end is not None:
            self.cursor = batch.end
        for event in batch.unstored:
            self._pass_on(Announcement(event, self.cursor))
        self._batches.popleft()
        if batch.heard and not batch.heard.done():
            batch.heard.set_result(None)

    def _pass_on(self, announcement: Announcement) -> None:
        """To every local reader that may see it, in one go: two events never interleave."""
        event, taken = announcement.event, 0
        for reader in list(self.roster.recipients(event)):
            try:
                taken += reader.offer(announcement)
            except Exception:
                # The others must not miss it for that.
                logger.exception("An event could not be sent")
        self.roster.settle(event)
        if taken:
            telemetry.count(
                "RealtimeEvents", times=taken, resource_id=event.resource_id, Event=event.type
            )

    async def _admit(self, newcomers: "list[_Newcomer]") -> None:
        users = {r.scope.user_id for r, _ in newcomers if r.scope.user_id is not None}
        # Read later than the cursor, which is fine: stays say exactly from when to when.
        stays = await hub_desk.run(log.stays_of, users)
        for newcomer in newcomers:
            reader, admitted = newcomer
            if admitted.cancelled():
                continue
            self._newcomers.remove(newcomer)
            reader.start = self.cursor
            user_id = reader.scope.user_id
            self.roster.add(reader, stays[user_id] if user_id is not None else {})
            self.readers.add(reader)
            admitted.set_result(None)

    # --- looking after readers -------------------------------------------------------------------

    async def _look_after_readers(self) -> None:
        checked = time.monotonic()
        while True:
            await asyncio.sleep(TICK)
            if not self.readers:
                continue
            try:
                self._tick()
                if time.monotonic() - checked >= REVOCATION_CHECK:
                    await self._end_revoked()
                    checked = time.monotonic()
                for chore in self.chores:
                    await chore(time.monotonic())
            except Exception:
                logger.exception("Looking after live connections failed")

    def _tick(self) -> None:
        now, clock = time.monotonic(), time.time()
        for reader in list(self.readers):
            if reader.credential.expires <= clock:
                reader.end(Ending.UNAUTHORIZED)
            else:
                reader.tick(now, self.cursor)

    async def _end_revoked(self) -> None:
        held = {reader.credential for reader in self.readers}
        revoked = await hub_desk.run(credentials.revoked, held)
        for reader in list(self.readers):
            if reader.credential in revoked:
                reader.end(Ending.REVOKED)


_current: Hub | None = None


def here() -> Hub:
    """The hub of the running loop."""
    global _current
    if _current is None or _current.loop is not asyncio.get_running_loop():
        _current = Hub()
    return _current


def end_all() -> None:
    """Ends the live connections of this process."""
    if _current is not None:
        _current.end_all()


def connections() -> float:
    """How many live connections this process has; what `wire.telemetry` asks for."""
    return float(len(_current.readers)) if _current is not None else 0.0


def current() -> Hub | None:
    """The hub of this process, if it has one; for other threads."""
    hub = _current
    return hub if hub is not None and hub.loop.is_running() else None
