"""Changes of subscriptions and deliveries on behalf of the management API and operators."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Max, Min, OuterRef, QuerySet, Subquery

from events.models import Event
from events.secrets import new_secret
from identity.models import Resource
from webhooks import deletion, eventgrid, queue
from webhooks.matching import new_delivery
from webhooks.models import (
    UNVALIDATED,
    Delivery,
    DeliveryState,
    EventSubscription,
    ProvisioningState,
)
from webhooks.samples import sample_grid_events
from webhooks.wakeups import deliveries_changed, subscriptions_changed
from wire.errors import ChatError
from wire.times import now_ms

MINUTE = 60_000
SUBSCRIPTIONS_PER_RESOURCE = 1000
_SLICE = 1000

# A change of these makes another handshake necessary.
_ENDPOINT_FIELDS = ("endpoint_url", "event_schema")


def default_scope(resource: Resource) -> str:
    """The scope of subscriptions that were not created through the management API."""
    return (
        f"subscriptions/{resource.id}/resourceGroups/chatsite"
        f"/providers/Microsoft.Communication/communicationServices/{resource.name}"
    )


def create_or_update_event_subscription(
    *, resource: Resource, name: str, scope: str, fields: Mapping[str, Any]
) -> tuple[EventSubscription, bool]:
    """The subscription with that name, whether new or not, and whether it is new.

    `fields` are of the model and checked (see `webhooks.definition`); what they leave out
    gets its default. The endpoint is validated afterwards, by a worker.
    Raises ChatError 409 if the resource has too many, or the same one is being created.
    """
    with transaction.atomic():
        existing = _find(resource, name)
        if existing is None:
            return _create(EventSubscription(resource=resource, name=name, scope=scope, **fields))
        blank = EventSubscription()
        defaults = {field: getattr(blank, field) for field in _DEFINED_FIELDS}
        _apply(existing, {**defaults, **fields, "scope": scope})
        return existing, False


def _create(subscription: EventSubscription) -> tuple[EventSubscription, bool]:
    if subscription.resource.event_subscriptions.count() >= SUBSCRIPTIONS_PER_RESOURCE:
        raise ChatError(409, "LimitExceeded", "The resource has too many subscriptions.")
    start_validation(subscription)
    subscriptions_changed()
    try:
        with transaction.atomic():
            subscription.save(force_insert=True)
    except IntegrityError:
        raise ChatError(
            409, "Conflict", "An event subscription with this name is being created."
        ) from None
    return subscription, True


# What a definition consists of: a PUT without a member sets it back.
_DEFINED_FIELDS = (
    "event_schema",
    "max_events_per_batch",
    "preferred_batch_size_kb",
    "delivery_attributes",
    "included_event_types",
    "subject_begins_with",
    "subject_ends_with",
    "is_subject_case_sensitive",
    "filters_on_arrays",
    "advanced_filters",
    "labels",
    "expires_ms",
    "max_delivery_attempts",
    "event_ttl_minutes",
    "dead_letter_destination",
)


def update_event_subscription(
    *, subscription: EventSubscription, fields: Mapping[str, Any]
) -> None:
    """Changes these fields and keeps the others. Raises ChatError 404 if it was deleted."""
    with transaction.atomic():
        _lock(subscription)
        _apply(subscription, fields)


def delete_event_subscription(*, subscription: EventSubscription) -> None:
    """Deletes a subscription and its deliveries; a worker notifies the endpoint."""
    while True:
        while queue.delete_some(subscription.deliveries.all()):
            pass
        with transaction.atomic():
            # Workers write no deliveries for it while it is locked.
            locked = EventSubscription.objects.select_for_update().filter(pk=subscription.pk)
            found = locked.first()
            if found is None:
                return
            if not found.deliveries.exists():
                if found.provisioning_state == ProvisioningState.SUCCEEDED:
                    deletion.notice_of(found).save()
                locked.delete()
                subscriptions_changed()
                return


def _find(resource: Resource, name: str) -> EventSubscription | None:
    found: EventSubscription | None = (
        resource.event_subscriptions.select_for_update().filter(name__iexact=name).first()
    )
    return found


def _lock(subscription: EventSubscription) -> None:
    """Reads it again and locks it until the transaction ends."""
    try:
        subscription.refresh_from_db(from_queryset=EventSubscription.objects.select_for_update())
    except EventSubscription.DoesNotExist:
        raise ChatError(
            404, "ResourceNotFound", f"There is no event subscription '{subscription.name}'."
        ) from None


def _apply(subscription: EventSubscription, fields: Mapping[str, Any]) -> None:
    before = [getattr(subscription, field) for field in _ENDPOINT_FIELDS]
    for field, value in fields.items():
        setattr(subscription, field, value)
    is_same = before == [getattr(subscription, field) for field in _ENDPOINT_FIELDS]
    if not is_same or subscription.provisioning_state != ProvisioningState.SUCCEEDED:
        start_validation(subscription)
    if not is_same:
        subscription.failures, subscription.delayed_until_ms = 0, 0
    subscription.changed_ms = now_ms()
    subscription.save()
    subscriptions_changed()


def start_validation(subscription: EventSubscription) -> None:
    """Schedules the handshake. The caller saves the subscription."""
    was_working = subscription.provisioning_state in (
        ProvisioningState.SUCCEEDED,
        ProvisioningState.UPDATING,
    )
    subscription.provisioning_state = (
        ProvisioningState.UPDATING if was_working else ProvisioningState.CREATING
    )
    subscription.validation_code = new_secret()
    subscription.validation_due_ms = now_ms()
    subscription.validation_attempts = 0
    subscription.manual_validation_until_ms = None


def validate_again(*, subscription: EventSubscription) -> None:
    """Schedules the handshake again, regardless of the last outcome.

    Raises ChatError 404 if the subscription was deleted.
    """
    with transaction.atomic():
        _lock(subscription)
        start_validation(subscription)
        subscription.changed_ms = now_ms()
        subscription.save()
        subscriptions_changed()


def validate_manually(*, code: str) -> EventSubscription | None:
    """Validates the subscription whose validation URL was followed; None if the code is invalid."""
    with transaction.atomic():
        subscription = (
            EventSubscription.objects.select_for_update()
            .filter(
                validation_code=code,
                provisioning_state__in=(
                    *UNVALIDATED,
                    ProvisioningState.AWAITING_MANUAL_ACTION,
                    ProvisioningState.SUCCEEDED,
                ),
            )
            .first()
        )
        if subscription is None:
            return None
        until = subscription.manual_validation_until_ms
        if until is not None and until < now_ms():
            return None
        if subscription.provisioning_state != ProvisioningState.SUCCEEDED:
            activate(subscription)
            subscription.save()
            subscriptions_changed()
        return subscription


def activate(subscription: EventSubscription) -> None:
    """Starts collecting and delivering events. The caller saves the subscription."""
    if subscription.active_from_ms is None or (
        subscription.provisioning_state != ProvisioningState.UPDATING
    ):
        subscription.active_from_ms = now_ms()
    subscription.provisioning_state = ProvisioningState.SUCCEEDED
    subscription.validation_due_ms = None
    subscription.manual_validation_until_ms = None
    subscription.changed_ms = now_ms()


def send_test_event(*, subscription: EventSubscription) -> Delivery:
    """Sends a sample event of a type that the subscription includes, ignoring its other filters."""
    at_ms = now_ms()
    wanted = subscription.filter().event_types
    samples = list(sample_grid_events(subscription.resource_id, at_ms))
    sample = next((event for event in samples if event.type in wanted), samples[0])
    delivery = new_delivery(subscription, sample, at_ms)
    delivery.save()
    deliveries_changed()
    return delivery


def redrive(*, deliveries: QuerySet[Delivery]) -> int:
    """Sends dead letters or delivered events again; returns how many."""
    over = deliveries.exclude(state=DeliveryState.PENDING).order_by("pk")
    done = last = 0
    # In slices: one statement over a million rows would block every other writer.
    while some := list(over.filter(pk__gt=last).values_list("pk", flat=True)[:_SLICE]):
        done += _redrive(over.filter(pk__in=some))
        last = some[-1]
    deliveries_changed()
    return done


def _redrive(deliveries: QuerySet[Delivery]) -> int:
    at_ms = now_ms()
    ttl = EventSubscription.objects.filter(pk=OuterRef("subscription")).values("event_ttl_minutes")
    return deliveries.order_by().update(
        state=DeliveryState.PENDING,
        attempts=0,
        due_ms=at_ms,
        expires_ms=at_ms + MINUTE * Subquery(ttl),
        lease=None,
        last_outcome="",
        dead_letter_reason="",
        finished_ms=None,
    )


def replay(*, subscription: EventSubscription, since_ms: int) -> None:
    """Schedules sending all events of the log since a time again."""
    log = Event.objects.filter(resource=subscription.resource_id, at_ms__gte=since_ms)
    ends = log.aggregate(first=Min("id"), last=Max("id"))
    if ends["first"] is None:
        return
    EventSubscription.objects.filter(pk=subscription.pk).update(
        replay_after_id=ends["first"] - 1,
        replay_last_id=ends["last"],
        replay_since_ms=since_ms,
    )
    subscriptions_changed()


def preview(subscription: EventSubscription) -> Iterable[dict[str, Any]]:
    """Sample events that pass the filters, as they would be delivered."""
    wanted = subscription.filter()
    return [
        eventgrid.envelope(event, topic=subscription.topic, schema=subscription.event_schema)
        for event in sample_grid_events(subscription.resource_id, now_ms())
        if wanted.matches(event)
    ]
