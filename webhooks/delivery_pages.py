"""Admin pages of deliveries and workers."""

import json
from typing import ClassVar

from django.contrib import admin
from django.db.models import Q
from django.http import HttpRequest

from admin_toolkit.display import NOTHING, BadgeKind, badge, identifier, moment, source
from admin_toolkit.lists import option_filter, since_filter
from admin_toolkit.operations import Operation
from admin_toolkit.pages import Link, Panel, PanelRow, ReadOnlyAdmin
from background.heartbeat import GONE_MS
from background.models import Worker
from webhooks import dead_letters, services
from webhooks.eventgrid import PREFIX, in_schema
from webhooks.forms import pretty
from webhooks.models import Delivery, DeliveryAttempt, DeliveryState
from wire.times import now_ms

_DELIVERY_STATES: dict[str, BadgeKind] = {
    DeliveryState.DELIVERED: "good",
    DeliveryState.DEAD: "bad",
}
_SHOWN_ATTEMPTS = 40


def delivery_badge(delivery: Delivery) -> str:
    """The state of a delivery as a badge."""
    label = DeliveryState(delivery.state).label
    return badge(str(label), _DELIVERY_STATES.get(delivery.state, "info"))


@admin.register(Delivery)
class DeliveryAdmin(ReadOnlyAdmin):
    """Deliveries and dead letters, with every attempt."""

    purpose = "Pending, delivered and dead events: every attempt, and sending again."
    links: ClassVar[list[Link]] = []
    list_display = ["event", "subscription", "shown_state", "attempts", "outcome", "happened"]
    list_select_related = ["subscription"]
    list_filter = [
        option_filter(
            "state",
            "state",
            {value: (str(label), Q(state=value)) for value, label in DeliveryState.choices},
        ),
        since_filter("made in", "made", "created_ms"),
        "subscription",
    ]
    search_fields = ["event_id", "event_type", "subscription__name"]
    search_help_text = "An event's id, a type, or the name of a subscription."
    ordering = ["-id"]
    fieldsets = [
        (None, {"fields": ["event_type", "identity", "subscription", "shown_state", "why"]}),
        ("Times", {"fields": ["happened", "next_attempt", "ends"]}),
        ("What is sent", {"fields": ["content"]}),
    ]
    operations = [
        Operation(
            name="redrive",
            label="Send again",
            consequences=("Attempts and time to live are reset; the event id stays the same.",),
            done="queued again",
            run=lambda delivery: services.redrive(
                deliveries=Delivery.objects.filter(pk=delivery.pk)
            ),
            permission="change",
            applies_to=lambda delivery: delivery.state != DeliveryState.PENDING,
        )
    ]

    @admin.display(description="event", ordering="event_type")
    def event(self, delivery: Delivery) -> str:
        """The type without its prefix."""
        return delivery.event_type.removeprefix(PREFIX)

    @admin.display(description="event id")
    def identity(self, delivery: Delivery) -> str:
        """Receivers recognize repeated events by it."""
        return identifier(str(delivery.event_id))

    @admin.display(description="state", ordering="state")
    def shown_state(self, delivery: Delivery) -> str:
        return delivery_badge(delivery)

    @admin.display(description="last outcome", ordering="last_outcome")
    def outcome(self, delivery: Delivery) -> str:
        """Event Grid's name for the result of the last attempt."""
        return delivery.last_outcome or NOTHING

    @admin.display(description="happened", ordering="event_ms")
    def happened(self, delivery: Delivery) -> str:
        """The time of the event itself."""
        return moment(delivery.event_ms)

    @admin.display(description="reason")
    def why(self, delivery: Delivery) -> str:
        return delivery.dead_letter_reason or NOTHING

    @admin.display(description="next attempt")
    def next_attempt(self, delivery: Delivery) -> str:
        """When the next attempt is due, if the event is pending."""
        return moment(delivery.due_ms if delivery.state == DeliveryState.PENDING else None)

    @admin.display(description="tried until")
    def ends(self, delivery: Delivery) -> str:
        """The end of its time to live."""
        return moment(delivery.expires_ms)

    @admin.display(description="body")
    def content(self, delivery: Delivery) -> str:
        """The event; for a dead letter, the record that is also written to the folder."""
        is_dead = delivery.state == DeliveryState.DEAD
        sent = in_schema(delivery.body, delivery.subscription.event_schema)
        return source(pretty(dead_letters.record(delivery) if is_dead else json.loads(sent)))

    def panels(self, request: HttpRequest, row: Delivery) -> list[Panel]:
        attempts = DeliveryAttempt.objects.filter(delivery=row).order_by("-id")[:_SHOWN_ATTEMPTS]
        rows = [
            PanelRow(
                [
                    attempt.number,
                    moment(attempt.started_ms),
                    attempt.status or NOTHING,
                    attempt.outcome,
                    f"{attempt.latency_ms:,} ms",
                    source(attempt.response),
                ]
            )
            for attempt in attempts
        ]
        columns = ["Attempt", "Time", "Status", "Outcome", "Took", "Answer"]
        return [Panel("Attempts", columns, rows, note="" if rows else "None yet.")]


@admin.register(Worker)
class WorkerAdmin(ReadOnlyAdmin):
    """Workers, and whether they are alive."""

    purpose = "Processes that deliver webhooks and run background jobs, and whether they are alive."
    links: ClassVar[list[Link]] = []
    list_display = ["name", "state", "seen", "started", "delivered", "failed"]
    ordering = ["-seen_ms"]
    fieldsets = [
        (None, {"fields": ["name", "state", "seen", "started", "stopped"]}),
        ("Deliveries", {"fields": ["delivered", "failed", "last_error"]}),
    ]

    @admin.display(description="state")
    def state(self, worker: Worker) -> str:
        """Running, stopped, or silent (killed, or disconnected from the database)."""
        if worker.stopped_ms is not None:
            return badge("stopped")
        if now_ms() - worker.seen_ms > GONE_MS:
            return badge("silent", "bad")
        return badge("running", "good")

    @admin.display(description="last seen", ordering="seen_ms")
    def seen(self, worker: Worker) -> str:
        return moment(worker.seen_ms)

    @admin.display(description="started", ordering="started_ms")
    def started(self, worker: Worker) -> str:
        return moment(worker.started_ms)

    @admin.display(description="stopped")
    def stopped(self, worker: Worker) -> str:
        return moment(worker.stopped_ms)
