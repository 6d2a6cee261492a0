"""The admin pages of monitoring."""

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import Q
from django.http import HttpRequest

from admin_toolkit.display import badge, identifier, moment, pairs
from admin_toolkit.lists import option_filter, since_filter
from admin_toolkit.pages import Link, ReadOnlyAdmin
from identity.models import Resource
from messaging.admin import ChatMessageAdmin
from monitoring.alerts.alert_pages import AlertAdmin
from monitoring.alerts.group_pages import ActionGroupAdmin
from monitoring.alerts.rule_pages import AlertRuleAdmin
from monitoring.models import ActionGroup, Alert, AlertRule, LogCategory, RequestRecord

# The admin's start page begins with the dashboard.
admin.site.index_template = "admin/monitoring/index.html"

_KINDS = {"Succeeded": "good", "ClientError": "warning", "ServerError": "bad"}


@admin.register(RequestRecord)
class RequestRecordAdmin(ReadOnlyAdmin):
    purpose = "Requests to the API, while the request log is enabled."
    links: ClassVar[list[Link]] = []
    list_display = [
        "operation_name",
        "status",
        "duration",
        "time",
        "user",
        "sdk_type",
        "short_correlation",
    ]
    list_filter = [
        since_filter("time", "time", "time_ms"),
        option_filter(
            "result",
            "result",
            {
                "refused": ("refused (4xx)", Q(result_type="ClientError")),
                "failed": ("failed (5xx)", Q(result_type="ServerError")),
                "slow": ("slower than one second", Q(duration_ms__gt=1000)),
            },
        ),
        option_filter(
            "API",
            "api",
            {
                "chat": ("chat", Q(category=LogCategory.CHAT)),
                "identity": ("identity", Q(category=LogCategory.AUTHENTICATION)),
            },
        ),
    ]
    search_fields = ["operation_name"]
    search_help_text = (
        "A complete correlation id, raw id, thread id or message id, an operation or a status."
    )
    ordering = ["-time_ms", "-id"]
    sortable_by = ()
    fieldsets = [
        (
            None,
            {
                "fields": [
                    "operation_name",
                    "status",
                    "result_description",
                    "duration",
                    "time",
                    "category",
                    "level",
                ]
            },
        ),
        (
            "Request",
            {"fields": ["uri", "operation_version", "chat_thread_id", "chat_message_id"]},
        ),
        (
            "Caller",
            {
                "fields": [
                    "user_id",
                    "scopes",
                    "resource_name",
                    "caller_ip_address",
                    "sdk_type",
                    "platform_type",
                    "correlation",
                ]
            },
        ),
    ]

    def get_search_results(
        self, request: HttpRequest, queryset: Any, search_term: str
    ) -> tuple[Any, bool]:
        """Matches complete ids, which the indexes can find."""
        for word in search_term.split():
            if word.isdecimal() and len(word) == 3:
                queryset = queryset.filter(result_signature=int(word))
            elif word.startswith("8:"):
                queryset = queryset.filter(user_id=word)
            elif word.startswith("19:"):
                queryset = queryset.filter(chat_thread_id=word)
            elif word.isdecimal():
                queryset = queryset.filter(chat_message_id=word)
            else:
                queryset = queryset.filter(
                    Q(correlation_id=word) | Q(operation_name__icontains=word)
                )
        return queryset, False

    @admin.display(description="status")
    def status(self, record: RequestRecord) -> str:
        kind: Any = _KINDS.get(record.result_type, "plain")
        return badge(str(record.result_signature), kind)

    @admin.display(description="duration")
    def duration(self, record: RequestRecord) -> str:
        return f"{record.duration_ms:,.1f} ms"

    @admin.display(description="time")
    def time(self, record: RequestRecord) -> str:
        return moment(record.time_ms)

    @admin.display(description="user")
    def user(self, record: RequestRecord) -> str:
        return identifier(f"…{record.user_id[-12:]}") if record.user_id else ""

    @admin.display(description="correlation id")
    def correlation(self, record: RequestRecord) -> str:
        return identifier(record.correlation_id) if record.correlation_id else ""

    @admin.display(description="correlation id")
    def short_correlation(self, record: RequestRecord) -> str:
        """Shortened for the list."""
        text = record.correlation_id
        return identifier(f"{text[:8]}…" if len(text) > 9 else text) if text else ""

    @admin.display(description="resource")
    def resource_name(self, record: RequestRecord) -> str:
        found = Resource.objects.filter(pk=record.resource_id).first()
        return pairs({"name": found.name if found else "deleted", "id": record.resource_id})


admin.site.register(Alert, AlertAdmin)
admin.site.register(AlertRule, AlertRuleAdmin)
admin.site.register(ActionGroup, ActionGroupAdmin)

ChatMessageAdmin.links.append(
    Link(
        "Timeline",
        "monitoring_timeline",
        "message",
        lambda message: message.pk,
        "messaging.view_chatmessage",
    )
)
