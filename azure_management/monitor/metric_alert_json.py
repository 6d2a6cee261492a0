"""Metric alerts as JSON: reading them with every check, and writing them."""

from collections.abc import Mapping, Sequence
from typing import Any

from azure_management.monitor.action_groups import group_id
from azure_management.monitor.values import duration, read_location_and_tags, read_minutes
from identity.models import Resource
from monitoring.alerts import validation
from monitoring.alerts.models import (
    ActionGroup,
    AlertCondition,
    AlertRule,
    ConditionKind,
    Operator,
    Receiver,
    Sensitivity,
)
from monitoring.catalogue import DIMENSIONS, find
from wire.errors import bad_request
from wire.json_values import (
    read_flag,
    read_integer,
    read_list,
    read_number,
    read_object,
    read_text,
    read_time,
)
from wire.times import from_ms

_STATIC = "Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria"
_MULTIPLE = "Microsoft.Azure.Monitor.MultipleResourceMultipleMetricCriteria"
_RESOURCES = "Microsoft.Communication/CommunicationServices"


def read_rule(
    body: Mapping[str, Any], rule: AlertRule, resource: Resource
) -> tuple[list[AlertCondition], list[ActionGroup]]:
    """Copies `body` into `rule`; returns its unsaved conditions and its groups.

    Raises ChatError 400 that names every problem of the rule.
    """
    given = read_object(body.get("properties"), "properties")
    rule.description = read_text(given.get("description") or "", "description", max_length=4000)
    rule.severity = read_integer(given.get("severity", 3), "severity", minimum=0, maximum=4)
    rule.is_enabled = read_flag(given.get("enabled"), "enabled")
    rule.auto_mitigate = read_flag(given.get("autoMitigate"), "autoMitigate")
    rule.window_minutes = read_minutes(given.get("windowSize", "PT5M"), "windowSize")
    rule.frequency_minutes = read_minutes(
        given.get("evaluationFrequency", "PT1M"), "evaluationFrequency"
    )
    _check_scopes(given, resource)
    criteria = read_object(given.get("criteria"), "criteria")
    conditions = [
        _condition(read_object(each, "criteria.allOf"))
        for each in read_list(criteria.get("allOf"), "criteria.allOf")
    ]
    groups, properties = _actions(given, resource)
    rule.custom_properties = properties
    rule.definition = {
        **read_location_and_tags(body, "global"),
        "scopes": given.get("scopes"),
        "actions": given.get("actions") or [],
        "criteria_type": criteria.get("odata.type", _STATIC),
        "criteria": criteria.get("allOf"),
        "customProperties": given.get("customProperties"),
    }
    has_receivers = Receiver.objects.filter(group__in=groups, is_enabled=True).exists()
    problems = validation.problems(rule, conditions, has_receivers=has_receivers)
    if problems:
        raise bad_request(" ".join(problems))
    return conditions, groups


def _check_scopes(given: Mapping[str, Any], resource: Resource) -> None:
    scopes = read_list(given.get("scopes"), "scopes")
    wanted = f"/providers/microsoft.communication/communicationservices/{resource.name}".lower()
    if len(scopes) != 1 or not read_text(scopes[0], "scopes").rstrip("/").lower().endswith(wanted):
        raise bad_request(
            f"'scopes' must hold one resource id, and it must end with '{wanted}', because this "
            "host manages that resource only."
        )


def _condition(given: Mapping[str, Any]) -> AlertCondition:
    is_dynamic = given.get("criterionType") == "DynamicThresholdCriterion"
    name = read_text(given.get("metricName"), "metricName")
    metric = find(name, read_text(given.get("metricNamespace") or "", "metricNamespace"))
    condition = AlertCondition(
        name=read_text(given.get("name") or "", "name", max_length=100),
        metric=metric.name if metric else name,
        aggregation=read_text(given.get("timeAggregation"), "timeAggregation", max_length=10),
        operator=_operator(read_text(given.get("operator"), "operator", max_length=40)),
        dimensions=[
            _dimension(read_object(each, "dimensions"))
            for each in read_list(given.get("dimensions"), "dimensions")
        ],
    )
    if not is_dynamic:
        condition.threshold = read_number(given.get("threshold"), "threshold")
        return condition
    return _dynamic(condition, given)


def _dynamic(condition: AlertCondition, given: Mapping[str, Any]) -> AlertCondition:
    condition.kind = ConditionKind.DYNAMIC
    sensitivity = read_text(given.get("alertSensitivity"), "alertSensitivity").capitalize()
    if sensitivity not in Sensitivity.values:
        raise bad_request("'alertSensitivity' must be Low, Medium or High.")
    condition.sensitivity = sensitivity
    periods = read_object(given.get("failingPeriods"), "failingPeriods")
    condition.evaluation_periods, condition.failing_periods = (
        read_integer(periods.get(name), name, minimum=1, maximum=6)
        for name in ("numberOfEvaluationPeriods", "minFailingPeriodsToAlert")
    )
    ignored = given.get("ignoreDataBefore")
    if ignored:
        condition.ignore_before_ms = read_time(ignored, "ignoreDataBefore")
    return condition


