"""Subscribers of the event stream: one object per connection that receives events."""

import logging
import time
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Awaitable
from enum import Enum

from asgi_server.connections import drained
from asgi_server.frames import Frame
from asgi_server.interface import LOW_WATER_BYTES, FrameWriter
from events.following import Cursor
from live.credentials import Credential
from live.event_log import Scope
from live.outgoing import OutgoingEvent, size_of
from wire import telemetry

logger = logging.getLogger(__name__)

# How many bytes of new events may be held back until a replay is over.
MAX_HELD_BYTES = 16 * 1024 * 1024


# A subscriber is looked at that often at least, because its token can be renewed meanwhile.
MAX_CHECK_SECONDS = 30.0


class CloseReason(Enum):
    """Why the server closes a connection; the value is the WebSocket's close code."""

    MALFORMED = 4400
    UNAUTHORIZED = 4401
    REVOKED = 4403
    SILENT = 4408
    REPLACED = 4409
    TOO_LARGE = 4413
    TOO_SLOW = 4428
    TOO_FAST = 4429
    RESTARTING = 4503


# The values of the metric's dimension have no underscores: TooSlow.
_DIMENSION_VALUES = {reason: reason.name.title().replace("_", "") for reason in CloseReason}


class Subscriber(ABC):
    """A connection that receives what its credential may see, in the order of the log."""

    def __init__(self, credential: Credential, scope: Scope, writer: FrameWriter) -> None:
        self.credential = credential
        self.scope = scope
        self.writer = writer
        # The hub's position when it admitted the subscriber, which gets the events after it.
        self.start = Cursor()
        self.close_reason: CloseReason | None = None
        self.last_sent = time.monotonic()
        # New events, while older ones are still being replayed; None once that is over.
        self._held: deque[OutgoingEvent] | None = deque()
        self._held_bytes = 0

    @property
    def raw_id(self) -> str | None:
        """The user, or None for a service."""
        return self.credential.raw_id

    @property
    def is_live(self) -> bool:
        """Whether everything before the hub's position in the log has been sent."""
        return self._held is None

    def offer(self, outgoing: OutgoingEvent) -> bool:
        """Give the subscriber an event of the hub. Never waits.

        Returns False if the subscriber does not take it.
        """
        if self.close_reason or not self._wants(outgoing):
            return False
        if self._held is None:
            self.deliver(outgoing)
        elif not outgoing.event.is_stored:
            # A typing indicator from before the replay ended is out of date.
            return False
        elif self._held_bytes > MAX_HELD_BYTES:
            self.disconnect(CloseReason.TOO_SLOW)
            return False
        else:
            self._held.append(outgoing)
            self._held_bytes += size_of(outgoing.event)
        # Delivering the event may have disconnected a slow client.
        return not self.close_reason

    def _wants(self, outgoing: OutgoingEvent) -> bool:
        scope, event = self.scope, outgoing.event
        if scope.threads is not None and event.thread_id not in scope.threads:
            return False
        return scope.types is None or event.type in scope.types

    async def go_live(self) -> None:
        """Send the events that were held back, and every later one at once."""
        while self._held and not self.close_reason:
            outgoing = self._held.popleft()
            self._held_bytes -= size_of(outgoing.event)
            self.deliver(outgoing)
            await self.wait_for_client()
        # Nothing can have been added since the loop condition was checked: no await in between.
        self._held = None

    def write(self, frame: Frame) -> None:
        """Send a frame, or disconnect a client that is too far behind."""
        if self.close_reason:
            return
        self.last_sent = time.monotonic()
        if not self.writer.write(frame):
            self.disconnect(CloseReason.TOO_SLOW)

    def disconnect(self, reason: CloseReason) -> None:
        """Close the connection. The client can ask later for what it misses."""
        if self.close_reason:
            return
        self.close_reason = reason
        telemetry.count(
            "RealtimeConnectionsEnded",
            resource_id=self.credential.resource_id,
            Reason=_DIMENSION_VALUES[reason],
        )
        if reason is CloseReason.TOO_SLOW and self.writer.unsent_bytes() > LOW_WATER_BYTES:
            # A close message would wait behind all the rest.
            self.writer.abort()
            return
        self.write_close_message(reason)
        self.writer.close(reason.value)

    def disconnect_for_shutdown(self) -> None:
        """Say that the server restarts, and close the connection unless draining does it."""
        if self.close_reason:
            return
        self.close_reason = CloseReason.RESTARTING
        self.write_close_message(self.close_reason)
        if not self.writer.is_closed_by_drain:
            self.writer.close(self.close_reason.value)

    def write_close_message(self, reason: CloseReason) -> None:
        """Send the protocol's own last message, if it has one."""
        return

    @abstractmethod
    def deliver(self, outgoing: OutgoingEvent) -> None:
        """Render and send one event."""

    def tick(self, now: float, cursor: Cursor) -> None:
        """Called at the time of `next_check`, with `time.monotonic()` and the hub's position."""
        return

    def next_check(self, now: float, clock: float) -> float:
        """When to call `tick` next, as `time.monotonic()`; `clock` is `time.time()`."""
        return min(now + MAX_CHECK_SECONDS, now + self.credential.expires - clock)

    async def run_guarded(self, work: Awaitable[None]) -> None:
        """Await the subscriber's own work.

        If it fails, the connection is closed so that the client reconnects.
        """
        try:
            await work
        except Exception:
            logger.exception("Live connection failed")
            self.disconnect(CloseReason.RESTARTING)

    async def wait_for_client(self) -> None:
        """Wait, during a replay, until the client has taken what was sent."""
        await drained(self.writer)


class TokenBucket:
    """How many frames a client may send: `capacity` at once, and `rate` a second.

    `add` allows more, up to `max_added` above the capacity.
    """

    __slots__ = ("_at", "_capacity", "_ceiling", "_rate", "_tokens")

    def __init__(self, *, capacity: int, rate: float, max_added: int = 0) -> None:
        self._capacity, self._rate = float(capacity), rate
        self._ceiling = self._capacity + max_added
        self._tokens = self._capacity
        self._at = time.monotonic()

    def add(self, count: float) -> None:
        """Allow more frames: the answers to what was sent."""
        self._tokens = min(self._tokens + count, self._ceiling)

    def take(self) -> bool:
        """Count one frame. Returns False if it is one too many."""
        if self._tokens < 1:
            now = time.monotonic()
            self._tokens = min(self._capacity, self._tokens + (now - self._at) * self._rate)
            self._at = now
            if self._tokens < 1:
                return False
        self._tokens -= 1
        return True
