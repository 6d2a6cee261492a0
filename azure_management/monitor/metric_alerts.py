"""Metric alerts, as azure-mgmt-monitor reads and writes them (monitoring contract 3)."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.http import HttpResponse
from rest_framework.request import Request

from azure_management.base import ManagementView, NamedObjectView, apply_patch, deletion_response
from azure_management.monitor.metric_alert_json import read_rule, rule_body, rule_id
from azure_management.monitor.values import check_name, whole_seconds
from identity.models import Resource
from monitoring.alerts import engine
from monitoring.alerts.models import AlertInstance, AlertRule
from wire.times import now_ms
from wire.views import json_response


class MetricAlertsView(ManagementView):
    """`…/providers/Microsoft.Insights/metricAlerts`."""

    def get(self, request: Request, scope: str) -> HttpResponse:
        """Lists the resource's rules that were created under this scope."""
        rules = AlertRule.objects.filter(resource=self.resource, scope__istartswith=f"/{scope}")
        found = rules.prefetch_related("conditions").order_by("name")
        return json_response({"value": [rule_body(rule) for rule in found]})


class _OneAlertView(NamedObjectView[AlertRule]):
    model = AlertRule
    label = "metric alert"


class MetricAlertView(_OneAlertView):
    """`…/providers/Microsoft.Insights/metricAlerts/{name}`."""

    def get(self, request: Request, scope: str, name: str) -> HttpResponse:
        return json_response(rule_body(self.get_object(name)))

    def put(self, request: Request, scope: str, name: str) -> HttpResponse:
        """Answers 200 also for a new rule: the SDK accepts no other status."""
        rule = self.find(check_name(name)) or AlertRule(resource=self.resource, name=name)
        rule.scope = f"/{scope}"
        return _save(rule, self.body(request), self.resource)

    def patch(self, request: Request, scope: str, name: str) -> HttpResponse:
        rule = self.get_object(name)
        return _save(rule, apply_patch(rule_body(rule), self.body(request)), self.resource)

    def delete(self, request: Request, scope: str, name: str) -> HttpResponse:
        rule = self.find(name)
        if rule is not None:
            engine.end_alerts(rule, now_ms(), "The rule was deleted.")
            rule.delete()
        return deletion_response(existed=rule is not None)


def _save(rule: AlertRule, body: Mapping[str, Any], resource: Resource) -> HttpResponse:
    conditions, groups = read_rule(body, rule, resource)
    with transaction.atomic():
        if rule.pk:
            engine.end_alerts(rule, now_ms(), "The rule was changed.")
        rule.changed_ms = now_ms()
        rule.save()
        rule.conditions.all().delete()
        for condition in conditions:
            condition.rule = rule
            condition.save()
        rule.action_groups.set(groups)
    return json_response(rule_body(rule))


class StatusView(_OneAlertView):
    """`…/metricAlerts/{name}/status` and `…/status/{status_name}`."""

    def get(self, request: Request, scope: str, name: str, status_name: str = "") -> HttpResponse:
        """Lists the states of the rule's instances, or the one called `status_name`."""
        rule = self.get_object(name)
        value = [_status(rule, instance) for instance in rule.instances.order_by("id")]
        wanted = [each for each in value if status_name in ("", each["name"])]
        return json_response({"value": wanted})


def _status(rule: AlertRule, instance: AlertInstance) -> dict[str, Any]:
    name = str(instance.pk)
    return {
        "name": name,
        "id": f"{rule_id(rule)}/status/{name}",
        "type": "Microsoft.Insights/metricAlerts/status",
        "properties": {
            "dimensions": instance.dimensions,
            "status": "Unhealthy" if instance.is_firing else "Healthy",
            "timestamp": whole_seconds(instance.evaluated_ms),
        },
    }
