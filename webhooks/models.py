"""Event subscriptions and their deliveries. Times are epoch milliseconds."""

from typing import Any

from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower

from events.secrets import new_secret
from identity.models import Resource
from webhooks.eventgrid import CLOUD_EVENTS_SCHEMA, EVENT_GRID_SCHEMA
from webhooks.filters import EventFilter
from wire.times import now_ms

# What the management API calls a subscription.
SUBSCRIPTION_TYPE = "Microsoft.EventGrid/eventSubscriptions"


class EventSchema(models.TextChoices):
    """The schema of events, as the management API names it."""

    EVENT_GRID = EVENT_GRID_SCHEMA, "Event Grid schema"
    CLOUD_EVENTS = CLOUD_EVENTS_SCHEMA, "CloudEvents 1.0"


class ProvisioningState(models.TextChoices):
    """The state of an endpoint's validation, as the management API names it."""

    CREATING = "Creating"
    UPDATING = "Updating"
    AWAITING_MANUAL_ACTION = "AwaitingManualAction", "Awaiting manual action"
    SUCCEEDED = "Succeeded"
    FAILED = "Failed"


# States in which a worker has to make the handshake.
UNVALIDATED = (ProvisioningState.CREATING, ProvisioningState.UPDATING)
# States in which events are collected; a working subscription continues while it is updated.
COLLECTING = (ProvisioningState.SUCCEEDED, ProvisioningState.UPDATING)


