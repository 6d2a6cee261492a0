"""Everything that happens in the background: webhooks, their validation, and tidying up.

`manage.py worker` runs it as a process of its own, `manage.py serve` as threads beside the server.
Any number of workers may run: deliveries and handshakes are claimed row by row, and what only one
may do is done by whoever holds the lease.
"""

import logging
import os
import socket
import threading
import time
import uuid
from collections.abc import Callable

from django.conf import settings
from django.db import DatabaseError, close_old_connections, connection
from django.db.models import F
from django.utils.module_loading import import_string

from background import leases
from background.models import Worker as Heartbeat
from background.sweeps import Sweeper
from webhooks import dispatcher, sink
from webhooks.client import Client
from webhooks.deletion import Notifier
from webhooks.deliverer import Deliverer
from webhooks.matching import CurrentIndex
from webhooks.validator import Validator
from wire import telemetry
from wire.times import now_ms

logger = logging.getLogger(__name__)

# How often is looked without having been told, and how long after a failure.
POLL_SECONDS = 0.25
_PAUSE_SECONDS = 1.0
HEARTBEAT_MS = 5_000
_LEASE_MS = 15_000
# How long one who was refused a lease waits before asking again.
_REFUSED_MS = 1_000
# How long answers of endpoints are waited for at the end.
STOP_SECONDS = 3.0
# And how long a slow database may take to note them.
_NOTING_SECONDS = 5.0


class Worker:
    """Three threads: one follows the log, one delivers, one does the rest."""

    def __init__(self) -> None:
        self.id = uuid.uuid4()
        self._client = Client()
        self._deliverer = Deliverer(self._client)
        self._validator = Validator(self._client)
        self._notifier = Notifier(self._client)
        self._sweeper = Sweeper()
        self._index = CurrentIndex()
        self._stopping = threading.Event()
        self._threads: list[threading.Thread] = []
        self._leads: dict[str, int] = {}
        self._refused: dict[str, int] = {}
        self._beat_ms = 0
        self._counted = (0, 0)
        self._last_error = ""
        # The rooms above have theirs.
        self._parts = [import_string(path)() for path in settings.WORKER_PARTS]

    def start(self) -> None:
        """Begins to work."""
        loops: tuple[tuple[str, Callable[[], bool], threading.Event, Callable[[], None]], ...] = (
            ("dispatch", self._dispatch, sink.news, self._stop_dispatching),
            ("deliver", self._deliverer.work, self._deliverer.news, self._stop_delivering),
            ("tidy", self._tidy, self._validator.news, self._stop_tidying),
        )
        for name, work, news, finish in loops:
            thread = threading.Thread(
                target=self._run, args=(work, news, finish), name=f"worker-{name}", daemon=True
            )
            self._threads.append(thread)
            thread.start()
        for part in self._parts:
            part.start()

    def stop(self) -> None:
        """Ends the work: what is on its way is finished for a moment, the rest is given back."""
        self._stopping.set()
        for event in (sink.news, self._deliverer.news, self._validator.news):
            event.set()
        deadline = time.monotonic() + STOP_SECONDS + _NOTING_SECONDS
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        for part in self._parts:
            part.stop()
        self._client.close_idle(older_than=0)

    def _run(
        self, work: Callable[[], bool], news: threading.Event, finish: Callable[[], None]
    ) -> None:
        while not self._stopping.is_set():
            news.clear()
            if self._survive(work) is False:
                news.wait(POLL_SECONDS)
        self._survive(finish)
        connection.close()

    def _survive(self, work: Callable[[], object]) -> object:
        """What `work` returns; a failure is logged, and a moment later things go on."""
        try:
            close_old_connections()
            return work()
        except Exception as problem:
            logger.exception("A worker failed and goes on")
            if isinstance(problem, DatabaseError):
                telemetry.count("StorageErrors", Source="worker")
            self._last_error = repr(problem)[:1000]
            # The connection may be what failed.
            connection.close()
            self._stopping.wait(_PAUSE_SECONDS)
            return None

    # --- Following the log

    def _dispatch(self) -> bool:
        if not self._leads_in("dispatch"):
            return False
        done = dispatcher.dispatch(self._index) + dispatcher.replay_some()
        if done:
            self._deliverer.news.set()
        return bool(done)

    def _stop_dispatching(self) -> None:
        leases.let_go("dispatch", self.id)

    # --- Delivering

    def _stop_delivering(self) -> None:
        self._deliverer.finish(STOP_SECONDS)

    # --- The rest

    def _tidy(self) -> bool:
        at_ms = now_ms()
        if at_ms - self._beat_ms >= HEARTBEAT_MS:
            self._beat(at_ms)
            self._client.close_idle()
        self._validator.work()
        self._notifier.work()
        if self._leads_in("sweep"):
            self._sweeper.work(at_ms)
        return False

    def _beat(self, at_ms: int) -> None:
        """Tells that this worker is alive, and what it has done."""
        delivered, failed = self._deliverer.delivered, self._deliverer.failed
        heartbeat, is_new = Heartbeat.objects.get_or_create(
            pk=self.id, defaults={"name": f"{socket.gethostname()}:{os.getpid()}"}
        )
        Heartbeat.objects.filter(pk=heartbeat.pk).update(
            seen_ms=at_ms,
            delivered=F("delivered") + delivered - self._counted[0],
            failed=F("failed") + failed - self._counted[1],
            last_error=self._last_error,
        )
        self._counted = (delivered, failed)
        self._beat_ms = at_ms

    def _stop_tidying(self) -> None:
        leases.let_go("sweep", self.id)
        at_ms = now_ms()
        self._beat(at_ms)
        Heartbeat.objects.filter(pk=self.id).update(stopped_ms=at_ms)

    def _leads_in(self, name: str) -> bool:
        """Whether this worker holds the lease; asks the database only when it must."""
        at_ms = now_ms()
        held_until = self._leads.get(name, 0)
        if held_until - at_ms > _LEASE_MS // 2:
            return True
        if at_ms - self._refused.get(name, 0) < _REFUSED_MS:
            return False
        if not leases.hold(name, self.id, at_ms, for_ms=_LEASE_MS):
            self._refused[name] = at_ms
            return False
        self._leads[name] = at_ms + _LEASE_MS
        return True
