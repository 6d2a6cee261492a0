"""Admin pages of event subscriptions; for deliveries and workers see `webhooks.delivery_pages`."""

from collections.abc import Iterator
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path

from admin_toolkit.display import (
    NOTHING,
    BadgeKind,
    address_of,
    badge,
    identifier,
    moment,
    page_of,
    source,
)
from admin_toolkit.operations import Operation, Tool
from admin_toolkit.pages import Link, Panel, ToolkitAdmin
from webhooks import services
from webhooks.definition import properties
from webhooks.eventgrid import PREFIX
from webhooks.forms import ReplayForm, SubscriptionForm, pretty
from webhooks.models import (
    Delivery,
    DeliveryState,
    EventSchema,
    EventSubscription,
    ProvisioningState,
)
from webhooks.panels import deliveries_panel, handshake_panel
from wire.times import now_ms, to_ms

_STATES: dict[str, BadgeKind] = {
    ProvisioningState.SUCCEEDED: "good",
    ProvisioningState.FAILED: "bad",
    ProvisioningState.AWAITING_MANUAL_ACTION: "warning",
}
_COUNTED = 1000


def _up_to(rows: QuerySet[Any]) -> str:
    """The number of rows as text, without counting to the end of a long list."""
    count = rows[: _COUNTED + 1].count()
    return f"{count:,}" if count <= _COUNTED else f"more than {_COUNTED:,}"


def _dead(subscription: EventSubscription) -> QuerySet[Delivery]:
    return subscription.deliveries.filter(state=DeliveryState.DEAD)


def _waiting(subscription: EventSubscription) -> Iterator[str]:
    pending = subscription.deliveries.filter(state=DeliveryState.PENDING)
    yield f"Pending events are dropped: {_up_to(pending)}."