class EventSubscription(models.Model):
    """Which events of a resource an endpoint gets, and how."""

    resource = models.ForeignKey(
        Resource, on_delete=models.CASCADE, related_name="event_subscriptions"
    )
    name = models.CharField(max_length=64)
    # The Azure resource it was created for; events carry it as topic or source.
    scope = models.CharField(max_length=500)

    endpoint_url = models.TextField("endpoint URL")
    event_schema = models.CharField(
        "schema", max_length=30, choices=EventSchema, default=EventSchema.EVENT_GRID
    )
    max_events_per_batch = models.PositiveIntegerField(default=1)
    preferred_batch_size_kb = models.PositiveIntegerField("preferred batch size (kB)", default=64)
    # As the management API writes them, with the values of secret ones, which are never shown.
    delivery_attributes: Any = models.JSONField(default=list, blank=True)
    # The key of the signature header; empty means unsigned.
    signing_secret = models.CharField(max_length=200, blank=True)

    # None means all published types.
    included_event_types: Any = models.JSONField(null=True, blank=True)
    subject_begins_with = models.TextField(blank=True)
    subject_ends_with = models.TextField(blank=True)
    is_subject_case_sensitive = models.BooleanField(default=False)
    advanced_filters: Any = models.JSONField(default=list, blank=True)
    filters_on_arrays = models.BooleanField(default=False)

    labels: Any = models.JSONField(default=list, blank=True)
    expires_ms = models.BigIntegerField(null=True, blank=True)
    max_delivery_attempts = models.PositiveIntegerField(default=30)
    event_ttl_minutes = models.PositiveIntegerField("event time to live (minutes)", default=1440)
    # As given to the management API. It has no effect: dead letters are always rows.
    dead_letter_destination: Any = models.JSONField(null=True, blank=True)

    provisioning_state = models.CharField(
        max_length=30, choices=ProvisioningState, default=ProvisioningState.CREATING
    )
    validation_code = models.CharField(max_length=100, default=new_secret)
    # When the next handshake is due, and until when the endpoint can be validated manually.
    validation_due_ms = models.BigIntegerField(null=True, blank=True)
    validation_attempts = models.PositiveIntegerField(default=0)
    manual_validation_until_ms = models.BigIntegerField(null=True, blank=True)
    # The last handshake: request, response and problem.
    last_validation: Any = models.JSONField(null=True, blank=True)
    # Requests per minute that the endpoint allows (CloudEvents handshake); None means unlimited.
    allowed_rate = models.PositiveIntegerField(null=True, blank=True)
    # Events from this time on are collected.
    active_from_ms = models.BigIntegerField(null=True, blank=True)

    # Consecutive failures, and until when deliveries are delayed because of them.
    failures = models.PositiveIntegerField(default=0)
    delayed_until_ms = models.BigIntegerField(default=0)

    # A running replay: events of the log after the first id, up to and including the second.
    replay_after_id = models.BigIntegerField(null=True, blank=True)
    replay_last_id = models.BigIntegerField(null=True, blank=True)
    replay_since_ms = models.BigIntegerField(null=True, blank=True)

    created_ms = models.BigIntegerField(default=now_ms, editable=False)
    # The last change of anything but the failures; workers reload the subscriptions after it.
    changed_ms = models.BigIntegerField(default=now_ms, editable=False, db_index=True)

    class Meta:
        app_label = "events"
        verbose_name = "event subscription"
        constraints = [
            # URLs of subscriptions are case-insensitive.
            models.UniqueConstraint("resource", Lower("name"), name="subscription_name_any_case")
        ]
        indexes = [
            models.Index(
                fields=["validation_due_ms"],
                name="validation_due",
                condition=Q(validation_due_ms__isnull=False),
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def endpoint_base_url(self) -> str:
        """The URL without its query, which often holds a secret."""
        return self.endpoint_url.partition("?")[0]

    @property
    def topic(self) -> str:
        """The topic (Event Grid) or source (CloudEvents) of its events."""
        return f"/{self.scope}"

    @property
    def azure_id(self) -> str:
        """Its resource id in the management API."""
        return f"{self.topic}/providers/{SUBSCRIPTION_TYPE}/{self.name}"

    def filter(self) -> EventFilter:
        """The filter that its events pass."""
        return EventFilter(
            topic=self.topic,
            schema=self.event_schema,
            included_event_types=self.included_event_types,
            subject_begins_with=self.subject_begins_with,
            subject_ends_with=self.subject_ends_with,
            is_subject_case_sensitive=self.is_subject_case_sensitive,
            advanced_filters=self.advanced_filters,
            on_arrays=self.filters_on_arrays,
        )


class DeliveryState(models.TextChoices):
    """The state of a delivery."""

    PENDING = "pending", "On its way"
    DELIVERED = "delivered", "Delivered"
    DEAD = "dead", "Dead letter"


class Delivery(models.Model):
    """One event for one subscription."""

    subscription = models.ForeignKey(
        EventSubscription, on_delete=models.CASCADE, related_name="deliveries"
    )
    # The same for every attempt and replay: receivers recognize repeated events by it.
    event_id = models.UUIDField()
    event_type = models.CharField(max_length=100)
    event_ms = models.BigIntegerField()
    # The event in the subscription's schema, as it goes out.
    body = models.TextField()

    state = models.CharField(max_length=10, choices=DeliveryState, default=DeliveryState.PENDING)
    attempts = models.PositiveIntegerField(default=0)
    created_ms = models.BigIntegerField()
    due_ms = models.BigIntegerField()
    expires_ms = models.BigIntegerField()
    # The claim that holds until `due_ms`, if any (see `background.claims`).
    lease = models.UUIDField(null=True)
    last_attempt_ms = models.BigIntegerField(null=True)
    last_outcome = models.CharField(max_length=40, blank=True)
    dead_letter_reason = models.CharField(max_length=40, blank=True)
    finished_ms = models.BigIntegerField(null=True)

    class Meta:
        app_label = "events"
        verbose_name_plural = "deliveries"
        indexes = [
            # What is due for a subscription.
            models.Index(
                fields=["subscription", "due_ms"],
                name="delivery_due",
                condition=Q(state=DeliveryState.PENDING),
            ),
            # Finished deliveries, for the sweeps and the lists of the admin.
            models.Index(fields=["state", "finished_ms"], name="delivery_finished"),
        ]

    def __str__(self) -> str:
        return f"{self.event_type.rpartition('.')[2]} {self.event_id}"


class DeliveryAttempt(models.Model):
    """One request and its result. A batch makes one row for each of its deliveries."""

    delivery = models.ForeignKey(Delivery, on_delete=models.CASCADE, related_name="attempt_set")
    number = models.PositiveIntegerField()
    started_ms = models.BigIntegerField()
    latency_ms = models.PositiveIntegerField()
    # None if there was no answer.
    status = models.PositiveIntegerField(null=True)
    outcome = models.CharField(max_length=40)
    # The beginning of the answer, or the error.
    response = models.TextField(blank=True)

    class Meta:
        app_label = "events"
        verbose_name = "attempt"

    def __str__(self) -> str:
        return f"attempt {self.number}: {self.outcome}"


class DeletionNotice(models.Model):
    """The notice to the endpoint of a deleted subscription, until it has been sent."""

    endpoint_url = models.TextField()
    headers: Any = models.JSONField()
    body = models.TextField()
    attempts = models.PositiveIntegerField(default=0)
    # A claim moves it ahead, as with deliveries.
    due_ms = models.BigIntegerField(db_index=True)

    class Meta:
        app_label = "events"

    def __str__(self) -> str:
        return f"deletion notice {self.pk}"
