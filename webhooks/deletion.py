"""Notices to endpoints that their subscription was deleted (events contract 3).

A notice is a row of its own, since the subscription no longer exists when it is sent.
"""

import logging
import threading
from collections.abc import Callable, Sequence
from functools import partial
from uuid import uuid4

from background.claims import claim_due
from webhooks import eventgrid, schedule
from webhooks.client import Client, RequestFailed
from webhooks.eventgrid import GridEvent
from webhooks.models import DeletionNotice, EventSchema, EventSubscription
from webhooks.queue import LEASE_MS
from webhooks.requests import common_headers, signature, static_headers
from webhooks.senders import Senders
from wire.times import now_ms

logger = logging.getLogger(__name__)

DELETED_EVENT = "Microsoft.EventGrid.SubscriptionDeletedEvent"
ATTEMPTS = 3
_AT_ONCE = 4


def notice_of(subscription: EventSubscription) -> DeletionNotice:
    """The unsaved notice for a subscription that is about to be deleted."""
    at_ms = now_ms()
    event = GridEvent(
        id=str(uuid4()),
        type=DELETED_EVENT,
        subject="",
        at_ms=at_ms,
        data={"eventSubscriptionId": subscription.azure_id},
    )
    schema = subscription.event_schema
    whole = eventgrid.envelope(event, topic=subscription.topic, schema=schema)
    is_batch = schema == EventSchema.EVENT_GRID or subscription.max_events_per_batch > 1
    body = eventgrid.text([whole] if is_batch else whole)
    return DeletionNotice(
        endpoint_url=subscription.endpoint_url,
        headers={
            **common_headers(subscription, "SubscriptionDeletion"),
            "aeg-delivery-count": "0",
            "aeg-output-event-id": event.id,
            **static_headers(subscription),
            # Its attempts end before a receiver would call the signature too old.
            **signature(subscription, body.encode(), at_ms),
        },
        body=body,
        due_ms=at_ms,
    )


class Notifier:
    """Sends the notices of one worker. Only the thread that calls `work` touches the database."""

    def __init__(
        self,
        client: Client,
        *,
        clock: Callable[[], int] = now_ms,
        senders: Senders | None = None,
        pending: threading.Event | None = None,
    ) -> None:
        self._client, self._clock = client, clock
        self._senders = senders or Senders(_AT_ONCE)
        self._pending = pending or threading.Event()
        self._lock = threading.Lock()
        self._sent: list[tuple[DeletionNotice, bool]] = []

    def work(self) -> bool:
        """Deletes the notices that have arrived and sends due ones; whether any are left."""
        with self._lock:
            sent, self._sent = self._sent, []
        for notice, has_arrived in sent:
            _record(notice, has_arrived, self._clock())
        for notice in _claim(self._clock(), min(self._senders.free, _AT_ONCE)):
            self._senders.submit(partial(self._send, notice))
        return DeletionNotice.objects.exists()

    def _send(self, notice: DeletionNotice) -> None:
        """Runs in a sender's thread."""
        try:
            reply = self._client.send(
                "POST", notice.endpoint_url, notice.headers, notice.body.encode()
            )
            has_arrived = reply.status in schedule.SUCCESSES
        except RequestFailed:
            has_arrived = False
        except Exception:
            logger.exception("Deletion notice failed unexpectedly notice=%s", notice.pk)
            has_arrived = False
        with self._lock:
            self._sent.append((notice, has_arrived))
        self._pending.set()


def _claim(now_ms: int, most: int) -> Sequence[DeletionNotice]:
    due = DeletionNotice.objects.filter(due_ms__lte=now_ms).order_by("due_ms")
    return claim_due(due, now_ms + LEASE_MS, most=most)


def _record(notice: DeletionNotice, has_arrived: bool, now_ms: int) -> None:
    mine = DeletionNotice.objects.filter(pk=notice.pk)
    if has_arrived or notice.attempts >= ATTEMPTS:
        mine.delete()
        return
    mine.update(due_ms=now_ms + schedule.PAUSES[notice.attempts - 1])
