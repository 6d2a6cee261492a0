"""The reader behind an SDK's connection: numbers its pushes, and knows which were answered."""

import asyncio
import time
import uuid
from collections import deque

from asgi_server.connections import Outlet, drained
from events.following import Cursor
from live import hub as hubs
from live import log
from live.announcements import Announcement
from live.database import socket_desk
from live.log import Scope
from live.readers import Bucket, Ending, Reader
from live.trouter import frames
from live.trouter.endpoints import Claim
from live.trouter.frames import Push, Received
from live.trouter.positions import positions

# Longer frames than the SDK's own: an answer can carry a body.
LARGEST_FRAME = 64 * 1024
# A client that answers nothing is cut off; what it has not answered it gets again.
MOST_UNANSWERED = 2_000
# What a client may say about each push: the answer, a ping, and one to spare.
FRAMES_OF_A_PUSH = 3
# A replay goes on when the client has answered enough.
COMFORTABLE_UNANSWERED = 500
# Hidden tabs may send their ping only once a minute.
SILENCE_SECONDS = 150.0
_PAUSE = 0.02

_GOODBYES = {
    Ending.UNAUTHORIZED: frames.UNAUTHORIZED,
    Ending.REVOKED: frames.DEPRECATED,
    Ending.REPLACED: frames.REPLACED,
}


class TrouterReader(Reader):
    """One connection of one client."""

    def __init__(self, claim: Claim, outlet: Outlet) -> None:
        credential = claim.credential
        super().__init__(credential, Scope(credential.resource_id, credential.user_id), outlet)
        self.endpoint_id: int = claim.endpoint_id
        self.connection: uuid.UUID = claim.connection
        self.claim = claim
        self.last_heard = time.monotonic()
        self._recipient = (credential.raw_id or "").encode()
        self._number = 0
        # Number and cursor of each push that waits for its answer, in order.
        self._unanswered: deque[tuple[int, Cursor]] = deque()
        # Numbers of answered pushes behind one that is not.
        self._out_of_order: set[int] = set()
        # Up to here everything was answered.
        self._answered: Cursor | None = None
        self._bucket = Bucket(most=200, rate=50, most_added=FRAMES_OF_A_PUSH * MOST_UNANSWERED)

    async def run(self) -> None:
        """Greets, takes over from an older connection of the same client, replays, goes live."""
        self.write(frames.OPEN)
        hub = hubs.here()
        # Before the log is asked: what the older connection has had answered counts.
        start = positions(hub).take_over(self) or self.claim.position
        await hub.attach(self)
        # A position is minutes old, the log keeps days.
        if start is None or not await socket_desk.run(log.is_of_this_log, start):
            start = self.start
        self._answered = start
        # Whoever is connected misses nothing from now on, even if this process ends at once.
        await positions(hub).save(self)
        self.write(frames.CONNECTED)
        await hub.replay(self, start)

    def deliver(self, announcement: Announcement) -> None:
        if len(self._unanswered) >= MOST_UNANSWERED:
            self.end(Ending.TOO_SLOW)
            return
        self._number += 1
        self._unanswered.append((self._number, announcement.cursor))
        self._bucket.add(FRAMES_OF_A_PUSH)
        self.write(announcement.rendered(Push).to(self._recipient, self._number))

    def hear(self, content: str) -> None:
        """Takes a frame of the client."""
        self.last_heard = time.monotonic()
        if len(content) > LARGEST_FRAME:
            return self.end(Ending.TOO_LARGE)
        if not self._bucket.take():
            return self.end(Ending.TOO_FAST)
        frame = Received.parse(content)
        if frame is None:
            return self.end(Ending.MALFORMED)
        # At once: the client gives up a connection that does not answer its ping.
        answer = frame.answer()
        if answer is not None:
            self.write(answer)
        number = frame.answered()
        if number is not None:
            self._note_answer(number)

    def _note_answer(self, number: int) -> None:
        pending = self._unanswered
        if pending and number == pending[0][0]:
            self._answered = pending.popleft()[1]
            while pending and pending[0][0] in self._out_of_order:
                self._out_of_order.discard(pending[0][0])
                self._answered = pending.popleft()[1]
            positions(hubs.here()).note(self)
        elif pending and pending[0][0] < number <= self._number:
            self._out_of_order.add(number)

    def position(self, cursor: Cursor) -> Cursor | None:
        """Where this client would go on; `cursor` is the hub's place in the log."""
        if self.is_live and not self._unanswered and not self.ending:
            return cursor
        return self._answered

    def say_goodbye(self, ending: Ending) -> None:
        self.outlet.write(_GOODBYES.get(ending, frames.CLOSED))

    def tick(self, now: float, cursor: Cursor) -> None:
        if now - self.last_heard > SILENCE_SECONDS:
            self.end(Ending.SILENT)

    async def pause(self) -> None:
        await drained(self.outlet)
        while len(self._unanswered) > COMFORTABLE_UNANSWERED and not self.ending:  # noqa: ASYNC110
            await asyncio.sleep(_PAUSE)
