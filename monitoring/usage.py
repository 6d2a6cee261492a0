"""Counts made from the database: messages from the event log, active users, gauges.

One process at a time makes them (see `monitoring.leader`).
"""

from collections.abc import Iterable
from uuid import UUID

from django.db import transaction
from django.db.models import Count, Min, QuerySet

from events import following
from events.following import Cursor
from events.models import Event, LogPosition
from identity.models import CommunicationUser
from monitoring import store
from monitoring.catalogue import METRICS, SERVER
from monitoring.collector import Collector, Dimensions, Tallies
from monitoring.flusher import GONE_MS
from monitoring.models import DAY_MS, DailyActive, ProcessReport
from threads.models import ChatThread
from webhooks.models import Delivery, DeliveryState, EventSubscription

NAME = "usage"


class CountedTo:
    """The last event that this process knows to be counted; None if it knows of none."""

    last_id: int | None = None


counted_to = CountedTo()
EVENTS_PER_PASS = 1000

_MESSAGES = {
    "ChatMessageReceived": "Sent",
    "ChatMessageEdited": "Edited",
    "ChatMessageDeleted": "Deleted",
}
_THREADS = {"ChatThreadCreated": "Created", "ChatThreadDeleted": "Deleted"}
_ACTIVE = ("ActiveUsers", "ActiveThreads")


def count_events(limit: int = EVENTS_PER_PASS) -> int:
    """Counts the next events of the log; returns how many it has read.

    The counts are stored together with the position in the log: no event is missed or counted
    twice.
    """
    position, _ = LogPosition.objects.get_or_create(name=NAME, defaults={"cursor": str(Cursor())})
    events, cursor = following.read_after(Cursor.parse(position.cursor), limit)
    counted_to.last_id = cursor.last_id
    if str(cursor) == position.cursor:
        return 0
    with transaction.atomic():
        moved = LogPosition.objects.filter(pk=NAME, cursor=position.cursor).update(cursor=cursor)
        if moved:
            store.add(_tallies(events))
    return len(events)


def _tallies(events: Iterable[Event]) -> Tallies:
    counted = Collector()
    for event in events:
        sample = _sample(event)
        if sample is not None:
            counted.record((sample[0], event.resource_id, sample[1]), event.at_ms)
    return counted.take()[0]


def _sample(event: Event) -> tuple[str, Dimensions] | None:
    """The metric and its dimensions, or None for an event that is not counted."""
    if event.type in _MESSAGES:
        kind = event.data.get("message_type", "")
        return "ChatMessages", (("Action", _MESSAGES[event.type]), ("MessageType", kind))
    if event.type in _THREADS:
        return "ChatThreads", (("Action", _THREADS[event.type]),)
    return None


def count_active(now_ms: int) -> None:
    """Counts the active users and threads of today and yesterday, and deletes older rows."""
    today = now_ms - now_ms % DAY_MS
    for day_ms in (today, today - DAY_MS):
        rows = (
            DailyActive.objects.filter(day_ms=day_ms, metric__in=_ACTIVE)
            .values_list("metric", "resource_id")
            .annotate(n=Count("id"))
        )
        for metric, resource_id, count in rows:
            store.set_day(metric, resource_id, day_ms, count)
    old = DailyActive.objects.filter(day_ms__lt=today - DAY_MS).values_list("pk", flat=True)[:5000]
    DailyActive.objects.filter(pk__in=list(old)).delete()


def sample_gauges(now_ms: int) -> None:
    """Samples how many connections are open, and how many webhook events wait for how long."""
    sampled = Collector()
    for metric, value in _of_processes(now_ms).items():
        sampled.record((metric, SERVER, ()), now_ms, value)
    waiting = {
        resource: (count, oldest)
        for resource, count, oldest in Delivery.objects.filter(state=DeliveryState.PENDING)
        .values_list("subscription__resource")
        .annotate(n=Count("id"), oldest=Min("created_ms"))
    }
    for resource_id in EventSubscription.objects.values_list("resource", flat=True).distinct():
        count, oldest = waiting.get(resource_id, (0, now_ms))
        sampled.record(("WebhookPending", resource_id, ()), now_ms, count)
        age = max(now_ms - oldest, 0) / 1000
        sampled.record(("WebhookOldestPending", resource_id, ()), now_ms, age)
    _store(sampled)


def _of_processes(now_ms: int) -> dict[str, float]:
    """The sums of the gauges of all live processes, as far as they are metrics."""
    sums: dict[str, float] = {}
    for gauges in ProcessReport.objects.filter(seen_ms__gte=now_ms - GONE_MS).values_list(
        "gauges", flat=True
    ):
        for name, value in gauges.items():
            if name not in METRICS:
                continue
            sums[name] = sums.get(name, 0.0) + float(value)
    return sums


def sample_totals(now_ms: int) -> None:
    """Samples how many users and threads exist."""
    sampled = Collector()
    for metric, resource_id, count in (
        *_by_resource("Users", CommunicationUser.objects.filter(deleted_at=None)),
        *_by_resource("Threads", ChatThread.objects.filter(deleted_ms=None)),
    ):
        sampled.record((metric, resource_id, ()), now_ms, count)
    _store(sampled)


def _by_resource(metric: str, rows: "QuerySet") -> list[tuple[str, UUID, int]]:
    counted = rows.order_by().values_list("resource_id").annotate(n=Count("pk"))
    return [(metric, resource_id, count) for resource_id, count in counted]


def _store(sampled: Collector) -> None:
    tallies = sampled.take()[0]
    if tallies:
        store.add(tallies)
