"""The content of notifications: the common alert schema, Alertmanager's formats, plain text."""

from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings
from django.urls import reverse

from admin_toolkit.display import quantity
from identity.models import Resource
from monitoring.alerts.models import Alert, AlertRule, Operator
from monitoring.catalogue import METRICS
from wire.times import from_ms

FIRED, RESOLVED = "Fired", "Resolved"
GROUP = "chatsite"
_LABELS = {0: "critical", 1: "critical", 2: "warning", 3: "info", 4: "info"}
_NEVER = "0001-01-01T00:00:00Z"
_UNITS = {"MilliSeconds": " ms", "Seconds": " s"}


def public_url(path: str) -> str:
    """The absolute URL of a path on this server."""
    public = urlsplit(settings.CHATSITE_PUBLIC_URL)
    return f"{public.scheme}://{public.netloc}{path}"


def investigation_link(alert: Alert) -> str:
    """The alert's page in the admin."""
    return public_url(reverse("admin:monitoring_alert_change", args=[alert.pk]))


def duration(minutes: int) -> str:
    """`PT5M`, `PT6H`: an ISO 8601 duration."""
    return f"PT{minutes // 60}H" if minutes % 60 == 0 else f"PT{minutes}M"


def resource_scope(resource: Resource) -> str:
    """The resource's Azure resource id, with its own id as the made-up subscription."""
    return (
        f"/subscriptions/{resource.id}/resourceGroups/{GROUP}"
        f"/providers/Microsoft.Communication/communicationServices/{resource.name}"
    )


def _resource_of(alert: Alert) -> Resource:
    found = Resource.objects.filter(pk=alert.resource_id).first() if alert.resource_id else None
    return found or Resource.objects.get(is_default=True)


def rule_address(scope: str, name: str) -> str:
    """The Azure resource id of a rule; `scope` is its resource group's id."""
    return f"{scope}/providers/microsoft.insights/metricAlerts/{name}"


def _group_scope(scope: str) -> str:
    return "/".join(scope.split("/")[:5])


def common_alert(alert: Alert, condition: str, rule: AlertRule | None = None) -> dict[str, Any]:
    """The body of a webhook: azureMonitorCommonAlertSchema."""
    rule = rule or alert.rule
    resource = _resource_of(alert)
    scope = resource_scope(resource)
    group = rule.scope if rule and rule.scope else _group_scope(scope)
    subscription = group.split("/")[2]
    rule_id = rule_address(group, alert.rule_name)
    group_name = group.rpartition("/")[2]
    essentials: dict[str, Any] = {
        "alertId": (
            f"/subscriptions/{subscription}/providers/Microsoft.AlertsManagement/alerts/{alert.id}"
        ),
        "alertRule": alert.rule_name,
        "alertRuleId": rule_id,
        "severity": f"Sev{alert.severity}",
        "signalType": "Metric",
        "monitorCondition": condition,
        "monitoringService": "Platform",
        "targetResourceType": "microsoft.communication/communicationservices",
        "targetResourceGroup": group_name,
        "alertTargetIDs": [scope.lower()],
        "configurationItems": [resource.name],
        "originAlertId": (
            f"{alert.id}_{group_name}_microsoft.insights_metricAlerts_{alert.rule_name}"
        ),
        "firedDateTime": _time(alert.fired_ms),
        "description": rule.description if rule else "",
        "essentialsVersion": "1.0",
        "alertContextVersion": "1.0",
        "investigationLink": investigation_link(alert),
    }
    if condition == RESOLVED:
        essentials["resolvedDateTime"] = _time(alert.resolved_ms or alert.fired_ms)
    body: dict[str, Any] = {
        "schemaId": "azureMonitorCommonAlertSchema",
        "data": {"essentials": essentials, "alertContext": _context(alert)},
    }
    if rule and rule.custom_properties:
        body["data"]["customProperties"] = rule.custom_properties
    return body


def _context(alert: Alert) -> dict[str, Any]:
    is_dynamic = any(found.get("sensitivity") for found in alert.found)
    minutes = (alert.window_end_ms - alert.window_start_ms) // 60_000
    kind = "DynamicThresholdCriteria" if is_dynamic else "SingleResourceMultipleMetricCriteria"
    return {
        "properties": None,
        "conditionType": kind,
        "condition": {
            "windowSize": duration(minutes),
            "allOf": [_criterion(found) for found in alert.found],
            "windowStartTime": _milliseconds(alert.window_start_ms),
            "windowEndTime": _milliseconds(alert.window_end_ms),
        },
    }


