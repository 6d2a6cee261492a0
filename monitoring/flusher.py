"""Stores every few seconds what this process has counted."""

import os
import socket
import threading
import uuid

from django.db import DatabaseError, transaction

from background.activity import activity
from background.loops import Loop
from monitoring import request_log, store
from monitoring.answered_requests import AnsweredRequest
from monitoring.collector import ActiveKey, Collector, Tallies, collector
from monitoring.models import ProcessReport
from wire import telemetry
from wire.times import now_ms

# A killed process loses what it counted since the last flush.
SECONDS = 2.0
REPORT_MS = 5_000
# Gauges of a process that has not reported for this long no longer count.
GONE_MS = 20_000


def flush(source: Collector = collector) -> bool:
    """Stores everything that was counted so far; whether there was anything.

    Raises DatabaseError, and then keeps it.
    """
    tallies, active, records = source.take()
    if not (tallies or active or records):
        return False
    activity.note()
    _store(source, tallies, active, records)
    return True


def flush_for_reader() -> None:
    """As `flush`, for a request that reads metrics: gauges are sampled while it is repeated."""
    activity.note()
    flush()


def _store(
    source: Collector,
    tallies: Tallies,
    active: set[ActiveKey],
    records: list[AnsweredRequest],
) -> None:
    try:
        if tallies or active:
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
    """A thread that flushes, and reports the gauges of this process.

    An idle process whose gauges are 0 reports nothing: its absence means the same.
    """

    def __init__(self) -> None:
        self.id = uuid.uuid4()
        self._users = 0
        self._lock = threading.Lock()
        self._loop: Loop | None = None
        self._reported_ms = 0
        # Whether the last report said that all gauges are 0.
        self._is_zero_reported = True

    def start(self) -> None:
        """Starts the thread, unless it already runs for another user in this process."""
        with self._lock:
            self._users += 1
            if self._loop is None:
                self._loop = Loop(
                    "monitoring-flush", self.work, finish=self._finish, source="monitoring"
                )
                self._loop.start()

    def stop(self) -> None:
        """Stops the thread after a last flush, when the last user has called this."""
        with self._lock:
            self._users -= 1
            loop = self._loop
            if self._users or loop is None:
                return
            self._loop = None
        loop.stop()
        loop.join(10)

    def work(self) -> float:
        """Stores what was counted and reports the gauges when due; returns the pause (seconds)."""
        has_flushed = flush()
        gauges = {name: float(read()) for name, read in telemetry.gauges.items()}
        if any(gauges.values()):
            activity.note()
        at_ms = now_ms()
        is_news = has_flushed or any(gauges.values()) or not self._is_zero_reported
        if is_news and at_ms - self._reported_ms >= REPORT_MS:
            self._report(at_ms, gauges)
        return SECONDS

    def _report(self, at_ms: int, gauges: dict[str, float]) -> None:
        seen = ProcessReport.objects.filter(pk=self.id).update(seen_ms=at_ms, gauges=gauges)
        if not seen:
            name = f"{socket.gethostname()}:{os.getpid()}"
            ProcessReport.objects.create(pk=self.id, name=name, gauges=gauges)
        self._reported_ms, self._is_zero_reported = at_ms, not any(gauges.values())

    def _finish(self) -> None:
        flush()
        # If the database does not answer, the report expires.
        ProcessReport.objects.filter(pk=self.id).delete()


flusher = Flusher()
