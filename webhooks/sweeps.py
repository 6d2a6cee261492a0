"""Sweeps of deliveries and subscriptions; see `settings.SWEEPS`."""

from django.conf import settings

from background.sweeps import DAY_MS, SLICE
from webhooks import queue
from webhooks.models import Delivery, DeliveryState, EventSubscription
from webhooks.services import delete_event_subscription


def prune_delivered(now_ms: int) -> int:
    """Deletes deliveries that succeeded more than CHATSITE_DELIVERED_DAYS ago."""
    return _prune(DeliveryState.DELIVERED, now_ms - settings.CHATSITE_DELIVERED_DAYS * DAY_MS)


def prune_dead_letters(now_ms: int) -> int:
    """Deletes dead letters that are older than CHATSITE_DEAD_LETTER_DAYS."""
    return _prune(DeliveryState.DEAD, now_ms - settings.CHATSITE_DEAD_LETTER_DAYS * DAY_MS)


def _prune(state: DeliveryState, before_ms: int) -> int:
    over = Delivery.objects.filter(state=state, finished_ms__lte=before_ms)
    return queue.delete_some(over.order_by("finished_ms"))


def delete_expired_subscriptions(now_ms: int) -> int:
    """Deletes subscriptions that expired more than a day ago, as Event Grid does."""
    over = list(EventSubscription.objects.filter(expires_ms__lt=now_ms - DAY_MS)[:SLICE])
    for subscription in over:
        delete_event_subscription(subscription=subscription)
    return len(over)