def _criterion(found: dict[str, Any]) -> dict[str, Any]:
    criterion: dict[str, Any] = {
        "metricName": found["metric"],
        "metricNamespace": found["namespace"],
        "operator": found["operator"],
        # A string in Azure's schema, unlike the value.
        "threshold": "" if found["threshold"] is None else f"{found['threshold']:g}",
        "timeAggregation": found["aggregation"],
        "dimensions": [
            {"name": name, "value": value} for name, value in found["dimensions"].items()
        ],
        "metricValue": found["value"],
        "webTestName": None,
    }
    if found.get("sensitivity"):
        ignored = found.get("ignore_before_ms")
        criterion["alertSensitivity"] = found["sensitivity"]
        criterion["failingPeriods"] = {
            "numberOfEvaluationPeriods": found["evaluation_periods"],
            "minFailingPeriodsToAlert": found["failing_periods"],
        }
        criterion["ignoreDataBefore"] = _milliseconds(ignored) if ignored else None
    return criterion


def _time(milliseconds: int) -> str:
    return from_ms(milliseconds).strftime("%Y-%m-%dT%H:%M:%S.%f") + "0Z"


def _milliseconds(milliseconds: int) -> str:
    return from_ms(milliseconds).isoformat(timespec="milliseconds").replace("+00:00", "Z")


# --- Alertmanager ---------------------------------------------------------------------------------


def alertmanager_alerts(alert: Alert, condition: str) -> list[dict[str, Any]]:
    """The body of Alertmanager's `POST /api/v2/alerts`."""
    labels = {
        "alertname": alert.rule_name,
        "severity": _LABELS[alert.severity],
        "service": "chatsite",
        "alert_id": str(alert.id),
        **{_label(name): value for name, value in alert.dimensions.items()},
    }
    fields: dict[str, Any] = {
        "labels": labels,
        "annotations": {"summary": summary(alert), "description": _description(alert)},
        "startsAt": _milliseconds(alert.fired_ms),
        "generatorURL": investigation_link(alert),
    }
    if condition == RESOLVED:
        fields["endsAt"] = _milliseconds(alert.resolved_ms or alert.fired_ms)
    return [fields]


def _label(name: str) -> str:
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in name).lstrip("_")


def alertmanager_webhook(alert: Alert, condition: str, receiver: str) -> dict[str, Any]:
    """The body that Alertmanager sends to webhooks, in version 4 of its format."""
    (fields,) = alertmanager_alerts(alert, condition)
    status = "resolved" if condition == RESOLVED else "firing"
    fields |= {"status": status, "fingerprint": f"{UUID(int=alert.id.int).hex[:16]}"}
    fields.setdefault("endsAt", _NEVER)
    return {
        "version": "4",
        "groupKey": f'{{}}:{{alertname="{alert.rule_name}"}}',
        "truncatedAlerts": 0,
        "status": status,
        "receiver": receiver,
        "groupLabels": {"alertname": alert.rule_name},
        "commonLabels": fields["labels"],
        "commonAnnotations": fields["annotations"],
        "externalURL": public_url("/admin/"),
        "alerts": [fields],
    }


# --- Plain text ----------------------------------------------------------------------------------


def subject(alert: Alert, condition: str) -> str:
    """The subject of an e-mail: `Fired: Sev2 chat-5xx`."""
    return f"{condition}: Sev{alert.severity} {alert.rule_name}".replace("\n", " ")[:200]


def summary(alert: Alert) -> str:
    """The rule's name and the findings."""
    found = findings(alert)
    return f"{alert.rule_name}: {found}" if found else alert.rule_name


def findings(alert: Alert) -> str:
    """The findings of all conditions, in words."""
    return "; ".join(_in_words(each) for each in alert.found)


def _description(alert: Alert) -> str:
    return alert.rule.description if alert.rule else ""


def _in_words(found: dict[str, Any]) -> str:
    metric = METRICS.get(found["metric"])
    name = metric.label if metric else found["metric"]
    unit = _UNITS.get(found.get("unit", ""), "")
    where = ", ".join(f"{key} {value}" for key, value in found["dimensions"].items())
    value = "unknown" if found["value"] is None else f"{found['value']:g}{unit}"
    text = f"{name}{f' ({where})' if where else ''}, {found['aggregation']}: {value}"
    if found["threshold"] is None:
        return text
    return f"{text}, {Operator(found['operator']).label} {found['threshold']:g}{unit}"


def plain_text(alert: Alert, condition: str, signature: str) -> str:
    """The body of an e-mail."""
    lines = [
        f"{condition}: {summary(alert)}",
        "",
        f"Severity:  Sev{alert.severity}",
        f"Fired:     {_milliseconds(alert.fired_ms)}",
    ]
    if condition == RESOLVED:
        lines.append(f"Resolved:  {_milliseconds(alert.resolved_ms or alert.fired_ms)}")
    minutes = (alert.window_end_ms - alert.window_start_ms) // 60_000
    lines += [
        f"Window:    {quantity(minutes, 'minute')} before {_milliseconds(alert.window_end_ms)}"
    ]
    if _description(alert):
        lines += ["", _description(alert)]
    lines += ["", investigation_link(alert), "", f"-- \n{signature}"]
    return "\n".join(lines)
