"""What happens after a commit: the hubs are told that there is something to read.

`announce_live` is an event sink (`EVENT_SINKS`), called in whatever thread made the change. The
hub of this process hears it directly, those of other processes through the channel layer: one
message for however many events.
"""

import asyncio
import logging
import threading
from collections import deque
from concurrent.futures import Future
from concurrent.futures import TimeoutError as NotInTime
from typing import Any

from events.catalogue import ThreadEvent
from live import hub, layer
from live.unstored import packed

logger = logging.getLogger(__name__)

# How long a request waits at most until its event is on its way, in seconds. Waiting keeps
# senders from getting ahead of the sockets; not for ever, since the event is safe in the log.
PATIENCE = 1.0
# Events that no log holds wait for the channel layer, so many at most.
_MOST_UNSTORED = 1_000


def announce_live(event: ThreadEvent) -> None:
    """Tells the hubs about an event, and waits a moment until the local one has passed it on."""
    local = hub.current()
    if layer.reaches_others():
        _teller.tell(event)
    if local is None or not local.roster.concerns(event):
        # If it concerns somebody who is just connecting, the hub's next look at the log finds it.
        return
    if threading.get_ident() == local.thread:
        local.hear(None if event.is_stored else event)
        return
    heard: Future[None] = Future()
    # Read here, where a connection is at hand; the loop passes on.
    local.read_on(() if event.is_stored else (event,), heard)
    try:
        heard.result(PATIENCE)
    except NotInTime:
        logger.debug("Live connections are behind")


class Teller:
    """Tells the other processes, from one loop, one message at a time.

    While a message is on its way, whatever happens goes into the next one.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        # The newest; a layer that is away for long must not fill the memory.
        self._unstored: deque[dict[str, Any]] = deque(maxlen=_MOST_UNSTORED)
        # Whether there is something to tell, and whether somebody is at it.
        self._is_due = False
        self._is_telling = False
        self._own_loop: asyncio.AbstractEventLoop | None = None

    def tell(self, event: ThreadEvent) -> None:
        """Soon, from any thread."""
        with self._lock:
            if not event.is_stored:
                self._unstored.append(packed(event))
            self._is_due = True
            if self._is_telling:
                return
            self._is_telling = True
        asyncio.run_coroutine_threadsafe(self._send_all(), self._loop())

    def _loop(self) -> asyncio.AbstractEventLoop:
        local = hub.current()
        if local is not None:
            return local.loop
        with self._lock:
            if self._own_loop is None:
                # Not a server process, or one without live connections so far. A loop that
                # lasts, because a connection to the layer belongs to its loop.
                self._own_loop = asyncio.new_event_loop()
                threading.Thread(
                    target=self._own_loop.run_forever, name="live-announcing", daemon=True
                ).start()
            return self._own_loop

    async def _send_all(self) -> None:
        try:
            while (unstored := self._next()) is not None:
                await layer.tell({"unstored": unstored})
        except asyncio.CancelledError:
            self._is_telling = False
            raise

    def _next(self) -> list[dict[str, Any]] | None:
        """What to tell next; None when there is nothing, and nobody is at it any more."""
        with self._lock:
            if not self._is_due:
                self._is_telling = False
                return None
            self._is_due = False
            unstored = list(self._unstored)
            self._unstored.clear()
            return unstored


_teller = Teller()