@admin.register(EventSubscription)
class EventSubscriptionAdmin(ToolkitAdmin):
    """Event subscriptions: filters, endpoint, validation and deliveries."""

    purpose = "Endpoints and the events they receive: filters, validation, test events, replays."
    links: ClassVar[list[Link]] = [
        Link(
            "Deliveries",
            "admin:events_delivery_changelist",
            "subscription__id__exact",
            lambda subscription: subscription.pk,
            "events.view_delivery",
        )
    ]
    form = SubscriptionForm
    list_display = ["name", "endpoint", "schema", "wanted", "state", "waiting", "dead_letters"]
    list_filter = ["provisioning_state", "event_schema", "resource"]
    list_select_related = ["resource"]
    search_fields = ["name", "endpoint_url"]
    search_help_text = "A part of the name or of the endpoint's URL."
    ordering = ["name"]
    readonly_fields = [
        "state", "problem", "signed", "topic", "created", "rest", "replaying", "endpoint",
        "definition",
    ]  # fmt: skip
    operations = [
        Operation(
            name="validate",
            label="Validate again",
            consequences=(
                "A worker validates the endpoint again; reload the page to see the result. Nothing "
                "is delivered until the validation succeeds.",
            ),
            done="validation started",
            run=lambda subscription: services.validate_again(subscription=subscription),
            permission="change",
        ),
        Operation(
            name="test",
            label="Send a test event",
            consequences=(
                "The endpoint gets a sample event of a type that the subscription includes, from a "
                "thread that does not exist.",
            ),
            done="test event queued",
            run=lambda subscription: services.send_test_event(subscription=subscription),
            permission="change",
            applies_to=lambda row: row.provisioning_state == ProvisioningState.SUCCEEDED,
        ),
        Operation(
            name="redrive",
            label="Send dead letters again",
            consequences=("Attempts and time to live are reset.",),
            done="dead letters queued",
            run=lambda subscription: services.redrive(deliveries=_dead(subscription)),
            permission="change",
            applies_to=lambda subscription: _dead(subscription).exists(),
            details=lambda row: [f"There are {_up_to(_dead(row))} of them."],
        ),
        Operation(
            name="delete",
            label="Delete subscription",
            consequences=("Its deliveries and dead letters are deleted too.",),
            done="deleted",
            run=lambda subscription: services.delete_event_subscription(subscription=subscription),
            permission="delete",
            details=_waiting,
            for_many=False,
            retype=True,
            removes_row=True,
        ),
    ]

    # --- Columns and fields

    @admin.display(description="endpoint")
    def endpoint(self, subscription: EventSubscription) -> str:
        return identifier(subscription.endpoint_base_url)

    @admin.display(description="schema", ordering="event_schema")
    def schema(self, subscription: EventSubscription) -> str:
        return str(EventSchema(subscription.event_schema).label)

    @admin.display(description="events")
    def wanted(self, subscription: EventSubscription) -> str:
        """The event type, or how many there are."""
        types = subscription.included_event_types
        if types is None:
            return "all"
        return str(types[0]).removeprefix(PREFIX) if len(types) == 1 else f"{len(types)} types"

    @admin.display(description="state", ordering="provisioning_state")
    def state(self, subscription: EventSubscription) -> str:
        """The provisioning state, or that deliveries are delayed after failures."""
        shown = subscription.provisioning_state
        if subscription.delayed_until_ms > now_ms() and subscription.failures:
            return badge("Delayed", "warning")
        label = ProvisioningState(shown).label
        return badge(label, _STATES.get(shown, "info"))

    @admin.display(description="pending")
    def waiting(self, subscription: EventSubscription) -> str:
        return _up_to(subscription.deliveries.filter(state=DeliveryState.PENDING))

    @admin.display(description="dead letters")
    def dead_letters(self, subscription: EventSubscription) -> str:
        count = _up_to(_dead(subscription))
        return badge(count, "bad") if count != "0" else count

    @admin.display(description="problem")
    def problem(self, subscription: EventSubscription) -> str:
        """Why the last validation failed."""
        return (subscription.last_validation or {}).get("problem") or NOTHING

    @admin.display(description="signature")
    def signed(self, subscription: EventSubscription) -> str:
        """Whether requests are signed; the secret is never shown."""
        return badge("signed", "good") if subscription.signing_secret else "not signed"

    @admin.display(description="topic")
    def topic(self, subscription: EventSubscription) -> str:
        """The topic (Event Grid) or source (CloudEvents) of its events."""
        return identifier(subscription.topic)

    @admin.display(description="created")
    def created(self, subscription: EventSubscription) -> str:
        return moment(subscription.created_ms)

    @admin.display(description="consecutive failures")
    def rest(self, subscription: EventSubscription) -> str:
        """The number of failures, and until when deliveries are delayed."""
        if subscription.delayed_until_ms <= now_ms():
            return str(subscription.failures)
        until = moment(subscription.delayed_until_ms)
        return badge(f"{subscription.failures}; deliveries are delayed until", "warning") + until

    @admin.display(description="replay")
    def replaying(self, subscription: EventSubscription) -> str:
        if subscription.replay_after_id is None:
            return NOTHING
        return badge("running", "info")

    @admin.display(description="as the management API shows it")
    def definition(self, subscription: EventSubscription) -> str:
        """The definition without secrets."""
        return source(pretty(properties(subscription)))

    # --- Pages

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """A new subscription needs name and resource; an existing one shows its state."""
        identity = ["endpoint_url", "event_schema"]
        first = (None, {"fields": identity if obj else ["resource", "name", *identity]})
        about = (
            "Status",
            {"fields": ["state", "problem", "rest", "replaying", "topic", "created"]},
        )
        if not self.has_change_permission(request, obj):
            # Django would show the fields themselves, including secrets.
            return [about, ("Definition", {"fields": ["endpoint", "signed", "definition"]})]
        return [
            *([about] if obj else []),
            first,
            ("Filters", {"fields": [
                "included_event_types", "subject_begins_with", "subject_ends_with",
                "is_subject_case_sensitive", "advanced_filters", "filters_on_arrays", "expires",
            ]}),
            ("Delivery", {"fields": [
                "max_events_per_batch", "preferred_batch_size_kb", "max_delivery_attempts",
                "event_ttl_minutes", "delivery_attributes",
            ]}),
            ("Signature", {"fields": [
                *(["signed"] if obj else []), "signing_secret", "is_unsigned",
            ]}),
            ("Labels", {"fields": ["labels"]}),
        ]  # fmt: skip

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """The operation Delete subscription replaces Django's own page."""
        return False

    def save_model(
        self, request: HttpRequest, obj: EventSubscription, form: Any, change: bool
    ) -> None:
        """Saves through the services, like the management API."""
        if change:
            services.update_event_subscription(subscription=obj, fields=form.checked)
            return
        created, _ = services.create_or_update_event_subscription(
            resource=form.cleaned_data["resource"],
            name=form.cleaned_data["name"],
            scope=form.scope,
            fields=form.checked,
        )
        # Django continues with its own instance.
        obj.__dict__.update(created.__dict__)

    def panels(self, request: HttpRequest, row: EventSubscription) -> list[Panel]:
        """The last validation and the latest deliveries."""
        return [handshake_panel(row), deliveries_panel(row)]

    def tools(self, request: HttpRequest, row: EventSubscription) -> list[Tool]:
        """Preview and Replay come first."""
        tools = super().tools(request, row)
        own = [Tool("Preview", address_of(EventSubscription, "preview", row.pk))]
        if self.has_change_permission(request, row):
            own.append(Tool("Replay", address_of(EventSubscription, "replay", row.pk)))
        return [*own, *tools]

    def get_urls(self) -> list[URLPattern]:
        """Adds the preview and replay pages."""
        wrap = self.admin_site.admin_view
        return [
            path(
                "<path:object_id>/preview/",
                wrap(self.preview_view),
                name="events_eventsubscription_preview",
            ),
            path(
                "<path:object_id>/replay/",
                wrap(self.replay_view),
                name="events_eventsubscription_replay",
            ),
            *super().get_urls(),
        ]

    def _row(self, request: HttpRequest, object_id: str) -> EventSubscription:
        row: Any = self.get_object(request, unquote(object_id))
        if row is None:
            raise Http404
        found: EventSubscription = row
        return found

    def preview_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Sample events that pass its filters, as they would be delivered."""
        row = self._row(request, object_id)
        if not self.has_view_permission(request, row):
            raise PermissionDenied
        events = [
            ((event.get("eventType") or event["type"]).removeprefix(PREFIX), pretty(event))
            for event in services.preview(row)
        ]
        return self._page(request, row, "preview", "Preview", events=events)

    def replay_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Sends all events since a given time again."""
        row = self._row(request, object_id)
        if not self.has_change_permission(request, row):
            raise PermissionDenied
        form = ReplayForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            since = form.cleaned_data["since"]
            services.replay(subscription=row, since_ms=to_ms(since))
            self.log_change(request, row, f"Replayed since {since:%Y-%m-%d %H:%M} UTC.")
            self.message_user(request, "The replay has begun.", messages.SUCCESS)
            return HttpResponseRedirect(page_of(row))
        return self._page(request, row, "replay", "Replay", form=form)

    def _page(
        self, request: HttpRequest, row: EventSubscription, template: str, title: str, **more: Any
    ) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "original": row,
            "title": title,
            "back": page_of(row),
            **more,
        }
        return TemplateResponse(request, f"admin/webhooks/{template}.html", context)
