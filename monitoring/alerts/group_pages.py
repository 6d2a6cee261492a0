"""The admin pages of action groups."""

from typing import Any, ClassVar

from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db.models import Count, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path

from admin_toolkit.display import address_of, badge, page_of, quantity
from admin_toolkit.operations import Tool
from admin_toolkit.pages import Link, Panel, PanelRow
from monitoring.alerts import services
from monitoring.alerts.forms import (
    ActionGroupForm,
    ReceiverForm,
)
from monitoring.alerts.models import (
    ActionGroup,
    Receiver,
)
from monitoring.alerts.rule_pages import PlainChoices
from wire.times import now_ms


def unsupported_receivers(group: ActionGroup) -> list[str]:
    """Kind and name of receivers that the management API stored and this server cannot notify."""
    properties = (group.definition or {}).get("properties") or {}
    supported = ("emailReceivers", "webhookReceivers")
    return [
        f"{member.removesuffix('Receivers')}: {each.get('name', '')}"
        for member, entries in sorted(properties.items())
        if member.endswith("Receivers") and member not in supported and isinstance(entries, list)
        for each in entries
        if isinstance(each, dict)
    ]


class ReceiverInline(admin.StackedInline):
    model = Receiver
    form = ReceiverForm
    extra = 0
    min_num = 1
    max_num = 20
    fieldsets = [(None, {"fields": [("name", "kind"), "address", "is_enabled"]})]


class ActionGroupAdmin(PlainChoices):
    links: ClassVar[list[Link]] = []
    purpose = "Receivers that are notified about alerts. Use Test to send each one a sample alert."
    form = ActionGroupForm
    inlines = [ReceiverInline]
    change_form_template = "admin/monitoring/group.html"
    list_display = ["name", "short_name", "state", "receiver_names", "rule_count"]
    search_fields = ["name", "receivers__address"]
    ordering = ["name"]
    fieldsets = [(None, {"fields": ["name", "short_name", "resource", "is_enabled"]})]

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Any]":
        """Adds what the columns show."""
        return (
            super()
            .get_queryset(request)
            .prefetch_related("receivers")
            .annotate(rules_count=Count("rules", distinct=True))
        )

    @admin.display(description="state")
    def state(self, group: ActionGroup) -> str:
        return badge("enabled", "good") if group.is_enabled else badge("disabled")

    @admin.display(description="receivers")
    def receiver_names(self, group: ActionGroup) -> str:
        return ", ".join(f"{r.name} ({r.get_kind_display()})" for r in group.receivers.all())

    @admin.display(description="rules")
    def rule_count(self, group: Any) -> int:
        return int(group.rules_count)

    def tools(self, request: HttpRequest, row: Any) -> list[Tool]:
        """Adds the test as the first tool."""
        tools = super().tools(request, row)
        if not self.has_change_permission(request, row):
            return tools
        return [Tool("Test", address_of(ActionGroup, "test", row.pk)), *tools]

    def panels(self, request: HttpRequest, row: ActionGroup) -> list[Panel]:
        """Lists the receivers that this server cannot notify."""
        names = unsupported_receivers(row)
        if not names:
            return []
        rows = [PanelRow([name]) for name in names]
        note = "The management API returns them, but this server cannot notify them."
        return [Panel("Receivers of unsupported kinds", ["Kind and name"], rows, note)]

    def get_urls(self) -> list[URLPattern]:
        """Adds the test page."""
        view = self.admin_site.admin_view(self.test_view)
        return [
            path("<path:object_id>/test/", view, name="monitoring_actiongroup_test"),
            *super().get_urls(),
        ]

    def test_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """GET asks for confirmation; POST sends a sample alert and shows the outcomes."""
        group = self.get_object(request, unquote(object_id))
        if group is None:
            raise Http404
        if not self.has_change_permission(request, group):
            raise PermissionDenied
        outcomes = None
        if request.method == "POST":
            outcomes = services.send_test_alert(group, now_ms())
            failed = sum(not outcome.is_success for _, outcome in outcomes)
            self.log_change(
                request,
                group,
                f"Tested: {len(outcomes) - failed} of {quantity(len(outcomes), 'receiver')} "
                "notified.",
            )
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "original": group,
            "title": "Test",
            "subtitle": str(group),
            "receivers": list(group.receivers.all()),
            "outcomes": outcomes,
            "back": page_of(group),
        }
        return TemplateResponse(request, "admin/monitoring/test_group.html", context)
