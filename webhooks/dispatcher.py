"""From the event log to deliveries: which subscriptions get which events.

None of this runs in the request that sends a message. The dispatcher follows the log
(`events.following`), so that no committed event is missed. It moves its position in the transaction
that writes the deliveries, so that none is created twice.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from itertools import chain, islice
from typing import TypeVar

from django.conf import settings
from django.db import transaction
from django.utils.module_loading import import_string

from events import following
from events.catalogue import ThreadEvent
from events.following import Cursor
from events.models import Event, LogPosition
from webhooks import eventgrid
from webhooks.matching import CurrentIndex, SubscriptionIndex, new_delivery
from webhooks.models import COLLECTING, Delivery, EventSubscription
from wire.times import now_ms

NAME = "webhooks"
EVENTS_PER_PASS = 100
# And about this many deliveries, unless a single event has more.
ROWS_PER_PASS = 2000
_ROWS_PER_STATEMENT = 200

Moment = tuple[str, int]
Place = TypeVar("Place")


@cache
def _audiences(path: str) -> Callable[[Iterable[Moment]], dict[Moment, list[str]]]:
    found: Callable[[Iterable[Moment]], dict[Moment, list[str]]] = import_string(path)
    return found


def dispatch(index: CurrentIndex, limit: int = EVENTS_PER_PASS) -> int:
    """Makes the deliveries of the next events of the log; returns how many events it has read."""
    position = ensure_position()
    before = Cursor.parse(position.cursor)
    events, cursor, deliveries = _some(
        lambda most: following.read_after(before, most), index.get, limit
    )
    if str(cursor) == position.cursor:
        return 0
    with transaction.atomic():
        moved = LogPosition.objects.filter(pk=NAME, cursor=position.cursor).update(cursor=cursor)
        if moved:
            _save(deliveries)
    # If another worker was faster, it has written the same deliveries.
    return len(events)


def skip_to_end(index: CurrentIndex) -> None:
    """Moves the position to the end of the log, if no subscription collects events.

    A subscription that is validated later gets only later events anyway (`active_from_ms`), so
    nothing is lost; it only saves reading them.
    """
    position = ensure_position()
    cursor = str(following.end())
    # Asked after finding the end: events after it are read again if a subscription appears now.
    if cursor != position.cursor and not index.get():
        LogPosition.objects.filter(pk=NAME, cursor=position.cursor).update(cursor=cursor)


def ensure_position() -> LogPosition:
    """How far the log was read. A worker creates it before it validates any subscription."""
    found = LogPosition.objects.filter(pk=NAME).first()
    if found is None:
        found, _ = LogPosition.objects.get_or_create(
            name=NAME, defaults={"cursor": str(following.end())}
        )
    return found


def _some(
    read: Callable[[int], tuple[list[Event], Place]],
    index: Callable[[], SubscriptionIndex],
    limit: int,
) -> tuple[list[Event], Place, Iterable[Delivery]]:
    """At most `limit` events, the place behind them, and the deliveries that they make.

    Fewer events when they make too many: a pass neither fills the memory nor holds up others.
    """
    while True:
        events, place = read(limit)
        if not events:
            return events, place, ()
        # Asked after reading: subscriptions that are validated by then get the events.
        deliveries = deliveries_of(events, index(), now_ms())
        first = list(islice(deliveries, ROWS_PER_PASS + 1))
        if len(first) <= ROWS_PER_PASS or limit == 1:
            return events, place, chain(first, deliveries)
        limit = max(1, limit // 4)


def deliveries_of(
    events: Sequence[Event], index: SubscriptionIndex, at_ms: int
) -> Iterator[Delivery]:
    """The unsaved deliveries that these events make, one at a time: there may be very many."""
    wanted = [
        (row.event(), in_thread, per_user)
        for row in events
        for in_thread, per_user in [_wanted(row, index)]
        if in_thread or per_user
    ]
    audiences = _audiences(settings.EVENT_AUDIENCE)(
        [(event.thread_id, event.sequence) for event, _, per_user in wanted if per_user]
    )
    for event, in_thread, per_user in wanted:
        audience = audiences[event.thread_id, event.sequence] if per_user else ()
        for rendered in chain(
            eventgrid.per_thread(event) if in_thread else (),
            eventgrid.per_user(event, audience) if per_user else (),
        ):
            for subscription in index.subscriptions_for(event.resource_id, rendered, at_ms):
                yield new_delivery(subscription, rendered, at_ms)


def _wanted(row: Event, index: SubscriptionIndex) -> tuple[bool, bool]:
    """Whether subscriptions want the event once per thread, and once per user."""
    in_thread, per_user = eventgrid.LEVELS.get(row.type, ("", ""))
    return (
        bool(in_thread) and index.wants(row.resource_id, in_thread),
        bool(per_user) and index.wants(row.resource_id, per_user),
    )


def _save(deliveries: Iterable[Delivery]) -> None:
    left = iter(deliveries)
    while some := list(islice(left, _ROWS_PER_STATEMENT)):
        Delivery.objects.bulk_create(some)


def dispatch_unstored(event: ThreadEvent, index: SubscriptionIndex) -> None:
    """Makes the deliveries of an event that the log does not keep (typing)."""
    at_ms = now_ms()
    _save(
        new_delivery(subscription, rendered, at_ms)
        for rendered in eventgrid.per_thread(event)
        for subscription in index.subscriptions_for(event.resource_id, rendered, at_ms)
    )


def replay_some(limit: int = EVENTS_PER_PASS) -> int:
    """Continues one requested replay; returns how many events it has read.

    A replay waits until the endpoint is validated.
    """
    subscription = (
        EventSubscription.objects.filter(
            replay_after_id__isnull=False, provisioning_state__in=COLLECTING
        )
        .order_by("pk")
        .first()
    )
    if subscription is None:
        return 0
    after, last = subscription.replay_after_id or 0, subscription.replay_last_id or 0
    log = Event.objects.filter(
        id__gt=after,
        id__lte=last,
        resource=subscription.resource_id,
        at_ms__gte=subscription.replay_since_ms or 0,
    ).order_by("id")

    def read(most: int) -> tuple[list[Event], int | None]:
        found = list(log[:most])
        return found, found[-1].id if len(found) == most else None

    # Includes events from before the subscription was created.
    subscription.active_from_ms = 0
    index = SubscriptionIndex()
    index.add(subscription)
    events, place, deliveries = _some(read, lambda: index, limit)
    with transaction.atomic():
        moved = EventSubscription.objects.filter(
            pk=subscription.pk, replay_after_id=after, replay_last_id=last
        ).update(replay_after_id=place)
        if moved:
            _save(deliveries)
    return len(events)
