"""The views that azure-mgmt-monitor calls, for whoever manages a resource."""

import re
from typing import Any

from django.db import DatabaseError, transaction
from django.http import HttpResponse
from rest_framework.request import Request

from azure_management.monitor import metrics
from azure_management.monitor.groups import group_body, read_group
from azure_management.monitor.rules import read_rule, rule_body
from azure_management.monitor.values import check_name, invalid
from identity.authentication import Service, ServiceAuthentication
from identity.models import Resource
from monitoring.alerts import engine
from monitoring.alerts.models import ActionGroup, AlertInstance, AlertRule
from monitoring.alerts.services import replace_receivers
from monitoring.flusher import flush
from wire.errors import ChatError, identity_error_body
from wire.times import from_ms, now_ms
from wire.views import WireView, empty_response, json_response

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
# As long as the column for it, with its slash.
_MOST_SCOPE = 499
_VERSION = re.compile(r"20\d\d-\d\d-\d\d(-preview)?", re.ASCII)


class MonitorView(WireView):
    """Calls with an access key or a service token."""

    authentication_classes = (ServiceAuthentication,)
    resource: Resource

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Authenticates, checks the api-version and finds the resource."""
        super().initial(request, *args, **kwargs)
        if _VERSION.fullmatch(request.query_params.get("api-version", "")) is None:
            raise ChatError(
                400,
                "MissingApiVersionParameter",
                "The api-version query parameter (?api-version=2024-02-01) is required.",
            )
        if any(_CONTROL.search(part) or len(part) > _MOST_SCOPE for part in kwargs.values()):
            raise invalid(
                f"A part of the address is longer than {_MOST_SCOPE} characters, or has characters "
                "that nobody can see."
            )
        service: Service = request.user  # type: ignore[assignment]
        self.resource = service.resource
        named = kwargs.get("resource_name", self.resource.name)
        if named.lower() != self.resource.name.lower():
            raise ChatError(
                404,
                "ResourceNotFound",
                f"The resource at this host is called '{self.resource.name}', not '{named[:100]}'.",
            )

    def render_error(self, error: ChatError) -> HttpResponse:
        """Errors of the resource manager have one root and always a body."""
        response = HttpResponse(
            identity_error_body(error), status=error.status, content_type="application/json"
        )
        if error.status == 401:
            response["WWW-Authenticate"] = ServiceAuthentication().authenticate_header(self.request)
        return response


class MetricsView(MonitorView):
    """`…/providers/Microsoft.Insights/metrics`."""

    def get(self, request: Request, scope: str, resource_name: str) -> HttpResponse:
        """Values of metrics."""
        question = metrics.Question.of(request.query_params.dict(), now_ms())
        try:
            flush()
        except DatabaseError:
            # What was counted until a moment ago is an answer, too.
            pass
        return json_response(metrics.answer(question, self.resource.id, scope))


class DefinitionsView(MonitorView):
    """`…/providers/Microsoft.Insights/metricDefinitions`."""

    def get(self, request: Request, scope: str, resource_name: str) -> HttpResponse:
        """Which metrics there are."""
        namespace = request.query_params.get("metricnamespace", "")
        return json_response(metrics.definitions(scope, namespace))


class RulesView(MonitorView):
    """`…/providers/Microsoft.Insights/metricAlerts`."""

    def get(self, request: Request, scope: str) -> HttpResponse:
        """The rules of the resource that were created under this scope."""
        rules = AlertRule.objects.filter(resource=self.resource, scope__istartswith=f"/{scope}")
        found = rules.prefetch_related("conditions").order_by("name")
        return json_response({"value": [rule_body(rule) for rule in found]})


class RuleView(MonitorView):
    """`…/providers/Microsoft.Insights/metricAlerts/{name}`."""

    def rule(self, name: str) -> AlertRule:
        """The rule with this name. Raises ChatError 404."""
        found = AlertRule.objects.filter(resource=self.resource, name__iexact=name).first()
        if found is None:
            raise ChatError(404, "ResourceNotFound", f"There is no metric alert '{name[:100]}'.")
        return found

    def get(self, request: Request, scope: str, name: str) -> HttpResponse:
        """One rule."""
        return json_response(rule_body(self.rule(name)))

    def put(self, request: Request, scope: str, name: str) -> HttpResponse:
        """Creates or replaces a rule; the SDK takes no other answer than 200."""
        existing = AlertRule.objects.filter(
            resource=self.resource, name__iexact=check_name(name)
        ).first()
        rule = existing or AlertRule(resource=self.resource, name=name)
        rule.scope = f"/{scope}"
        return self._save(rule, self.body(request))

    def patch(self, request: Request, scope: str, name: str) -> HttpResponse:
        """Changes members of a rule."""
        rule = self.rule(name)
        given, current = self.body(request), rule_body(rule)
        properties = given.get("properties") or {}
        if not isinstance(properties, dict):
            raise invalid("'properties' must be an object.")
        merged = {**current, **given, "properties": {**current["properties"], **properties}}
        return self._save(rule, merged)

    def _save(self, rule: AlertRule, body: dict[str, Any]) -> HttpResponse:
        conditions, groups = read_rule(body, rule, self.resource)
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

    def delete(self, request: Request, scope: str, name: str) -> HttpResponse:
        """Deletes a rule; nothing happens when there is none."""
        rule = AlertRule.objects.filter(resource=self.resource, name__iexact=name).first()
        if rule is None:
            return empty_response(204)
        engine.end_alerts(rule, now_ms(), "The rule was deleted.")
        rule.delete()
        return empty_response(200)


class StatusView(RuleView):
    """`…/metricAlerts/{name}/status`: where each of its instances stands."""

    http_method_names = ["get"]

    def get(self, request: Request, scope: str, name: str, status_name: str = "") -> HttpResponse:
        """The instances; the one with that name, where one is given."""
        rule = self.rule(name)
        value = [_status(rule, instance) for instance in rule.instances.order_by("id")]
        wanted = [each for each in value if status_name in ("", each["name"])]
        return json_response({"value": wanted})


def _status(rule: AlertRule, instance: AlertInstance) -> dict[str, Any]:
    name = str(instance.pk)
    address = f"{rule.scope}/providers/Microsoft.Insights/metricAlerts/{rule.name}"
    return {
        "name": name,
        "id": f"{address}/status/{name}",
        "type": "Microsoft.Insights/metricAlerts/status",
        "properties": {
            "dimensions": instance.dimensions,
            "status": "Unhealthy" if instance.is_firing else "Healthy",
            "timestamp": from_ms(instance.evaluated_ms).strftime("%Y-%m-%dT%H:%M:%SZ"),
        },
    }


class GroupsView(MonitorView):
    """`…/providers/Microsoft.Insights/actionGroups`."""

    def get(self, request: Request, scope: str) -> HttpResponse:
        """The groups of the resource that were created under this scope."""
        groups = ActionGroup.objects.filter(resource=self.resource, scope__istartswith=f"/{scope}")
        found = groups.prefetch_related("receivers").order_by("name")
        return json_response({"value": [group_body(group) for group in found]})


class GroupView(MonitorView):
    """`…/providers/Microsoft.Insights/actionGroups/{name}`."""

    def group(self, name: str) -> ActionGroup:
        """The group with this name. Raises ChatError 404."""
        found = ActionGroup.objects.filter(resource=self.resource, name__iexact=name).first()
        if found is None:
            raise ChatError(404, "ResourceNotFound", f"There is no action group '{name[:100]}'.")
        return found

    def get(self, request: Request, scope: str, name: str) -> HttpResponse:
        """One group."""
        return json_response(group_body(self.group(name)))

    def put(self, request: Request, scope: str, name: str) -> HttpResponse:
        """Creates or replaces a group."""
        existing = ActionGroup.objects.filter(
            resource=self.resource, name__iexact=check_name(name)
        ).first()
        group = existing or ActionGroup(resource=self.resource, name=name)
        group.scope = f"/{scope}"
        return self._save(group, self.body(request), 200 if existing else 201)

    def patch(self, request: Request, scope: str, name: str) -> HttpResponse:
        """Changes tags, or whether the group is enabled."""
        group = self.group(name)
        given, current = self.body(request), group_body(group)
        properties = given.get("properties") or {}
        if not isinstance(properties, dict):
            raise invalid("'properties' must be an object.")
        merged = {**current, **given, "properties": {**current["properties"], **properties}}
        return self._save(group, merged, 200)

    def _save(self, group: ActionGroup, body: dict[str, Any], status: int) -> HttpResponse:
        receivers = read_group(body, group)
        with transaction.atomic():
            group.save()
            replace_receivers(group, receivers)
        return json_response(group_body(group), status=status)

    def delete(self, request: Request, scope: str, name: str) -> HttpResponse:
        """Deletes a group; nothing happens when there is none."""
        found = ActionGroup.objects.filter(resource=self.resource, name__iexact=name)
        return empty_response(200 if found.delete()[0] else 204)
