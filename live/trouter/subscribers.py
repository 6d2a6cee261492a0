"""The subscriber of an SDK's connection: numbers its pushes, and tracks which were answered."""

import asyncio
import time
import uuid
from collections import deque

from asgi_server.connections import drained
from asgi_server.interface import FrameWriter
from events.following import Cursor
from live import hub as hubs
from live.event_log import Scope
from live.outgoing import OutgoingEvent
from live.subscribers import CloseReason, Subscriber, TokenBucket
from live.trouter import frames
from live.trouter.endpoints import Endpoint
from live.trouter.frames import Push, Received
from live.trouter.positions import positions

# Longer than the frames of the native stream: an answer may carry a body.
MAX_FRAME_LENGTH = 64 * 1024
# A client with more unanswered pushes is disconnected; it gets them again when it reconnects.
MAX_UNANSWERED = 2_000
# Frames that a client may send for each push: the answer, a ping, and one to spare.
FRAMES_PER_PUSH = 3
# A replay pauses while more pushes than this are unanswered.
LOW_WATER_UNANSWERED = 500
# Browsers let hidden tabs send their ping only once a minute.
SILENCE_SECONDS = 150.0
_POLL_SECONDS = 0.02

_CLOSE_FRAMES = {
    CloseReason.UNAUTHORIZED: frames.UNAUTHORIZED,
    CloseReason.REVOKED: frames.DEPRECATED,
    CloseReason.REPLACED: frames.REPLACED,
}


class TrouterSubscriber(Subscriber):
    """One connection of one client."""

    def __init__(self, endpoint: Endpoint, writer: FrameWriter) -> None:
        credential = endpoint.credential
        super().__init__(credential, Scope(credential.resource_id, credential.user_id), writer)
        self.endpoint_id: int = endpoint.id
        self.connection: uuid.UUID = endpoint.connection
        self.last_received = time.monotonic()
        self._hub = hubs.get_hub()
        self._positions = positions(self._hub)
        self._initial_position = endpoint.position
        self._recipient = (credential.raw_id or "").encode()
        self._last_number = 0
        # Number and cursor of each push that waits for its answer, in order.
        self._unanswered: deque[tuple[int, Cursor]] = deque()
        # Numbers of answered pushes behind one that is unanswered.
        self._out_of_order: set[int] = set()
        # All pushes up to here were answered.
        self._answered: Cursor | None = None
        self._bucket = TokenBucket(
            capacity=200, rate=50, max_added=FRAMES_PER_PUSH * MAX_UNANSWERED
        )

    async def run(self) -> None:
        """Open, replace an older connection of the same client, replay, and go live."""
        self.write(frames.OPEN)
        # Before the log is read, because the answers to the older connection count.
        before = self._positions.take_over(self)
        # The position is only minutes old and the log keeps days, so it need not be checked
        # whether the log reaches back.
        start = before or self._initial_position
        await self._hub.attach(self)
        self._answered = start = start or self.start
        # From here on a connected client misses nothing, even if this process is killed: its
        # position is stored, often since the connection opened.
        if before is not None or self._initial_position is None:
            await self._positions.save(self)
        self.write(frames.CONNECTED)
        await self._hub.replay(self, start)

    def deliver(self, outgoing: OutgoingEvent) -> None:
        if len(self._unanswered) >= MAX_UNANSWERED:
            self.disconnect(CloseReason.TOO_SLOW)
            return
        self._last_number += 1
        self._unanswered.append((self._last_number, outgoing.cursor))
        self._bucket.add(FRAMES_PER_PUSH)
        self.write(outgoing.rendered(Push).to(self._recipient, self._last_number))

    def receive(self, content: str) -> None:
        """Handle a frame from the client."""
        self.last_received = time.monotonic()
        if len(content) > MAX_FRAME_LENGTH:
            return self.disconnect(CloseReason.TOO_LARGE)
        if not self._bucket.take():
            return self.disconnect(CloseReason.TOO_FAST)
        frame = Received.parse(content)
        if frame is None:
            return self.disconnect(CloseReason.MALFORMED)
        # At once: the client gives up a connection that does not answer its ping.
        answer = frame.answer()
        if answer is not None:
            self.write(answer)
        number = frame.answered()
        if number is not None:
            self._record_answer(number)

    def _record_answer(self, number: int) -> None:
        pending = self._unanswered
        if pending and number == pending[0][0]:
            self._answered = pending.popleft()[1]
            while pending and pending[0][0] in self._out_of_order:
                self._out_of_order.discard(pending[0][0])
                self._answered = pending.popleft()[1]
            self._positions.save_soon(self)
        elif pending and pending[0][0] < number <= self._last_number:
            self._out_of_order.add(number)

    def position(self, cursor: Cursor) -> Cursor | None:
        """Where this client would resume; `cursor` is the hub's position in the log."""
        if self.is_live and not self._unanswered and not self.close_reason:
            return cursor
        return self._answered

    def write_close_message(self, reason: CloseReason) -> None:
        self.writer.write(_CLOSE_FRAMES.get(reason, frames.CLOSED))

    def next_check(self, now: float, clock: float) -> float:
        return min(super().next_check(now, clock), self.last_received + SILENCE_SECONDS)

    def tick(self, now: float, cursor: Cursor) -> None:
        if now - self.last_received > SILENCE_SECONDS:
            self.disconnect(CloseReason.SILENT)

    async def wait_for_client(self) -> None:
        await drained(self.writer)
        while self._has_too_many_unanswered():  # noqa: ASYNC110
            await asyncio.sleep(_POLL_SECONDS)

    def _has_too_many_unanswered(self) -> bool:
        return len(self._unanswered) > LOW_WATER_UNANSWERED and not self.close_reason
