"""Stores every few seconds what this process has counted."""

import logging
import os
import socket
import threading
import uuid

from django.db import DatabaseError, close_old_connections, connection, transaction

from monitoring import request_log, store
from monitoring.collector import Collector, collector
from monitoring.models import ProcessReport
from wire import telemetry
from wire.times import now_ms

logger = logging.getLogger(__name__)

# A kill loses what came since the last time, so less than five seconds of it.
SECONDS = 2.0
REPORT_MS = 5_000
# A process that has said nothing for so long is gone.
GONE_MS = 20_000


def flush(source: Collector = collector) -> None:
    """Stores everything that was counted so far. Raises DatabaseError, and then keeps it."""
    tallies, active, records = source.take()
    try:
        with transaction.atomic():
            if tallies:
                store.add(tallies)
            if active:
                store.add_active(active)
    except DatabaseError:
        store.series_cache.forget()
        source.give_back(tallies, active, records)
        raise
    try:
        request_log.write(records)
    except DatabaseError:
        source.give_back({}, (), records)
        raise


class Flusher:
    """A thread that flushes, and tells that the process is alive."""

    def __init__(self) -> None:
        self.id = uuid.uuid4()
        self._users = 0
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._reported_ms = 0

    def start(self) -> None:
        """Begins, unless it runs already for somebody else in this process."""
        with self._lock:
            self._users += 1
            if self._thread is None:
                self._stopping.clear()
                self._thread = threading.Thread(target=self._run, name="monitoring", daemon=True)
                self._thread.start()

    def stop(self) -> None:
        """Stores what is left, once nobody needs it any more."""
        with self._lock:
            self._users -= 1
            thread = self._thread
            if self._users or thread is None:
                return
            self._thread = None
        self._stopping.set()
        thread.join(10)

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._stopping.wait(SECONDS)
            self._work()
        try:
            ProcessReport.objects.filter(pk=self.id).delete()
        except DatabaseError:
            logger.warning("The database does not answer; it will forget this process by itself")
        connection.close()

    def _work(self) -> None:
        try:
            close_old_connections()
            flush()
            at_ms = now_ms()
            if at_ms - self._reported_ms >= REPORT_MS:
                self._report(at_ms)
        except DatabaseError:
            telemetry.count("StorageErrors", Source="monitoring")
            logger.exception("What was counted could not be stored yet")
            connection.close()
        except Exception:
            logger.exception("The flusher failed and goes on")

    def _report(self, at_ms: int) -> None:
        gauges = {name: float(read()) for name, read in telemetry.gauges.items()}
        seen = ProcessReport.objects.filter(pk=self.id).update(seen_ms=at_ms, gauges=gauges)
        if not seen:
            name = f"{socket.gethostname()}:{os.getpid()}"
            ProcessReport.objects.create(pk=self.id, name=name, gauges=gauges)
        self._reported_ms = at_ms


flusher = Flusher()
