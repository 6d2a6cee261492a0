"""The hub: one per server process, between the event log and the subscribers.

It follows the log (`events.following`), so that events are neither lost nor doubled nor reordered
even if notifications are lost: they only signal that the log has new events. See
docs/decisions/0004-live-follows-the-log.md.
"""

import asyncio
import logging
import threading
import time
from collections import deque
from collections.abc import Awaitable, Callable, Collection, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

from django.db import DatabaseError

from events.catalogue import ThreadEvent
from events.following import Cursor, end
from live import credentials, event_log, layer
from live.database import connection_database, hub_database
from live.ephemeral import from_message
from live.outgoing import OutgoingEvent, size_of
from live.subscriber_index import SubscriberIndex
from live.subscribers import CloseReason, Subscriber
from live.timer_wheel import TimerWheel
from wire import telemetry

logger = logging.getLogger(__name__)

# How often the log is read without a notification.
POLL_SECONDS = 1.0
# Events read by one query.
BATCH_SIZE = 100
# A batch of at most so many events is delivered at once, without the delivery task.
MAX_INLINE_EVENTS = 3
# The delivery task lets the loop do other work after so many seconds or bytes.
MAX_LOOP_SECONDS = 0.01
MAX_LOOP_BYTES = 256 * 1024
# How soon after a subscriber has joined the log is read again.
JOIN_SECONDS = 0.02
TICK_SECONDS = 1.0
REVOCATION_CHECK_SECONDS = 3.0
RETRY_SECONDS = 0.5


# A subscriber, and the future that is done once it has been admitted.
_Joining = tuple[Subscriber, "asyncio.Future[None]"]


@dataclass(frozen=True, slots=True)
class _Batch:
    """What was read at once: events, the cursor behind them, and what follows them.

    `delivered` is done once all of it has been delivered.
    """

    entries: Sequence[event_log.Entry]
    end: Cursor | None
    ephemeral: Sequence[ThreadEvent] = ()
    delivered: "Future[None] | None" = None


