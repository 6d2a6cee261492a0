"""Metric alerts: the management API's JSON, checked, and back."""

from collections.abc import Mapping, Sequence
from typing import Any

from azure_management.monitor.groups import address_of
from azure_management.monitor.values import (
    duration_of,
    flag_of,
    invalid,
    list_of,
    minutes_of,
    number_of,
    object_of,
    place_of,
    text_of,
    whole_of,
)
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
from wire import times
from wire.times import from_ms

_STATIC = "Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria"
_MULTIPLE = "Microsoft.Azure.Monitor.MultipleResourceMultipleMetricCriteria"
_RESOURCES = "Microsoft.Communication/CommunicationServices"


def read_rule(
    body: Mapping[str, Any], rule: AlertRule, resource: Resource
) -> tuple[list[AlertCondition], list[ActionGroup]]:
    """Puts `body` into `rule`; returns its unsaved conditions and its groups.

    Raises ChatError 400 with everything that keeps the rule from working.
    """
    given = object_of(body.get("properties"), "properties")
    rule.description = text_of(given.get("description") or "", "description", most=4000)
    rule.severity = whole_of(given.get("severity", 3), "severity")
    rule.is_enabled = flag_of(given.get("enabled"), "enabled")
    rule.auto_mitigate = flag_of(given.get("autoMitigate"), "autoMitigate")
    rule.window_minutes = minutes_of(given.get("windowSize", "PT5M"), "windowSize")
    rule.frequency_minutes = minutes_of(
        given.get("evaluationFrequency", "PT1M"), "evaluationFrequency"
    )
    _check_scopes(given, resource)
    criteria = object_of(given.get("criteria"), "criteria")
    conditions = [
        _condition(object_of(each, "criteria.allOf"))
        for each in list_of(criteria.get("allOf"), "criteria.allOf")
    ]
    groups, properties = _actions(given, resource)
    rule.custom_properties = properties
    rule.definition = {
        **place_of(body, "global"),
        "scopes": given.get("scopes"),
        "actions": given.get("actions") or [],
        "criteria_type": criteria.get("odata.type", _STATIC),
        "criteria": criteria.get("allOf"),
        "customProperties": given.get("customProperties"),
    }
    has_receivers = Receiver.objects.filter(group__in=groups, is_enabled=True).exists()
    problems = validation.problems(rule, conditions, has_receivers=has_receivers)
    if problems:
        raise invalid(" ".join(problems))
    return conditions, groups


def _check_scopes(given: Mapping[str, Any], resource: Resource) -> None:
    scopes = list_of(given.get("scopes"), "scopes")
    wanted = f"/providers/microsoft.communication/communicationservices/{resource.name}".lower()
    if len(scopes) != 1 or not text_of(scopes[0], "scopes").rstrip("/").lower().endswith(wanted):
        raise invalid(
            f"'scopes' must name one resource, and it must be '{resource.name}', which answers at "
            "this host."
        )


def _condition(given: Mapping[str, Any]) -> AlertCondition:
    is_dynamic = given.get("criterionType") == "DynamicThresholdCriterion"
    name = text_of(given.get("metricName"), "metricName")
    metric = find(name, text_of(given.get("metricNamespace") or "", "metricNamespace"))
    condition = AlertCondition(
        name=text_of(given.get("name") or "", "name", most=100),
        metric=metric.name if metric else name,
        aggregation=text_of(given.get("timeAggregation"), "timeAggregation", most=10),
        operator=_operator(text_of(given.get("operator"), "operator", most=40)),
        dimensions=[
            _dimension(object_of(each, "dimensions"))
            for each in list_of(given.get("dimensions"), "dimensions")
        ],
    )
    if not is_dynamic:
        condition.threshold = number_of(given.get("threshold"), "threshold")
        return condition
    return _dynamic(condition, given)


