"""What has to be tidied up now and then. Each sweep does a slice and tells how much it did."""

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from django.conf import settings
from django.utils.module_loading import import_string

from background.models import Worker
from events.models import Event
from webhooks import queue
from webhooks.models import Delivery, DeliveryState, EventSubscription
from webhooks.services import delete_event_subscription

logger = logging.getLogger(__name__)

DAY_MS = 86_400_000
SLICE = 1000
# How long a worker that is no more is remembered.
_WORKER_MS = DAY_MS

Sweep = Callable[[int], int]


def prune_event_log(now_ms: int) -> int:
    """Deletes the oldest events, from the beginning of the log on."""
    limit_ms = now_ms - settings.CHATSITE_EVENT_LOG_DAYS * DAY_MS
    oldest = list(Event.objects.order_by("id").values_list("id", "at_ms")[:SLICE])
    young = next((place for place, (_, at_ms) in enumerate(oldest) if at_ms >= limit_ms), SLICE)
    # Only up to the first young one, so that the log has a beginning and no holes.
    expired = [pk for pk, _ in oldest[:young]]
    Event.objects.filter(pk__in=expired).delete()
    return len(expired)


def prune_deliveries(now_ms: int) -> int:
    """Deletes records of deliveries that are over, and dead letters that nobody wanted."""
    return _prune(
        DeliveryState.DELIVERED, now_ms - settings.CHATSITE_DELIVERED_DAYS * DAY_MS
    ) + _prune(DeliveryState.DEAD, now_ms - settings.CHATSITE_DEAD_LETTER_DAYS * DAY_MS)


def _prune(state: DeliveryState, before_ms: int) -> int:
    over = Delivery.objects.filter(state=state, finished_ms__lte=before_ms)
    return queue.delete_some(over.order_by("finished_ms"))


def forget_workers(now_ms: int) -> int:
    """Deletes what is known of workers that have not been seen for long."""
    return Worker.objects.filter(seen_ms__lt=now_ms - _WORKER_MS).delete()[0]


def delete_expired_subscriptions(now_ms: int) -> int:
    """Deletes subscriptions that ended a day ago, with their deliveries, as Event Grid retires."""
    over = list(EventSubscription.objects.filter(expires_ms__lt=now_ms - DAY_MS)[:SLICE])
    for subscription in over:
        delete_event_subscription(subscription=subscription)
    return len(over)


@dataclass
class Sweeper:
    """Runs every sweep at its own pace; a sweep that found much goes on at once."""

    _due: dict[str, int] = field(default_factory=dict)

    def work(self, now_ms: int) -> int:
        """Runs what is due; returns how much was done."""
        done = 0
        for name, sweep, every_ms in _sweeps():
            if self._due.get(name, 0) > now_ms:
                continue
            found = self._survive(name, sweep, now_ms)
            done += found
            self._due[name] = now_ms if found >= SLICE else now_ms + every_ms
        return done

    @staticmethod
    def _survive(name: str, sweep: Sweep, now_ms: int) -> int:
        try:
            return sweep(now_ms)
        except Exception:
            # The others need not wait for whatever is wrong with this one.
            logger.exception("The sweep %s failed", name)
            return 0


def _sweeps() -> Iterator[tuple[str, Sweep, int]]:
    """Name, function and pace of each."""
    yield "expire_undeliverable", queue.expire_undeliverable, 15_000
    yield "prune_event_log", prune_event_log, 60_000
    yield "prune_deliveries", prune_deliveries, 60_000
    yield "forget_workers", forget_workers, 600_000
    yield "delete_expired_subscriptions", delete_expired_subscriptions, 600_000
    # The rooms above have theirs.
    for path in settings.SWEEPS:
        yield path, import_string(path), 300_000
