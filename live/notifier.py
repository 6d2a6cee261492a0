"""What happens after a commit: the hubs are notified that the event log has something new.

`notify_hubs` is an event sink (`EVENT_SINKS`), called in the thread that made the change. The hub
of this process is called directly, those of other processes through the channel layer: one message
for however many events.
"""

import asyncio
import logging
import threading
from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from typing import Any

from events.catalogue import ThreadEvent
from live import hub, layer
from live.ephemeral import to_message
from wire import transactions

logger = logging.getLogger(__name__)

# How long a request waits until its event has been delivered, in seconds. Waiting keeps senders
# from getting ahead of the sockets; it is bounded, because the event is safe in the log.
DELIVERY_TIMEOUT_SECONDS = 1.0
# Ephemeral events that wait for the channel layer; no log keeps them.
_MAX_EPHEMERAL = 1_000


def notify_hubs(events: Sequence[ThreadEvent]) -> None:
    """Notify all hubs of events, and wait briefly until the local one has delivered them.

    The thread of a group commit does not wait: the loop delivers the events before it answers the
    requests that caused them, because it is scheduled first.
    """
    local = hub.current_hub()
    if layer.reaches_peers():
        for event in events:
            _peers.notify(event)
    if local is None or not any(map(local.index.has_recipients, events)):
        # A subscriber that is just joining gets the event from the hub's next look at the log.
        return
    ephemeral = [event for event in events if not event.is_stored]
    if threading.get_ident() == local.thread:
        local.wake()
        for event in ephemeral:
            local.wake(event)
        return
    delivered: Future[None] | None = None if transactions.is_grouped() else Future()
    # The log is read here, where a database connection is at hand; the loop delivers.
    local.read_new(ephemeral, delivered)
    if delivered is None:
        return
    try:
        delivered.result(DELIVERY_TIMEOUT_SECONDS)
    except FutureTimeout:
        logger.debug("Live delivery is behind events=%d", len(events))


class PeerNotifier:
    """Notifies the other processes, from one loop, one message at a time.

    Events that happen while a message is being sent go into the next message.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        # The newest only, so that a channel layer that is away for long does not fill the memory.
        self._ephemeral: deque[dict[str, Any]] = deque(maxlen=_MAX_EPHEMERAL)
        self._is_pending = False
        self._is_sending = False
        self._own_loop: asyncio.AbstractEventLoop | None = None

    def notify(self, event: ThreadEvent) -> None:
        """Send a notification soon. May be called from any thread."""
        with self._lock:
            if not event.is_stored:
                self._ephemeral.append(to_message(event))
            self._is_pending = True
            if self._is_sending:
                return
            self._is_sending = True
        asyncio.run_coroutine_threadsafe(self._send_pending(), self._loop())

    def _loop(self) -> asyncio.AbstractEventLoop:
        local = hub.current_hub()
        if local is not None:
            return local.loop
        with self._lock:
            if self._own_loop is None:
                # This is no server process, or one without live connections so far. The loop
                # stays, because a connection to the channel layer belongs to its loop.
                self._own_loop = asyncio.new_event_loop()
                threading.Thread(
                    target=self._own_loop.run_forever, name="live-notifier", daemon=True
                ).start()
            return self._own_loop

    async def _send_pending(self) -> None:
        try:
            while (ephemeral := self._take_pending()) is not None:
                await layer.send_to_peers({"unstored": ephemeral})
        except asyncio.CancelledError:
            self._is_sending = False
            raise

    def _take_pending(self) -> list[dict[str, Any]] | None:
        """The ephemeral events of the next message; None, and sending ends, if none is due."""
        with self._lock:
            if not self._is_pending:
                self._is_sending = False
                return None
            self._is_pending = False
            ephemeral = list(self._ephemeral)
            self._ephemeral.clear()
            return ephemeral


_peers = PeerNotifier()
