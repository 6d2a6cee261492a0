"""Telling endpoints that their subscription is no more (events contract 3).

The notice is a row of its own, since the subscription is gone when it is sent.
"""

import logging
import threading
from collections.abc import Callable
from functools import partial
from uuid import uuid4

from django.db.models import F

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
    """One worker's notices. Only the thread that calls `work` touches the database."""

    def __init__(
        self,
        client: Client,
        *,
        clock: Callable[[], int] = now_ms,
        senders: Senders | None = None,
    ) -> None:
        self._client, self._clock = client, clock
        self._senders = senders or Senders(_AT_ONCE)
        self._lock = threading.Lock()
        self._sent: list[tuple[DeletionNotice, bool]] = []

    def work(self) -> None:
        """Forgets the notices that have arrived, and sends those that are due."""
        with self._lock:
            sent, self._sent = self._sent, []
        for notice, has_arrived in sent:
            _note(notice, has_arrived, self._clock())
        for notice in _claim(self._clock(), min(self._senders.free, _AT_ONCE)):
            self._senders.submit(partial(self._send, notice))

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
            logger.exception("A deletion notice could not be sent")
            has_arrived = False
        with self._lock:
            self._sent.append((notice, has_arrived))


def _claim(now_ms: int, most: int) -> list[DeletionNotice]:
    """Notices that are due and now ours; of two workers one gets each."""
    due = DeletionNotice.objects.filter(due_ms__lte=now_ms).order_by("due_ms")[:most]
    return [
        notice
        for notice in due
        if DeletionNotice.objects.filter(pk=notice.pk, due_ms=notice.due_ms).update(
            due_ms=now_ms + LEASE_MS, attempts=F("attempts") + 1
        )
    ]


def _note(notice: DeletionNotice, has_arrived: bool, now_ms: int) -> None:
    mine = DeletionNotice.objects.filter(pk=notice.pk)
    # The claim has counted the attempt in the row only.
    if has_arrived or notice.attempts + 1 >= ATTEMPTS:
        mine.delete()
        return
    mine.update(due_ms=now_ms + schedule.PAUSES[notice.attempts])
