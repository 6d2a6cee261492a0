"""Template tags for the dashboard and the notices about alerts."""

from typing import Any

from django import template

from monitoring.dashboard import dashboard
from monitoring.dashboard_views import DashboardQuery, may_view, notices
from monitoring.time_ranges import DEFAULT_RANGE, RANGES
from wire.times import now_ms

register = template.Library()


@register.simple_tag(takes_context=True)
def monitor(context: template.Context) -> dict[str, Any] | None:
    """The dashboard for the request's time range and resource; None without permission."""
    request = context["request"]
    if not may_view(request):
        return None
    choice = DashboardQuery.of(request)
    return {
        "data": dashboard(choice.range, choice.resource_id, now_ms(), choice.operation),
        "ranges": [(name, label) for name, (label, _, _) in RANGES.items()],
        "range": choice.range,
        "default_range": DEFAULT_RANGE,
        "resources": choice.resources,
        "resource": str(choice.resource_id or ""),
    }


@register.inclusion_tag("admin/monitoring/notices.html", takes_context=True)
def alert_notices(context: template.Context) -> dict[str, Any]:
    """Notices about unacknowledged alerts, for every page of the admin."""
    request = context.get("request")
    return {"notices": notices(request) if request else []}