def _operator(name: str) -> str:
    known = {value.lower(): value for value in Operator.values}
    return known.get(name.lower(), name)


def _dimension(given: Mapping[str, Any]) -> dict[str, Any]:
    operator = read_text(given.get("operator") or "Include", "operator").capitalize()
    if operator not in ("Include", "Exclude"):
        raise bad_request("The operator of a dimension must be Include or Exclude.")
    values = [read_text(value, "values") for value in read_list(given.get("values"), "values")]
    if not values:
        raise bad_request("A dimension needs values; '*' evaluates every value separately.")
    wanted = read_text(given.get("name"), "name", max_length=60)
    name = next((each for each in DIMENSIONS if each.lower() == wanted.lower()), wanted)
    return {"name": name, "operator": operator, "values": values}


def _actions(
    given: Mapping[str, Any], resource: Resource
) -> tuple[list[ActionGroup], dict[str, str]]:
    groups: list[ActionGroup] = []
    properties = dict(read_object(given.get("customProperties") or {}, "customProperties"))
    for each in read_list(given.get("actions"), "actions"):
        action = read_object(each, "actions")
        address = read_text(action.get("actionGroupId"), "actionGroupId")
        name = _last_part(address)
        group = ActionGroup.objects.filter(resource=resource, name__iexact=name).first()
        if group is None:
            raise bad_request(f"There is no action group '{name[:100]}'; create it first.")
        groups.append(group)
        properties |= read_object(action.get("webHookProperties") or {}, "webHookProperties")
    return groups, {
        read_text(key, "customProperties", max_length=100): read_text(value, key)
        for key, value in properties.items()
    }


def rule_id(rule: AlertRule) -> str:
    """The rule's Azure resource id."""
    return f"{rule.scope}/providers/Microsoft.Insights/metricAlerts/{rule.name}"


def rule_body(rule: AlertRule) -> dict[str, Any]:
    """A rule as the SDK reads it."""
    stored = rule.definition or {}
    conditions = list(rule.conditions.all())
    properties = {
        "description": rule.description,
        "severity": rule.severity,
        "enabled": rule.is_enabled,
        "scopes": stored.get("scopes") or [_scope_of(rule)],
        "evaluationFrequency": duration(rule.frequency_minutes),
        "windowSize": duration(rule.window_minutes),
        "targetResourceType": _RESOURCES,
        "criteria": {
            "odata.type": _MULTIPLE if _is_dynamic(conditions) else _criteria_type(stored),
            "allOf": [_criterion(each, place) for place, each in enumerate(conditions, 1)],
        },
        "autoMitigate": rule.auto_mitigate,
        "actions": _actions_of(rule, stored),
        "lastUpdatedTime": from_ms(rule.changed_ms).isoformat().replace("+00:00", "Z"),
        "isMigrated": False,
    }
    return {
        "id": rule_id(rule),
        "name": rule.name,
        "type": "Microsoft.Insights/metricAlerts",
        "location": stored.get("location", "global"),
        "tags": stored.get("tags") or {},
        "properties": properties,
    }


def _scope_of(rule: AlertRule) -> str:
    """The scope of a rule that was created in the admin, which stores none."""
    name = rule.resource.name if rule.resource else ""
    return f"{rule.scope}/providers/{_RESOURCES}/{name}"


def _actions_of(rule: AlertRule, stored: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The rule's current groups, each with the members that the management API once received."""
    given = {
        _last_part(each["actionGroupId"]).lower(): each for each in stored.get("actions") or []
    }
    return [
        given.get(group.name.lower(), {"actionGroupId": group_id(group)})
        for group in rule.action_groups.all()
    ]


def _last_part(address: str) -> str:
    return address.rstrip("/").rpartition("/")[2]


def _is_dynamic(conditions: Sequence[AlertCondition]) -> bool:
    return any(each.kind == ConditionKind.DYNAMIC for each in conditions)


def _criteria_type(stored: Mapping[str, Any]) -> str:
    return str(stored.get("criteria_type") or _STATIC)


def _criterion(condition: AlertCondition, place: int) -> dict[str, Any]:
    metric = find(condition.metric)
    body: dict[str, Any] = {
        "name": condition.name or f"Metric{place}",
        "metricNamespace": metric.namespace if metric else "",
        "metricName": condition.metric,
        "timeAggregation": condition.aggregation,
        "operator": condition.operator,
        "dimensions": condition.dimensions,
        "skipMetricValidation": False,
    }
    if condition.kind == ConditionKind.STATIC:
        return {
            **body,
            "criterionType": "StaticThresholdCriterion",
            "threshold": condition.threshold,
        }
    ignored = condition.ignore_before_ms
    return {
        **body,
        "criterionType": "DynamicThresholdCriterion",
        "alertSensitivity": condition.sensitivity,
        "failingPeriods": {
            "numberOfEvaluationPeriods": condition.evaluation_periods,
            "minFailingPeriodsToAlert": condition.failing_periods,
        },
        "ignoreDataBefore": from_ms(ignored).isoformat() if ignored else None,
    }
