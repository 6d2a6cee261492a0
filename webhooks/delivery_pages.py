"""The operator's pages of deliveries and workers."""

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
    """Where a delivery is, as a badge."""
    label = DeliveryState(delivery.state).label
    return badge(str(label), _DELIVERY_STATES.get(delivery.state, "info"))


@admin.register(Delivery)
class DeliveryAdmin(ReadOnlyAdmin):
    """Deliveries, dead letters among them: each attempt, and once more from the beginning."""

    purpose = "Events on their way, delivered or dead: every attempt, and sending again."
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
            consequences=(
                "It gets all its attempts and its whole time to live once more, with the same id.",
            ),
            done="on the way again",
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
        """What receivers recognise repetitions by."""
        return identifier(str(delivery.event_id))

    @admin.display(description="state", ordering="state")
    def shown_state(self, delivery: Delivery) -> str:
        """On its way, delivered or dead."""
        return delivery_badge(delivery)

    @admin.display(description="last outcome", ordering="last_outcome")
    def outcome(self, delivery: Delivery) -> str:
        """Event Grid's word for how the last attempt went."""
        return delivery.last_outcome or NOTHING

    @admin.display(description="happened", ordering="event_ms")
    def happened(self, delivery: Delivery) -> str:
        """When what it tells of happened."""
        return moment(delivery.event_ms)

    @admin.display(description="reason")
    def why(self, delivery: Delivery) -> str:
        """Why it is a dead letter."""
        return delivery.dead_letter_reason or NOTHING

    @admin.display(description="next attempt")
    def next_attempt(self, delivery: Delivery) -> str:
        """When it is tried next, if it is."""
        return moment(delivery.due_ms if delivery.state == DeliveryState.PENDING else None)

    @admin.display(description="tried until")
    def ends(self, delivery: Delivery) -> str:
        """The end of its time to live."""
        return moment(delivery.expires_ms)

    @admin.display(description="body")
    def content(self, delivery: Delivery) -> str:
        """The event; a dead letter as the record that also goes to the folder."""
        is_dead = delivery.state == DeliveryState.DEAD
        sent = in_schema(delivery.body, delivery.subscription.event_schema)
        return source(pretty(dead_letters.record(delivery) if is_dead else json.loads(sent)))

    def panels(self, request: HttpRequest, row: Delivery) -> list[Panel]:
        """Every attempt."""
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
    """Workers, and whether they live."""

    purpose = "Processes that deliver and tidy up, and whether they are alive."
    links: ClassVar[list[Link]] = []
    list_display = ["name", "state", "seen", "started", "delivered", "failed"]
    ordering = ["-seen_ms"]
    fieldsets = [
        (None, {"fields": ["name", "state", "seen", "started", "stopped"]}),
        ("What it has done", {"fields": ["delivered", "failed", "last_error"]}),
    ]

    @admin.display(description="state")
    def state(self, worker: Worker) -> str:
        """Running, stopped, or silent: killed, or cut off from the database."""
        if worker.stopped_ms is not None:
            return badge("stopped")
        if now_ms() - worker.seen_ms > GONE_MS:
            return badge("silent", "bad")
        return badge("running", "good")

    @admin.display(description="last seen", ordering="seen_ms")
    def seen(self, worker: Worker) -> str:
        """Its last sign of life."""
        return moment(worker.seen_ms)

    @admin.display(description="started", ordering="started_ms")
    def started(self, worker: Worker) -> str:
        """When it began."""
        return moment(worker.started_ms)

    @admin.display(description="stopped")
    def stopped(self, worker: Worker) -> str:
        """When it said that it stops."""
        return moment(worker.stopped_ms)
