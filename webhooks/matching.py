"""Which subscriptions want an event, found without asking each of them."""

import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from uuid import UUID

from django.db.models import Count, Max

from webhooks import eventgrid
from webhooks.eventgrid import GridEvent
from webhooks.filters import EventFilter
from webhooks.models import COLLECTING, Delivery, EventSubscription
from wire.times import now_ms

MINUTE = 60_000
# Changes that are so young may still have unseen neighbours, committed in another order.
_SETTLING_MS = 5000


@dataclass(frozen=True)
class Candidate:
    """A subscription with its filter made ready."""

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

    @classmethod
    def load(cls) -> "SubscriptionIndex":
        """The subscriptions as they are now."""
        index = cls()
        for subscription in EventSubscription.objects.filter(provisioning_state__in=COLLECTING):
            index.add(subscription)
        return index

    def add(self, subscription: EventSubscription) -> None:
        """Puts a subscription where its events will look for it."""
        candidate = Candidate(subscription, subscription.filter())
        prefix = subscription.subject_begins_with.lower()
        for event_type in candidate.filter.event_types:
            prefixes = self._by_type[subscription.resource_id, event_type]
            prefixes[len(prefix)].setdefault(prefix, []).append(candidate)

    def wants(self, resource_id: UUID, event_type: str) -> bool:
        """Whether anybody at all wants events of that type."""
        return (resource_id, event_type) in self._by_type

    def subscriptions_for(
        self, resource_id: UUID, event: GridEvent, at_ms: int
    ) -> Iterator[EventSubscription]:
        """Those who get the event; `at_ms` is now."""
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
    """The index, read again when a subscription has changed; `get` costs one small query."""

    def __init__(self) -> None:
        self._index = SubscriptionIndex()
        self._state: tuple[int, int] | None = None

    def get(self) -> SubscriptionIndex:
        """The subscriptions as they are now."""
        found = EventSubscription.objects.aggregate(count=Count("pk"), changed=Max("changed_ms"))
        state = (found["count"], found["changed"] or 0)
        if state != self._state or now_ms() - state[1] < _SETTLING_MS:
            self._index, self._state = SubscriptionIndex.load(), state
        return self._index


class PatientIndex:
    """The index for requests of people: asks the database every few seconds only."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._current = CurrentIndex()
        self._asked = float("-inf")
        self._index = SubscriptionIndex()

    def get(self) -> SubscriptionIndex:
        """The subscriptions as they were at most that many seconds ago."""
        if time.monotonic() - self._asked > self._seconds:
            self._index, self._asked = self._current.get(), time.monotonic()
        return self._index


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
