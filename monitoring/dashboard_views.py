"""The dashboard's data as JSON and CSV, and the notices about alerts."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, JsonResponse

from admin_toolkit.display import moment, page_of
from identity.models import Resource
from monitoring.alerts.models import Alert, ReceiverKind
from monitoring.alerts.payloads import findings
from monitoring.dashboard import csv_rows, dashboard
from monitoring.operations import BAD_ROUTE, NAMES
from monitoring.time_ranges import DEFAULT_RANGE, RANGES
from wire.times import now_ms


def may_view(request: HttpRequest) -> bool:
    """Whether the operator may see metrics."""
    user = request.user
    return user.is_active and user.is_staff and user.has_perm("monitoring.view_series")


@dataclass(frozen=True)
class DashboardQuery:
    """The time range, resource and operation that a request selects."""

    range: str
    resource_id: UUID | None
    operation: str
    resources: Sequence[Resource]

    @classmethod
    def of(cls, request: HttpRequest) -> "DashboardQuery":
        """Reads the query string; invalid values count as missing."""
        resources = list(Resource.objects.order_by("-is_default", "name")[:200])
        name = request.GET.get("range", "")
        wanted = request.GET.get("resource", "")
        resource_id = next((each.id for each in resources if str(each.id) == wanted), None)
        operation = request.GET.get("operation", "")
        return cls(
            name if name in RANGES else DEFAULT_RANGE,
            resource_id,
            operation if operation in (*NAMES, BAD_ROUTE) else "",
            resources,
        )


def _data(request: HttpRequest) -> dict[str, Any]:
    if not may_view(request):
        raise PermissionDenied
    choice = DashboardQuery.of(request)
    return dashboard(choice.range, choice.resource_id, now_ms(), choice.operation)


def dashboard_json(request: HttpRequest) -> HttpResponse:
    response = JsonResponse(_data(request))
    response["Cache-Control"] = "no-store"
    return response


def dashboard_csv(request: HttpRequest) -> HttpResponse:
    data = _data(request)
    text = io.StringIO()
    csv.writer(text).writerows(csv_rows(data))
    response = HttpResponse(text.getvalue(), content_type="text/csv; charset=utf-8")
    name = f"chatsite-{data['range']}.csv"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def notices(request: HttpRequest) -> list[dict[str, Any]]:
    """Unacknowledged firing alerts of groups with a receiver for notices in the admin."""
    user = request.user
    if not (user.is_active and user.is_staff and user.has_perm("monitoring.view_alert")):
        return []
    alerts = (
        Alert.objects.filter(
            notifications__receiver__kind=ReceiverKind.NOTICE,
            notifications__condition="Fired",
            acknowledged_ms=None,
            resolved_ms=None,
        )
        .distinct()
        .order_by("severity", "-fired_ms")[:5]
    )
    return [
        {
            "url": page_of(alert),
            "rule": alert.rule_name,
            "severity": alert.severity,
            "summary": findings(alert),
            "fired": moment(alert.fired_ms),
        }
        for alert in alerts
    ]
