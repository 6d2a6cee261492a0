"""The operator's pages of webhooks; deliveries and workers: webhooks.delivery_pages."""

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
    """How many there are, without counting to the end of a long list."""
    count = rows[: _COUNTED + 1].count()
    return f"{count:,}" if count <= _COUNTED else f"more than {_COUNTED:,}"


def _dead(subscription: EventSubscription) -> QuerySet[Delivery]:
    return subscription.deliveries.filter(state=DeliveryState.DEAD)


def _waiting(subscription: EventSubscription) -> Iterator[str]:
    pending = subscription.deliveries.filter(state=DeliveryState.PENDING)
    yield f"Events that are still on their way are dropped: {_up_to(pending)}."


@admin.register(EventSubscription)
class EventSubscriptionAdmin(ToolkitAdmin):
    """Subscriptions: what they want, where it goes, and how the endpoint answers."""

    purpose = "Who gets which events: endpoints, filters, validation, test events, replays."
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
                "A worker makes the handshake with the endpoint; reload the page to see the "
                "answer. Until it has succeeded nothing is delivered.",
            ),
            done="validation started",
            run=lambda subscription: services.validate_again(subscription=subscription),
            permission="change",
        ),
        Operation(
            name="test",
            label="Send a test event",
            consequences=(
                "The endpoint gets a made-up event of a type that the subscription wants, from a "
                "thread that does not exist.",
            ),
            done="test event on its way",
            run=lambda subscription: services.send_test_event(subscription=subscription),
            permission="change",
            applies_to=lambda row: row.provisioning_state == ProvisioningState.SUCCEEDED,
        ),
        Operation(
            name="redrive",
            label="Send dead letters again",
            consequences=("Each gets all its attempts and its whole time to live once more.",),
            done="dead letters on their way",
            run=lambda subscription: services.redrive(deliveries=_dead(subscription)),
            permission="change",
            applies_to=lambda subscription: _dead(subscription).exists(),
            details=lambda row: [f"There are {_up_to(_dead(row))} of them."],
        ),
        Operation(
            name="delete",
            label="Delete subscription",
            consequences=("Its deliveries and dead letters go with it.",),
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
        """The URL without its query."""
        return identifier(subscription.endpoint_base_url)

    @admin.display(description="schema", ordering="event_schema")
    def schema(self, subscription: EventSubscription) -> str:
        """Event Grid or CloudEvents."""
        return str(EventSchema(subscription.event_schema).label)

    @admin.display(description="events")
    def wanted(self, subscription: EventSubscription) -> str:
        """How many types it wants."""
        types = subscription.included_event_types
        if types is None:
            return "all"
        return str(types[0]).removeprefix(PREFIX) if len(types) == 1 else f"{len(types)} types"

    @admin.display(description="state", ordering="provisioning_state")
    def state(self, subscription: EventSubscription) -> str:
        """Where its validation stands, and whether the endpoint gets a rest."""
        shown = subscription.provisioning_state
        if subscription.delayed_until_ms > now_ms() and subscription.failures:
            return badge("Resting", "warning")
        label = ProvisioningState(shown).label
        return badge(label, _STATES.get(shown, "info"))

    @admin.display(description="on their way")
    def waiting(self, subscription: EventSubscription) -> str:
        """Events that have not arrived yet."""
        return _up_to(subscription.deliveries.filter(state=DeliveryState.PENDING))

    @admin.display(description="dead letters")
    def dead_letters(self, subscription: EventSubscription) -> str:
        """Events that never arrived."""
        count = _up_to(_dead(subscription))
        return badge(count, "bad") if count != "0" else count

    @admin.display(description="what is wrong")
    def problem(self, subscription: EventSubscription) -> str:
        """Why the last handshake failed."""
        return (subscription.last_validation or {}).get("problem") or NOTHING

    @admin.display(description="signature")
    def signed(self, subscription: EventSubscription) -> str:
        """Whether requests are signed; never with what."""
        return badge("signed", "good") if subscription.signing_secret else "not signed"

    @admin.display(description="topic")
    def topic(self, subscription: EventSubscription) -> str:
        """What its events name as their topic or source."""
        return identifier(subscription.topic)

    @admin.display(description="created")
    def created(self, subscription: EventSubscription) -> str:
        """When it was created."""
        return moment(subscription.created_ms)

    @admin.display(description="failures in a row")
    def rest(self, subscription: EventSubscription) -> str:
        """How often it has failed, and until when it gets nothing."""
        if subscription.delayed_until_ms <= now_ms():
            return str(subscription.failures)
        until = moment(subscription.delayed_until_ms)
        return badge(f"{subscription.failures}; nothing is sent for a moment", "warning") + until

    @admin.display(description="replay")
    def replaying(self, subscription: EventSubscription) -> str:
        """Whether a replay goes on."""
        if subscription.replay_after_id is None:
            return NOTHING
        return badge("running", "info")

    @admin.display(description="as the management API shows it")
    def definition(self, subscription: EventSubscription) -> str:
        """Everything but what is secret."""
        return source(pretty(properties(subscription)))

    # --- Pages

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """A new one has a name and a resource, an existing one a state."""
        identity = ["endpoint_url", "event_schema"]
        first = (None, {"fields": identity if obj else ["resource", "name", *identity]})
        about = (
            "About it",
            {"fields": ["state", "problem", "rest", "replaying", "topic", "created"]},
        )
        if not self.has_change_permission(request, obj):
            # Django would show the fields themselves, and with them what is secret.
            return [about, ("Definition", {"fields": ["endpoint", "signed", "definition"]})]
        return [
            *([about] if obj else []),
            first,
            ("What it gets", {"fields": [
                "included_event_types", "subject_begins_with", "subject_ends_with",
                "is_subject_case_sensitive", "advanced_filters", "filters_on_arrays", "expires",
            ]}),
            ("How it is sent", {"fields": [
                "max_events_per_batch", "preferred_batch_size_kb", "max_delivery_attempts",
                "event_ttl_minutes", "delivery_attributes",
            ]}),
            ("Signature", {"fields": [
                *(["signed"] if obj else []), "signing_secret", "is_unsigned",
            ]}),
            ("Labels", {"fields": ["labels"]}),
        ]  # fmt: skip

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """The operation of that name asks more clearly than Django's own page."""
        return False

    def save_model(
        self, request: HttpRequest, obj: EventSubscription, form: Any, change: bool
    ) -> None:
        """Through the services, as the management API."""
        if change:
            services.update_event_subscription(subscription=obj, fields=form.checked)
            return
        created, _ = services.create_or_update_event_subscription(
            resource=form.cleaned_data["resource"],
            name=form.cleaned_data["name"],
            scope=form.scope,
            fields=form.checked,
        )
        # Django goes on with the object that it made itself.
        obj.__dict__.update(created.__dict__)

    def panels(self, request: HttpRequest, row: EventSubscription) -> list[Panel]:
        """The last handshake and the latest deliveries."""
        return [handshake_panel(row), deliveries_panel(row)]

    def tools(self, request: HttpRequest, row: EventSubscription) -> list[Tool]:
        """The pages of its own come first."""
        tools = super().tools(request, row)
        own = [Tool("Preview", address_of(EventSubscription, "preview", row.pk))]
        if self.has_change_permission(request, row):
            own.append(Tool("Replay", address_of(EventSubscription, "replay", row.pk)))
        return [*own, *tools]

    def get_urls(self) -> list[URLPattern]:
        """And the pages of previews and replays."""
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
        """Made-up events that would pass its filters, as they would arrive."""
        row = self._row(request, object_id)
        if not self.has_view_permission(request, row):
            raise PermissionDenied
        events = [
            ((event.get("eventType") or event["type"]).removeprefix(PREFIX), pretty(event))
            for event in services.preview(row)
        ]
        return self._page(request, row, "preview", "What would arrive", events=events)

    def replay_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Sends everything since a time once more."""
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
        return TemplateResponse(request, f"admin/events/{template}.html", context)
