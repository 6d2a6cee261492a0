"""Finds the subscriptions that want an event, without testing each of them."""

import threading
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from uuid import UUID

from django.db.models import Count, Max

from webhooks import eventgrid
from webhooks.eventgrid import GridEvent
from webhooks.filters import EventFilter
from webhooks.models import COLLECTING, Delivery, EventSubscription
from wire.times import now_ms

MINUTE = 60_000
# For this long after a change, an earlier one may still be uncommitted.
_SETTLING_MS = 5000


@dataclass(frozen=True)
class Candidate:
    """A subscription with its filter parsed."""

    subscription: EventSubscription
    filter: EventFilter


# By the beginning of the subject, in lower case; by how long that beginning is.
_Prefixes = dict[int, dict[str, list[Candidate]]]


@dataclass(frozen=True)
class SubscriptionIndex:
    """All subscriptions that collect events, by resource, event type and subject prefix."""

    _by_type: dict[tuple[UUID, str], _Prefixes] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(dict))
    )
    # Longer prefixes, cut to the length of a subject's beginning; filled when needed.
    _cut: dict[tuple[UUID, str, int], frozenset[str]] = field(default_factory=dict)

    @classmethod
    def load(cls) -> "SubscriptionIndex":
        """The subscriptions as they are now."""
        index = cls()
        for subscription in EventSubscription.objects.filter(provisioning_state__in=COLLECTING):
            index.add(subscription)
        return index

    def add(self, subscription: EventSubscription) -> None:
        """Adds a subscription under each event type that it wants."""
        self._cut.clear()
        candidate = Candidate(subscription, subscription.filter())
        prefix = subscription.subject_begins_with.lower()
        for event_type in candidate.filter.event_types:
            prefixes = self._by_type[subscription.resource_id, event_type]
            prefixes[len(prefix)].setdefault(prefix, []).append(candidate)

    def wants(self, resource_id: UUID, event_type: str) -> bool:
        """Whether any subscription of the resource wants events of that type."""
        return (resource_id, event_type) in self._by_type

    def may_want(self, resource_id: UUID, event_type: str, beginning: str) -> bool:
        """Whether a subscription may want an event of that type whose subject begins so."""
        prefixes = self._by_type.get((resource_id, event_type))
        if not prefixes:
            return False
        start = beginning.lower()
        if any(start[:length] in prefixes[length] for length in prefixes if length <= len(start)):
            return True
        return start in self._cut_prefixes(resource_id, event_type, len(start))

    def _cut_prefixes(self, resource_id: UUID, event_type: str, size: int) -> frozenset[str]:
        key = (resource_id, event_type, size)
        if key not in self._cut:
            by_length = self._by_type[resource_id, event_type].items()
            longer = (prefix for length, some in by_length if length > size for prefix in some)
            self._cut[key] = frozenset(prefix[:size] for prefix in longer)
        return self._cut[key]

    def __bool__(self) -> bool:
        return bool(self._by_type)

    def subscriptions_for(
        self, resource_id: UUID, event: GridEvent, at_ms: int
    ) -> Iterator[EventSubscription]:
        """The subscriptions that get the event; `at_ms` is now."""
        prefixes = self._by_type.get((resource_id, event.type))
        if not prefixes:
            return
        subject = event.subject.lower()
        for length, by_prefix in prefixes.items():
            for candidate in by_prefix.get(subject[:length], ()):
                if _is_open(candidate.subscription, event, at_ms) and candidate.filter.matches(
                    event
                ):
                    yield candidate.subscription


def _is_open(subscription: EventSubscription, event: GridEvent, at_ms: int) -> bool:
    active_from, expires = subscription.active_from_ms, subscription.expires_ms
    return (
        active_from is not None
        and event.at_ms >= active_from
        and (expires is None or at_ms < expires)
    )


class CurrentIndex:
    """The index in memory, read again after changes. Threads may share it.

    `invalidate` announces a change made in this process. Changes made by other processes are
    found by `get`, which costs one small query.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._index = SubscriptionIndex()
        self._state: tuple[int, int] | None = None
        self._is_stale = True
        self._read_at = float("-inf")
        # Counts invalidations and changes found, so that others can see that there was one.
        self.version = 0
        # While a dispatcher in this process keeps the index up to date.
        self.is_followed = False

    @property
    def is_empty(self) -> bool:
        """Whether there are certainly no subscriptions at all, as far as this process knows."""
        return not self._is_stale and self._state is not None and self._state[0] == 0

    @property
    def is_settling(self) -> bool:
        """Whether the last change is so young that another one may still be uncommitted."""
        return self._state is not None and now_ms() - self._state[1] < _SETTLING_MS

    @property
    def age_seconds(self) -> float:
        """Seconds since the database was asked; infinite after `invalidate`."""
        return float("inf") if self._is_stale else time.monotonic() - self._read_at

    def invalidate(self) -> None:
        """Makes the next `get` read the subscriptions; call it after the commit of a change."""
        self._is_stale = True
        self.version += 1

    def get(self) -> SubscriptionIndex:
        """The subscriptions as they are now."""
        with self._lock:
            self._is_stale, was_stale = False, self._is_stale
            try:
                self._read(was_stale)
            except BaseException:
                self._is_stale = True
                raise
            return self._index

    def _read(self, was_stale: bool) -> None:
        found = EventSubscription.objects.aggregate(count=Count("pk"), changed=Max("changed_ms"))
        state = (found["count"], found["changed"] or 0)
        if was_stale or state != self._state or now_ms() - state[1] < _SETTLING_MS:
            self._index = SubscriptionIndex.load() if state[0] else SubscriptionIndex()
        if state != self._state:
            self._state = state
            self.version += 1
        self._read_at = time.monotonic()

    def recent(self, seconds: float) -> SubscriptionIndex:
        """The subscriptions as they were at most that many seconds ago.

        Costs no query while a dispatcher in this process keeps the index up to date.
        """
        if self.is_followed and not self._is_stale:
            return self._index
        return self._index if self.age_seconds < seconds else self.get()

    def may_want(self, resource_id: UUID, event_types: Iterable[str], beginning: str) -> bool:
        """Whether a subscription may want an event of one of the types; True if that is unknown.

        `beginning` is what the subjects of these events begin with. No query.
        """
        return self._is_stale or any(
            self._index.may_want(resource_id, event_type, beginning) for event_type in event_types
        )


def new_delivery(subscription: EventSubscription, event: GridEvent, at_ms: int) -> Delivery:
    """The unsaved delivery of an event, due at once."""
    whole = eventgrid.envelope(event, topic=subscription.topic, schema=subscription.event_schema)
    return Delivery(
        subscription_id=subscription.pk,
        event_id=event.id,
        event_type=event.type,
        event_ms=event.at_ms,
        body=eventgrid.text(whole),
        created_ms=at_ms,
        due_ms=at_ms,
        expires_ms=at_ms + subscription.event_ttl_minutes * MINUTE,
    )
