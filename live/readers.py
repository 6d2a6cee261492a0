"""Whoever receives events in this process: one object per connection."""

import logging
import time
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Awaitable
from enum import Enum

from asgi_server.connections import COMFORTABLE_BYTES, DaphneSocketOutlet, Outlet, drained
from events.following import Cursor
from live.announcements import Announcement, Frame, size_of
from live.credentials import Credential
from live.log import Scope
from wire import telemetry

logger = logging.getLogger(__name__)

# What may wait until a replay is over, in bytes.
MOST_WAITING_BYTES = 16 * 1024 * 1024


class Ending(Enum):
    """Why the server ends a connection; the value is the WebSocket's close code."""

    MALFORMED = 4400
    UNAUTHORIZED = 4401
    REVOKED = 4403
    SILENT = 4408
    REPLACED = 4409
    TOO_LARGE = 4413
    TOO_SLOW = 4428
    TOO_FAST = 4429
    RESTARTING = 4503


# The monitoring knows no underscores: TooSlow.
_SPELLINGS = {ending: ending.name.title().replace("_", "") for ending in Ending}


class Reader(ABC):
    """A connection that receives what its credential may see, in the order of the log."""

    def __init__(self, credential: Credential, scope: Scope, outlet: Outlet) -> None:
        self.credential = credential
        self.scope = scope
        self.outlet = outlet
        # Where the hub was when it took the reader in: it passes on what comes after.
        self.start = Cursor()
        self.ending: Ending | None = None
        self.last_sent = time.monotonic()
        # Set while older events are still being sent.
        self._waiting: deque[Announcement] | None = deque()
        self._waiting_bytes = 0

    @property
    def raw_id(self) -> str | None:
        """The user, or None for a service."""
        return self.credential.raw_id

    @property
    def is_live(self) -> bool:
        """Whether everything before the hub's place in the log has been sent."""
        return self._waiting is None

    def offer(self, announcement: Announcement) -> bool:
        """Gives it an event from the hub; False when it does not take it. Never waits."""
        if self.ending or not self._wants(announcement):
            return False
        if self._waiting is None:
            self.deliver(announcement)
        elif not announcement.event.is_stored:
            # Somebody typed before the client could know: too late now.
            return False
        elif self._waiting_bytes > MOST_WAITING_BYTES:
            self.end(Ending.TOO_SLOW)
            return False
        else:
            self._waiting.append(announcement)
            self._waiting_bytes += size_of(announcement.event)
        # Sending it may have been too much for a slow one.
        return not self.ending

    def _wants(self, announcement: Announcement) -> bool:
        scope, event = self.scope, announcement.event
        if scope.threads is not None and event.thread_id not in scope.threads:
            return False
        return scope.types is None or event.type in scope.types

    async def go_live(self) -> None:
        """Sends what waited while older events were sent, and from now on at once."""
        while self._waiting and not self.ending:
            announcement = self._waiting.popleft()
            self._waiting_bytes -= size_of(announcement.event)
            self.deliver(announcement)
            await self.pause()
        # No pause since the last look: nothing can have come between.
        self._waiting = None

    def write(self, frame: Frame) -> None:
        """Sends a frame, or cuts the connection off that did not take those before."""
        if self.ending:
            return
        self.last_sent = time.monotonic()
        if not self.outlet.write(frame):
            self.end(Ending.TOO_SLOW)

    def end(self, ending: Ending) -> None:
        """Ends the connection; what it misses it can ask for later."""
        if self.ending:
            return
        self.ending = ending
        telemetry.count(
            "RealtimeConnectionsEnded",
            resource_id=self.credential.resource_id,
            Reason=_SPELLINGS[ending],
        )
        if ending is Ending.TOO_SLOW and self.outlet.waiting() > COMFORTABLE_BYTES:
            # A farewell would wait behind all the rest.
            self.outlet.abort()
            return
        self.say_goodbye(ending)
        self.outlet.close(ending.value)

    def end_with_server(self) -> None:
        """Ends the connection with a server that stops."""
        if self.ending:
            return
        self.ending = Ending.RESTARTING
        self.say_goodbye(self.ending)
        if not isinstance(self.outlet, DaphneSocketOutlet):
            self.outlet.close(self.ending.value)

    def say_goodbye(self, ending: Ending) -> None:
        """Sends the dialect's own last words, if it has any."""
        return

    @abstractmethod
    def deliver(self, announcement: Announcement) -> None:
        """Renders and sends one event."""

    def tick(self, now: float, cursor: Cursor) -> None:
        """Called about once a second with `time.monotonic()` and the hub's place in the log."""
        return

    async def attend(self, work: Awaitable[None]) -> None:
        """Does the reader's own work; a failure of ours ends the connection, to be resumed."""
        try:
            await work
        except Exception:
            logger.exception("A live connection failed")
            self.end(Ending.RESTARTING)

    async def pause(self) -> None:
        """Waits, in a replay, until the client has taken what was sent."""
        await drained(self.outlet)


class Bucket:
    """How many frames a client may send: so many at once, and so many a second."""

    __slots__ = ("_at", "_ceiling", "_left", "_most", "_rate")

    def __init__(self, *, most: int, rate: float, most_added: int = 0) -> None:
        self._most, self._rate = float(most), rate
        self._ceiling = self._most + most_added
        self._left = self._most
        self._at = time.monotonic()

    def add(self, count: float) -> None:
        """Allows more: answers to what was sent. What nobody uses is not saved up for ever."""
        self._left = min(self._left + count, self._ceiling)

    def take(self) -> bool:
        """One frame; False when it is one too many."""
        if self._left < 1:
            now = time.monotonic()
            self._left = min(self._most, self._left + (now - self._at) * self._rate)
            self._at = now
            if self._left < 1:
                return False
        self._left -= 1
        return True
