"""The admin pages of alerts."""

from typing import Any, ClassVar

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.html import format_html_join

from admin_toolkit.display import NOTHING, address_of, badge, moment, page_of, source
from admin_toolkit.lists import option_filter, since_filter
from admin_toolkit.operations import Tool
from admin_toolkit.pages import Link, Panel, PanelRow, ReadOnlyAdmin
from monitoring.alerts import payloads, services
from monitoring.alerts.alert_charts import charts_of
from monitoring.alerts.forms import NoteForm
from monitoring.alerts.models import Alert
from wire.times import now_ms

_NOTIFICATION_KINDS: dict[str, Any] = {"sent": "good", "failed": "bad", "muted": "warning"}
_SEVERITY_KINDS: dict[int, Any] = {0: "bad", 1: "bad", 2: "warning", 3: "info", 4: "plain"}


def severity_badge(severity: int) -> str:
    """A badge such as `Sev1`."""
    return badge(f"Sev{severity}", _SEVERITY_KINDS[severity])


class AlertAdmin(ReadOnlyAdmin):
    links: ClassVar[list[Link]] = []
    change_form_template = "admin/monitoring/alert.html"
    purpose = "Alerts that fired, when they were resolved, and who acknowledged them."
    list_display = [
        "rule_name",
        "severity_column",
        "state",
        "dimension_values",
        "findings",
        "fired",
        "resolved",
    ]
    list_filter = [
        option_filter(
            "state",
            "state",
            {
                "open": ("firing", Q(resolved_ms=None, is_stateful=True)),
                "resolved": ("resolved", Q(resolved_ms__isnull=False)),
                "unseen": ("not acknowledged", Q(acknowledged_ms=None)),
            },
        ),
        "severity",
        since_filter("fired in", "fired", "fired_ms"),
        ("rule", admin.RelatedOnlyFieldListFilter),
    ]
    search_fields = ["rule_name", "id"]
    search_help_text = "Part of a rule name, or an alert id."
    ordering = ["-fired_ms"]
    sortable_by = ()
    fieldsets = [
        (
            None,
            {"fields": ["rule_link", "severity_column", "state", "findings", "dimension_values"]},
        ),
        ("Times", {"fields": ["fired", "resolved", "window", "acknowledged"]}),
    ]

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Any]":
        """Joins what the columns show."""
        return super().get_queryset(request).select_related("rule", "acknowledged_by")

    def lookup_allowed(self, lookup: str, value: Any, request: Any = None) -> bool:
        """Allows the links from the pages of rules."""
        return lookup == "rule" or super().lookup_allowed(lookup, value, request)

    @admin.display(description="severity")
    def severity_column(self, alert: Alert) -> str:
        return severity_badge(alert.severity)

    @admin.display(description="state")
    def state(self, alert: Alert) -> str:
        badges = [badge("firing", "bad") if alert.is_open else badge("resolved", "good")]
        if not alert.is_stateful:
            badges = [badge("fired", "warning")]
        if alert.acknowledged_ms:
            badges.append(badge("acknowledged", "info"))
        return format_html_join(" ", "{}", [(each,) for each in badges])

    @admin.display(description="dimensions")
    def dimension_values(self, alert: Alert) -> str:
        return ", ".join(f"{name} {value}" for name, value in alert.dimensions.items()) or NOTHING

    @admin.display(description="values")
    def findings(self, alert: Alert) -> str:
        return payloads.findings(alert)

    @admin.display(description="fired")
    def fired(self, alert: Alert) -> str:
        return moment(alert.fired_ms)

    @admin.display(description="resolved")
    def resolved(self, alert: Alert) -> str:
        """When it was resolved, with the reason if it was not by healthy evaluations."""
        text = moment(alert.resolved_ms)
        return format_html_join(" ", "{}", [(text,), (alert.resolution,)])

    @admin.display(description="window")
    def window(self, alert: Alert) -> str:
        ends = [(moment(alert.window_start_ms),), (moment(alert.window_end_ms),)]
        return format_html_join(" to ", "{}", ends)

    @admin.display(description="acknowledged")
    def acknowledged(self, alert: Alert) -> str:
        if alert.acknowledged_ms is None:
            return NOTHING
        who = str(alert.acknowledged_by or "a deleted user")
        return format_html_join(", ", "{}", [(who,), (moment(alert.acknowledged_ms),)])

    @admin.display(description="rule")
    def rule_link(self, alert: Alert) -> str:
        if alert.rule is None:
            return f"{alert.rule_name} (deleted)"
        return format_html_join("", '<a href="{}">{}</a>', [(page_of(alert.rule), alert.rule_name)])

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Adds charts of the values that the rule evaluated."""
        alert = self.get_object(request, unquote(object_id))
        may_view = alert is not None and self.has_view_permission(request, alert)
        more = {"charts": charts_of(alert, now_ms()) if alert and may_view else []}
        return super().change_view(request, object_id, form_url, more | (extra_context or {}))

    def tools(self, request: HttpRequest, row: Any) -> list[Tool]:
        """Adds the note, for operators who may acknowledge alerts."""
        tools = super().tools(request, row)
        if not request.user.has_perm("monitoring.change_alert"):
            return tools
        label = "Add a note" if row.acknowledged_ms else "Acknowledge"
        return [Tool(label, address_of(Alert, "note", row.pk)), *tools]

    def panels(self, request: HttpRequest, row: Alert) -> list[Panel]:
        """Notifications and notes."""
        sent = row.notifications.order_by("created_ms", "id")
        notifications = [
            PanelRow(
                [
                    each.receiver_text,
                    each.condition,
                    badge(each.state, _NOTIFICATION_KINDS.get(each.state, "plain")),
                    each.attempts,
                    each.outcome,
                    moment(each.finished_ms or each.created_ms),
                ]
            )
            for each in sent[:200]
        ]
        notes = [
            PanelRow(
                [str(note.author or "a deleted user"), source(note.text), moment(note.written_ms)]
            )
            for note in row.notes.select_related("author").order_by("written_ms")[:200]
        ]
        columns = ["Receiver", "Condition", "State", "Attempts", "Outcome", "Time"]
        return [
            Panel("Notifications", columns, notifications, "" if notifications else "None."),
            Panel("Notes", ["Author", "Note", "Time"], notes, "" if notes else "None."),
        ]

    def get_urls(self) -> list[URLPattern]:
        """Adds the page for notes."""
        view = self.admin_site.admin_view(self.note_view)
        return [
            path("<path:object_id>/note/", view, name="monitoring_alert_note"),
            *super().get_urls(),
        ]

    def note_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """GET shows the form; POST acknowledges the alert and stores the note."""
        alert = self.get_object(request, unquote(object_id))
        if alert is None:
            raise Http404
        if not request.user.has_perm("monitoring.change_alert"):
            raise PermissionDenied
        form = NoteForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            services.acknowledge(alert, request.user, form.cleaned_data["text"], now_ms())
            self.log_change(request, alert, "Acknowledged.")
            self.message_user(request, f"Alert “{alert}”: acknowledged.", messages.SUCCESS)
            return HttpResponseRedirect(page_of(alert))
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "original": alert,
            "title": "Add a note" if alert.acknowledged_ms else "Acknowledge",
            "subtitle": payloads.summary(alert),
            "form": form,
            "is_acknowledged": alert.acknowledged_ms is not None,
            "back": page_of(alert),
        }
        return TemplateResponse(request, "admin/monitoring/note.html", context)