def _dynamic(condition: AlertCondition, given: Mapping[str, Any]) -> AlertCondition:
    condition.kind = ConditionKind.DYNAMIC
    sensitivity = text_of(given.get("alertSensitivity"), "alertSensitivity").capitalize()
    if sensitivity not in Sensitivity.values:
        raise invalid("'alertSensitivity' must be Low, Medium or High.")
    condition.sensitivity = sensitivity
    periods = object_of(given.get("failingPeriods"), "failingPeriods")
    condition.evaluation_periods, condition.failing_periods = (
        whole_of(periods.get(name), name)
        for name in ("numberOfEvaluationPeriods", "minFailingPeriodsToAlert")
    )
    ignored = given.get("ignoreDataBefore")
    if ignored:
        try:
            condition.ignore_before_ms = times.parse(text_of(ignored, "ignoreDataBefore"))
        except ValueError:
            raise invalid(
                "'ignoreDataBefore' must be a time such as 2026-11-23T06:00:00Z."
            ) from None
    return condition


def _operator(name: str) -> str:
    known = {value.lower(): value for value in Operator.values}
    return known.get(name.lower(), name)


def _dimension(given: Mapping[str, Any]) -> dict[str, Any]:
    operator = text_of(given.get("operator") or "Include", "operator").capitalize()
    if operator not in ("Include", "Exclude"):
        raise invalid("The operator of a dimension must be Include or Exclude.")
    values = [text_of(value, "values") for value in list_of(given.get("values"), "values")]
    if not values:
        raise invalid("A dimension needs values; '*' stands for each of them.")
    wanted = text_of(given.get("name"), "name", most=60)
    name = next((each for each in DIMENSIONS if each.lower() == wanted.lower()), wanted)
    return {"name": name, "operator": operator, "values": values}


def _actions(
    given: Mapping[str, Any], resource: Resource
) -> tuple[list[ActionGroup], dict[str, str]]:
    groups: list[ActionGroup] = []
    properties = dict(object_of(given.get("customProperties") or {}, "customProperties"))
    for each in list_of(given.get("actions"), "actions"):
        action = object_of(each, "actions")
        address = text_of(action.get("actionGroupId"), "actionGroupId")
        name = _last_part(address)
        group = ActionGroup.objects.filter(resource=resource, name__iexact=name).first()
        if group is None:
            raise invalid(f"There is no action group '{name[:100]}': create it first.")
        groups.append(group)
        properties |= object_of(action.get("webHookProperties") or {}, "webHookProperties")
    return groups, {
        text_of(key, "a property's name", most=100): text_of(value, "a property", most=2000)
        for key, value in properties.items()
    }


def rule_body(rule: AlertRule) -> dict[str, Any]:
    """A rule as the SDK reads it."""
    stored = rule.definition or {}
    conditions = list(rule.conditions.all())
    properties = {
        "description": rule.description,
        "severity": rule.severity,
        "enabled": rule.is_enabled,
        "scopes": stored.get("scopes") or [_scope_of(rule)],
        "evaluationFrequency": duration_of(rule.frequency_minutes),
        "windowSize": duration_of(rule.window_minutes),
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
        "id": f"{rule.scope}/providers/Microsoft.Insights/metricAlerts/{rule.name}",
        "name": rule.name,
        "type": "Microsoft.Insights/metricAlerts",
        "location": stored.get("location", "global"),
        "tags": stored.get("tags") or {},
        "properties": properties,
    }


def _scope_of(rule: AlertRule) -> str:
    """What a rule watches that was made in the admin, where nobody gives a scope."""
    name = rule.resource.name if rule.resource else ""
    return f"{rule.scope}/providers/{_RESOURCES}/{name}"


def _actions_of(rule: AlertRule, stored: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The groups as they are now, each with what the management API was given for it."""
    given = {
        _last_part(each["actionGroupId"]).lower(): each for each in stored.get("actions") or []
    }
    return [
        given.get(group.name.lower(), {"actionGroupId": address_of(group)})
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