class Hub:
    """The subscribers of one process, and its position in the log. Belongs to one event loop.

    There are two positions: the log has been read up to `_read_to`, by any thread; it has been
    delivered up to `cursor`, by the loop, in the order of reading.
    """

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.thread = threading.get_ident()
        self.index = SubscriberIndex()
        self.subscribers: set[Subscriber] = set()
        self._has_subscribers = asyncio.Event()
        self._timers: TimerWheel[Subscriber] = TimerWheel(TICK_SECONDS)
        self.cursor = Cursor()
        # Called about once a second while there are subscribers, with `time.monotonic()`.
        self.periodic_tasks: list[Callable[[float], Awaitable[None]]] = []
        # Handlers of further members of messages from other processes, by the member's name.
        self.peer_handlers: dict[str, Callable[[Any], None]] = {}
        self._reading = threading.Lock()
        self._read_to: Cursor | None = None
        self._batches: deque[_Batch] = deque()
        self._has_batches = asyncio.Event()
        self._joining: list[_Joining] = []
        self._ephemeral: list[ThreadEvent] = []
        self._woken = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    # --- called by connections -------------------------------------------------------------------

    async def attach(self, subscriber: Subscriber) -> None:
        """Admit a subscriber: from `subscriber.start` on it is offered what it may see."""
        if not self._tasks:
            self._tasks = [
                asyncio.create_task(self._follow_log()),
                asyncio.create_task(self._deliver_batches()),
                asyncio.create_task(self._maintain_subscribers()),
                asyncio.create_task(layer.receive_from_peers(self._handle_peer_message)),
            ]
        admitted: asyncio.Future[None] = self.loop.create_future()
        self._joining.append((subscriber, admitted))
        self._woken.set()
        try:
            await admitted
        except asyncio.CancelledError:
            self._joining = [one for one in self._joining if one[0] is not subscriber]
            self.detach(subscriber)
            raise

    def detach(self, subscriber: Subscriber) -> None:
        """Remove a subscriber, if it is there."""
        self.subscribers.discard(subscriber)
        self.index.discard(subscriber)

    async def replay(self, subscriber: Subscriber, after: Cursor) -> None:
        """Send what the subscriber missed since `after`, then let it go live."""
        beyond = -1
        while after != subscriber.start and not subscriber.close_reason:
            missed = await connection_database.run(
                event_log.missed,
                subscriber.scope,
                after,
                subscriber.start,
                beyond=beyond,
                limit=BATCH_SIZE,
            )
            for entry in missed:
                subscriber.deliver(OutgoingEvent(entry.event, entry.cursor))
                await subscriber.wait_for_client()
            if len(missed) < BATCH_SIZE:
                break
            beyond = missed[-1].id
        await subscriber.go_live()

    def disconnect_all(self) -> None:
        """Disconnect every subscriber because the server stops."""
        for subscriber in list(self.subscribers):
            subscriber.disconnect_for_shutdown()

    # --- called by notifications -----------------------------------------------------------------

    def wake(self, ephemeral: ThreadEvent | None = None) -> None:
        """Read the log soon, and deliver an event that is not stored there. Loop thread only."""
        if ephemeral is not None:
            self._ephemeral.append(ephemeral)
        self._woken.set()

    def read_new(
        self, ephemeral: Sequence[ThreadEvent] = (), delivered: "Future[None] | None" = None
    ) -> None:
        """Read what is new in the log and schedule its delivery, followed by `ephemeral`.

        For any thread but the loop's. `delivered` is done when all of it has been delivered.
        """
        with self._reading:
            rest: Sequence[event_log.Entry] = ()
            while self._read_to is not None:
                start = self._read_to
                rows, self._read_to = event_log.read_after(start, BATCH_SIZE)
                rest = event_log.entries(start, self._read_to, rows)
                if len(rows) < BATCH_SIZE:
                    break
                self._schedule(_Batch(rest, self._read_to))
            self._schedule(_Batch(rest, self._read_to, ephemeral, delivered))

    def _schedule(self, batch: _Batch) -> None:
        # Called with the lock held, so that batches stay in order.
        self.loop.call_soon_threadsafe(self._take, batch)

    def _handle_peer_message(self, message: dict[str, Any]) -> None:
        for name, handler in self.peer_handlers.items():
            if name in message:
                handler(message[name])
        for ephemeral in message.get("unstored", ()):
            self.wake(from_message(ephemeral))
        self.wake()

    # --- following the log -----------------------------------------------------------------------

    async def _follow_log(self) -> None:
        while True:
            await self._wait_until_woken()
            ephemeral, self._ephemeral = self._ephemeral, []
            # Subscribers that come later wait for the next round: they may know events, from
            # another process, that this round does not read, and would get them twice.
            joining = list(self._joining)
            try:
                await self._follow_once(ephemeral, joining)
            except DatabaseError:
                logger.exception("Reading the event log failed, retrying")
                self._woken.set()
                await asyncio.sleep(RETRY_SECONDS)
            except Exception:
                logger.exception("Following the event log failed")
                await asyncio.sleep(RETRY_SECONDS)

    async def _wait_until_woken(self) -> None:
        try:
            async with asyncio.timeout(POLL_SECONDS if self.subscribers or self._joining else None):
                await self._woken.wait()
        except TimeoutError:
            pass
        self._woken.clear()

    async def _follow_once(
        self, ephemeral: Sequence[ThreadEvent], joining: Sequence[_Joining]
    ) -> None:
        if joining:
            delivered: Future[None] = Future()
            users = {s.scope.user_id for s, _ in joining if s.scope.user_id is not None}
            memberships = await hub_database.run(
                self._read_for_joining, ephemeral, delivered, users
            )
            await asyncio.wrap_future(delivered)
            self._admit(joining, memberships)
            # What was committed meanwhile may have notified no one. Soon, not at once: one look
            # at the log is enough for all that join at the same time.
            self.loop.call_later(JOIN_SECONDS, self._woken.set)
        elif self.subscribers:
            await hub_database.run(self.read_new, ephemeral)
        else:
            await hub_database.run(self._stop_reading)

    def _read_for_joining(
        self,
        ephemeral: Sequence[ThreadEvent],
        delivered: "Future[None]",
        users: Collection[int],
    ) -> dict[int, event_log.Memberships]:
        """Read on, or start at the end of the log if nothing has been read so far.

        Returns the memberships of `users`. They are read later than the log, which does no harm:
        memberships have exact bounds.
        """
        with self._reading:
            if self._read_to is None:
                self._read_to = end()
                # Behind what is still scheduled for earlier subscribers, which have gone.
                self._schedule(_Batch((), self._read_to))
        self.read_new(ephemeral, delivered)
        return event_log.memberships_of(users)

    def _stop_reading(self) -> None:
        with self._reading:
            self._read_to = None

    # --- delivering ------------------------------------------------------------------------------

    def _take(self, batch: _Batch) -> None:
        self._batches.append(batch)
        if len(self._batches) > 1 or len(batch.entries) > MAX_INLINE_EVENTS:
            self._has_batches.set()
            return
        # The usual case, and the shortest way.
        for entry in batch.entries:
            self._deliver_entry(entry)
        self._finish(batch)

    async def _deliver_batches(self) -> None:
        while True:
            await self._has_batches.wait()
            self._has_batches.clear()
            while self._batches:
                batch = self._batches[0]
                await self._deliver_entries(batch.entries)
                self._finish(batch)
                await asyncio.sleep(0)

    async def _deliver_entries(self, entries: Sequence[event_log.Entry]) -> None:
        started, size = time.monotonic(), 0
        for entry in entries:
            self._deliver_entry(entry)
            size += size_of(entry.event)
            if time.monotonic() - started > MAX_LOOP_SECONDS or size > MAX_LOOP_BYTES:
                # The server writes to its sockets in between.
                await asyncio.sleep(0)
                started, size = time.monotonic(), 0

    def _deliver_entry(self, entry: event_log.Entry) -> None:
        self.cursor = entry.cursor
        self._deliver(OutgoingEvent(entry.event, entry.cursor))

    def _finish(self, batch: _Batch) -> None:
        if batch.end is not None:
            self.cursor = batch.end
        for event in batch.ephemeral:
            self._deliver(OutgoingEvent(event, self.cursor))
        self._batches.popleft()
        if batch.delivered and not batch.delivered.done():
            batch.delivered.set_result(None)

    def _deliver(self, outgoing: OutgoingEvent) -> None:
        """Offer an event to every local subscriber that may see it, without a pause.

        So two events never interleave.
        """
        event, taken = outgoing.event, 0
        for subscriber in list(self.index.recipients(event)):
            try:
                taken += subscriber.offer(outgoing)
            except Exception:
                # The other subscribers must still get the event.
                logger.exception("Event delivery failed event_type=%s", event.type)
        self.index.record_departures(event)
        if taken:
            telemetry.count(
                "RealtimeEvents", times=taken, resource_id=event.resource_id, Event=event.type
            )

    def _admit(
        self, joining: Sequence[_Joining], memberships: dict[int, event_log.Memberships]
    ) -> None:
        for one in joining:
            subscriber, admitted = one
            if admitted.cancelled():
                continue
            self._joining.remove(one)
            subscriber.start = self.cursor
            user_id = subscriber.scope.user_id
            self.index.add(subscriber, memberships[user_id] if user_id is not None else {})
            self.subscribers.add(subscriber)
            self._has_subscribers.set()
            self._timers.add(subscriber, subscriber.next_check(time.monotonic(), time.time()))
            admitted.set_result(None)

    # --- maintenance -----------------------------------------------------------------------------

    async def _maintain_subscribers(self) -> None:
        checked = time.monotonic()
        while True:
            await self._has_subscribers.wait()
            await asyncio.sleep(TICK_SECONDS)
            if not self.subscribers:
                self._has_subscribers.clear()
                continue
            try:
                self._check_due()
                if time.monotonic() - checked >= REVOCATION_CHECK_SECONDS:
                    await self._disconnect_revoked()
                    checked = time.monotonic()
                for task in self.periodic_tasks:
                    await task(time.monotonic())
            except Exception:
                logger.exception("Maintenance of live connections failed")

    def _check_due(self) -> None:
        """Look at the subscribers whose token may have expired or whose client may be silent."""
        now, clock = time.monotonic(), time.time()
        for subscriber in self._timers.pop_due(now):
            if subscriber not in self.subscribers or subscriber.close_reason:
                continue
            if subscriber.credential.expires <= clock:
                subscriber.disconnect(CloseReason.UNAUTHORIZED)
                continue
            subscriber.tick(now, self.cursor)
            self._timers.add(subscriber, subscriber.next_check(now, clock))

    async def _disconnect_revoked(self) -> None:
        held = [subscriber.credential for subscriber in self.subscribers]
        revoked = await hub_database.run(credentials.revoked, held)
        if not revoked:
            return
        for subscriber in list(self.subscribers):
            if subscriber.credential in revoked:
                subscriber.disconnect(CloseReason.REVOKED)


_current: Hub | None = None


def get_hub() -> Hub:
    """The hub of the running event loop, made if need be."""
    global _current
    if _current is None or _current.loop is not asyncio.get_running_loop():
        _current = Hub()
    return _current


def current_hub() -> Hub | None:
    """The hub of this process, if it has one. May be called from any thread."""
    hub = _current
    return hub if hub is not None and hub.loop.is_running() else None


def disconnect_all() -> None:
    """Disconnect the live connections of this process because the server stops."""
    if _current is not None:
        _current.disconnect_all()


def connection_count() -> float:
    """How many live connections this process has, as a gauge of `wire.telemetry`."""
    return float(len(_current.subscribers)) if _current is not None else 0.0
