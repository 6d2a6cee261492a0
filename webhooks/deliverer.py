"""Sends due deliveries: claims them, passes them to sender threads, records the answers."""

import logging
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from random import Random

from webhooks import queue, schedule
from webhooks.client import Client, RequestFailed
from webhooks.models import EventSubscription
from webhooks.queue import Result
from webhooks.requests import Batch, body_of, headers_of
from webhooks.schedule import Answer
from webhooks.senders import Senders
from wire import telemetry
from wire.times import now_ms

logger = logging.getLogger(__name__)

SENDERS = 64
# Concurrent requests to an endpoint that answers quickly, and to a new one.
_MOST_AT_ONCE = 16
_AT_ONCE_AT_FIRST = 2
# Requests in a row by one sender, so that a fast endpoint costs few queries.
_MOST_IN_A_ROW = 8
_SLOW_MS = 2000
_QUICK_MS = 200
# Attempts to record an answer before it is dropped.
_MOST_TRIES = 5


@dataclass
class _Lane:
    """The concurrency that one worker allows one endpoint."""

    at_once: int = _AT_ONCE_AT_FIRST
    in_a_row: int = 1
    running: int = 0

    def learn(self, answer: Answer) -> None:
        """Quick responses raise the concurrency; a slow or failed one reduces it to one request."""
        if not answer.is_success or answer.latency_ms > _SLOW_MS:
            self.at_once = self.in_a_row = 1
            return
        self.at_once = min(self.at_once * 2, _MOST_AT_ONCE)
        is_quick = answer.latency_ms <= _QUICK_MS
        self.in_a_row = min(self.in_a_row * 2, _MOST_IN_A_ROW) if is_quick else 1


@dataclass
class _Reports:
    """What senders have reported and `work` has not handled yet."""

    results: list[Result] = field(default_factory=list)
    unsent: list[Batch] = field(default_factory=list)
    # The subscriptions of senders that have become free.
    ended: list[int] = field(default_factory=list)


class Deliverer:
    """Sends one worker's deliveries. Only the thread that calls `work` touches the database."""

    def __init__(
        self,
        client: Client,
        *,
        clock: Callable[[], int] = now_ms,
        chance: Random | None = None,
        senders: Senders | None = None,
        pending: threading.Event | None = None,
    ) -> None:
        self._client, self._clock = client, clock
        # Jitter is no secret.
        self._chance = chance or Random()  # noqa: S311
        self._senders = senders or Senders(SENDERS)
        self._lanes: dict[int, _Lane] = defaultdict(_Lane)
        self._last_served = 0
        self._lock = threading.Lock()
        self._reports = _Reports()
        # Batches that are claimed and neither recorded nor released, by identity.
        self._in_hand: dict[int, Batch] = {}
        self._tries = 0
        self.pending = pending or threading.Event()
        self.delivered = self.failed = 0

    @property
    def is_busy(self) -> bool:
        """Whether answers are awaited or not recorded yet."""
        return bool(self._in_hand)

    def work(self) -> bool:
        """Records answers and sends due deliveries; False if there was neither."""
        recorded = self._record()
        return self._send_due() or recorded

    def _record(self) -> bool:
        with self._lock:
            reports, self._reports = self._reports, _Reports()
        for pk in reports.ended:
            self._lanes[pk].running -= 1
        if reports.unsent:
            self._release(reports.unsent)
        if reports.results:
            self._acknowledge(reports.results)
        return bool(reports.results)

    def _release(self, batches: list[Batch]) -> None:
        for batch in batches:
            del self._in_hand[id(batch)]
        # If this fails, their leases end by themselves.
        queue.release(batches, self._clock())

    def _acknowledge(self, results: list[Result]) -> None:
        try:
            queue.acknowledge(results, self._clock(), self._chance)
        except Exception:
            self._tries += 1
            if self._tries < _MOST_TRIES:
                # Retried, because delivered events are sent again if this cannot be recorded.
                with self._lock:
                    self._reports.results = results + self._reports.results
            else:
                # Their leases end by themselves, and the events are sent twice.
                self._settle(results)
            raise
        self._settle(results)

    def _settle(self, results: list[Result]) -> None:
        self._tries = 0
        for result in results:
            del self._in_hand[id(result.batch)]
            self._lanes[result.batch.subscription.pk].learn(result.answer)
            count = len(result.batch.deliveries)
            self.delivered += count if result.answer.is_success else 0
            self.failed += 0 if result.answer.is_success else count
            telemetry.observe(
                "WebhookDeliveries",
                result.answer.latency_ms,
                resource_id=result.batch.subscription.resource_id,
                Subscription=result.batch.subscription.name,
                Outcome=result.answer.outcome,
            )

    def _send_due(self) -> bool:
        free = self._senders.free
        if free <= 0:
            return False
        full = [pk for pk, lane in self._lanes.items() if lane.running >= lane.at_once]
        subscriptions = queue.due_subscriptions(
            self._clock(), limit=free, after=self._last_served, without=full
        )
        used = 0
        for subscription in subscriptions:
            if used >= free:
                break
            used += self._send_due_to(subscription, free - used)
            self._last_served = subscription.pk
        return bool(used)

    def _send_due_to(self, subscription: EventSubscription, free: int) -> int:
        """Claims deliveries and passes them to senders; returns how many senders that takes."""
        lane = self._lanes[subscription.pk]
        if subscription.failures:
            lane.at_once = lane.in_a_row = 1
        senders = min(lane.at_once - lane.running, free)
        claimed = queue.claim(subscription, self._clock(), requests=senders * lane.in_a_row)
        # Round robin: what is due first is sent first.
        rows = [row for row in (claimed[first::senders] for first in range(senders)) if row]
        for row in rows:
            self._in_hand.update((id(batch), batch) for batch in row)
            lane.running += 1
            self._senders.submit(partial(self._send, row))
        return len(rows)

    def _send(self, row: Sequence[Batch]) -> None:
        """Sends one batch after the other until one fails or is slow. Runs in a sender's thread."""
        for place, batch in enumerate(row, start=1):
            answer = self._answer(batch)
            goes_on = answer.is_success and answer.latency_ms <= _QUICK_MS and place < len(row)
            with self._lock:
                self._reports.results.append(Result(batch, answer))
                if not goes_on:
                    self._reports.unsent += row[place:]
                    self._reports.ended.append(batch.subscription.pk)
            self.pending.set()
            if not goes_on:
                return

    def _answer(self, batch: Batch) -> Answer:
        started_ms, started = self._clock(), time.monotonic()
        status: int | None = None
        try:
            body = body_of(batch)
            headers = headers_of(batch, body, started_ms)
            reply = self._client.send("POST", batch.subscription.endpoint_url, headers, body)
            status, text = reply.status, reply.body[:1000].decode("utf-8", "replace")
            outcome = schedule.outcome_of(status)
        except RequestFailed as problem:
            outcome, text = problem.outcome, str(problem)
        except Exception as problem:
            logger.exception(
                "Webhook request failed unexpectedly subscription=%s", batch.subscription.pk
            )
            outcome, text = "Aborted", repr(problem)
        latency_ms = int((time.monotonic() - started) * 1000)
        return Answer(outcome, status, started_ms, latency_ms, text)

    def finish(self, seconds: float) -> None:
        """Waits up to `seconds` for answers and records them, then releases the other claims."""
        deadline = time.monotonic() + seconds
        while True:
            self._record()
            if not self._in_hand or time.monotonic() >= deadline:
                break
            self.pending.wait(0.05)
            self.pending.clear()
        self._release(list(self._in_hand.values()))
