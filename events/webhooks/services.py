"""Every change of subscriptions and deliveries that somebody asks for."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.db import transaction
from django.db.models import Max, Min, OuterRef, QuerySet, Subquery

from events import eventgrid
from events.models import Event
from events.webhooks.matching import new_delivery
from events.webhooks.models import (
    UNVALIDATED,
    Delivery,
    DeliveryState,
    EventSubscription,
    ProvisioningState,
    new_secret,
)
from events.webhooks.samples import sample_grid_events
from identity.models import Resource
from wire.errors import ChatError
from wire.times import now_ms

MINUTE = 60_000
SUBSCRIPTIONS_PER_RESOURCE = 1000

# A change of these makes another handshake necessary.
_ENDPOINT_FIELDS = ("endpoint_url", "event_schema")


def default_scope(resource: Resource) -> str:
    """What subscriptions that were not created through the management API are in the name of."""
    return (
        f"subscriptions/{resource.id}/resourceGroups/chatsite"
        f"/providers/Microsoft.Communication/communicationServices/{resource.name}"
    )


def create_or_update_event_subscription(
    *, resource: Resource, name: str, scope: str, fields: Mapping[str, Any]
) -> tuple[EventSubscription, bool]:
    """The subscription with that name, whether new or not, and whether it is new.

    `fields` are of the model and checked (see `events.webhooks.definition`); what they leave out
    gets its default. The endpoint is validated afterwards, by a worker.
    Raises ChatError 409 when the resource has too many.
    """
    with transaction.atomic():
        existing = _find(resource, name)
        if existing is None:
            if resource.event_subscriptions.count() >= SUBSCRIPTIONS_PER_RESOURCE:
                raise ChatError(409, "LimitExceeded", "The resource has too many subscriptions.")
            subscription = EventSubscription(resource=resource, name=name, scope=scope, **fields)
            start_validation(subscription)
            subscription.save(force_insert=True)
            return subscription, True
        blank = EventSubscription()
        defaults = {field: getattr(blank, field) for field in _DEFINED_FIELDS}
        _apply(existing, {**defaults, **fields, "scope": scope})
        return existing, False


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
    """Changes these fields and leaves the others."""
    with transaction.atomic():
        _apply(subscription, fields)


def delete_event_subscription(*, subscription: EventSubscription) -> None:
    """Deletes a subscription with all that was on its way to it."""
    # In slices: one statement over a million deliveries would hold up every other writer.
    while True:
        some = subscription.deliveries.values_list("pk", flat=True)[:1000]
        if not Delivery.objects.filter(pk__in=list(some)).delete()[0]:
            break
    subscription.delete()


def _find(resource: Resource, name: str) -> EventSubscription | None:
    found: EventSubscription | None = (
        resource.event_subscriptions.select_for_update().filter(name__iexact=name).first()
    )
    return found


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


def start_validation(subscription: EventSubscription) -> None:
    """Lets the next worker make the handshake; nothing is saved here."""
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
    """Makes the handshake once more, whatever came of the last one."""
    start_validation(subscription)
    subscription.changed_ms = now_ms()
    subscription.save()


def validate_manually(*, code: str) -> EventSubscription | None:
    """What following the validation URL does; None when the code is wrong or too old."""
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
        return subscription


def activate(subscription: EventSubscription) -> None:
    """From now on events are collected and delivered; nothing is saved here."""
    if subscription.active_from_ms is None or (
        subscription.provisioning_state != ProvisioningState.UPDATING
    ):
        subscription.active_from_ms = now_ms()
    subscription.provisioning_state = ProvisioningState.SUCCEEDED
    subscription.validation_due_ms = None
    subscription.manual_validation_until_ms = None
    subscription.changed_ms = now_ms()


def send_test_event(*, subscription: EventSubscription) -> Delivery:
    """Sends a made-up event of a type that the subscription wants, whatever its other filters."""
    at_ms = now_ms()
    wanted = subscription.filter().event_types
    samples = list(sample_grid_events(subscription.resource_id, at_ms))
    sample = next((event for event in samples if event.type in wanted), samples[0])
    delivery = new_delivery(subscription, sample, at_ms)
    delivery.save()
    return delivery


def redrive(*, deliveries: QuerySet[Delivery]) -> int:
    """Sends dead letters, or events that have arrived, once more; returns how many."""
    at_ms = now_ms()
    ttl = EventSubscription.objects.filter(pk=OuterRef("subscription")).values("event_ttl_minutes")
    return deliveries.exclude(state=DeliveryState.PENDING).update(
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
    """Sends everything since a time once more, from the log. A worker does it, bit by bit."""
    log = Event.objects.filter(resource=subscription.resource_id, at_ms__gte=since_ms)
    ends = log.aggregate(first=Min("id"), last=Max("id"))
    if ends["first"] is None:
        return
    EventSubscription.objects.filter(pk=subscription.pk).update(
        replay_after_id=ends["first"] - 1,
        replay_last_id=ends["last"],
        replay_since_ms=since_ms,
    )


def preview(subscription: EventSubscription) -> Iterable[dict[str, Any]]:
    """What would arrive: made-up events that pass the filters, in their envelopes."""
    wanted = subscription.filter()
    return [
        eventgrid.envelope(event, topic=subscription.topic, schema=subscription.event_schema)
        for event in sample_grid_events(subscription.resource_id, now_ms())
        if wanted.matches(event)
    ]
