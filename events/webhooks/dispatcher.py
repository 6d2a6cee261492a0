"""From the event log to deliveries: what happened, and who wants to know.

Nothing of this runs when a message is sent. The dispatcher follows the log (`events.following`),
so an event whose transaction committed is never missed, and moves its position in the transaction
that writes the deliveries, so none is made twice.
"""

from collections.abc import Callable, Iterable, Sequence
from functools import cache

from django.conf import settings
from django.db import transaction
from django.utils.module_loading import import_string

from events import eventgrid, following
from events.catalogue import ThreadEvent
from events.following import Cursor
from events.models import Event
from events.webhooks.matching import CurrentIndex, SubscriptionIndex, new_delivery
from events.webhooks.models import COLLECTING, Delivery, EventSubscription, LogPosition
from wire.times import now_ms

NAME = "webhooks"
EVENTS_PER_PASS = 100
_ROWS_PER_STATEMENT = 200

Moment = tuple[str, int]


@cache
def _audiences(path: str) -> Callable[[Iterable[Moment]], dict[Moment, list[str]]]:
    found: Callable[[Iterable[Moment]], dict[Moment, list[str]]] = import_string(path)
    return found


def dispatch(index: CurrentIndex, limit: int = EVENTS_PER_PASS) -> int:
    """Makes the deliveries of the next events of the log; returns how many events it has read."""
    position = _position()
    events, cursor = following.read_after(Cursor.parse(position.cursor), limit)
    if str(cursor) == position.cursor:
        return 0
    deliveries = deliveries_of(events, index.get(), now_ms())
    with transaction.atomic():
        moved = LogPosition.objects.filter(pk=NAME, cursor=position.cursor).update(cursor=cursor)
        if moved:
            _save(deliveries)
    # Whoever was faster has written the same deliveries.
    return len(events)


def _position() -> LogPosition:
    """How far this was read. Nobody could subscribe before there was a worker to validate."""
    found = LogPosition.objects.filter(pk=NAME).first()
    if found is None:
        found, _ = LogPosition.objects.get_or_create(
            name=NAME, defaults={"cursor": str(following.end())}
        )
    return found


def deliveries_of(events: Sequence[Event], index: SubscriptionIndex, at_ms: int) -> list[Delivery]:
    """The unsaved deliveries that these events make."""
    wanted = [
        (row.event(), in_thread, per_user)
        for row in events
        for in_thread, per_user in [_wanted(row, index)]
        if in_thread or per_user
    ]
    audiences = _audiences(settings.EVENT_AUDIENCE)(
        [(event.thread_id, event.sequence) for event, _, per_user in wanted if per_user]
    )
    return [
        new_delivery(subscription, rendered, at_ms)
        for event, in_thread, per_user in wanted
        for rendered in (
            *(eventgrid.per_thread(event) if in_thread else ()),
            *(
                eventgrid.per_user(event, audiences[event.thread_id, event.sequence])
                if per_user
                else ()
            ),
        )
        for subscription in index.subscriptions_for(event.resource_id, rendered, at_ms)
    ]


def _wanted(row: Event, index: SubscriptionIndex) -> tuple[bool, bool]:
    """Whether anybody wants the event once per thread, and once per user."""
    in_thread, per_user = eventgrid.LEVELS.get(row.type, ("", ""))
    return (
        bool(in_thread) and index.wants(row.resource_id, in_thread),
        bool(per_user) and index.wants(row.resource_id, per_user),
    )


def _save(deliveries: Sequence[Delivery]) -> None:
    Delivery.objects.bulk_create(deliveries, batch_size=_ROWS_PER_STATEMENT)


def dispatch_unstored(event: ThreadEvent, index: SubscriptionIndex) -> None:
    """Makes the deliveries of an event that the log does not keep (typing)."""
    at_ms = now_ms()
    _save(
        [
            new_delivery(subscription, rendered, at_ms)
            for rendered in eventgrid.per_thread(event)
            for subscription in index.subscriptions_for(event.resource_id, rendered, at_ms)
        ]
    )


def replay_some(limit: int = EVENTS_PER_PASS) -> int:
    """Goes on with one replay that somebody asked for; returns how many events it has read."""
    subscription = (
        EventSubscription.objects.filter(replay_after_id__isnull=False).order_by("pk").first()
    )
    if subscription is None:
        return 0
    after, last = subscription.replay_after_id or 0, subscription.replay_last_id or 0
    events = list(
        Event.objects.filter(
            id__gt=after,
            id__lte=last,
            resource=subscription.resource_id,
            at_ms__gte=subscription.replay_since_ms or 0,
        ).order_by("id")[:limit]
    )
    at_ms = now_ms()
    with transaction.atomic():
        moved = EventSubscription.objects.filter(
            pk=subscription.pk, replay_after_id=after, replay_last_id=last
        ).update(replay_after_id=events[-1].id if len(events) == limit else None)
        if moved and subscription.provisioning_state in COLLECTING:
            # On purpose also what happened before it subscribed.
            subscription.active_from_ms = 0
            index = SubscriptionIndex()
            index.add(subscription)
            _save(deliveries_of(events, index, at_ms))
    return len(events)
