"""Metric alerts and action groups: the management API's JSON, checked, and back."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from identity.models import Resource
from monitoring.alerts import validation
from monitoring.alerts.forms import address_problem
from monitoring.alerts.models import (
    ActionGroup,
    AlertCondition,
    AlertRule,
    ConditionKind,
    Operator,
    Receiver,
    ReceiverKind,
    Sensitivity,
)
from monitoring.catalogue import DIMENSIONS, find
from wire import times
from wire.errors import ChatError
from wire.times import from_ms

_STATIC = "Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria"
_MULTIPLE = "Microsoft.Azure.Monitor.MultipleResourceMultipleMetricCriteria"
_DURATION = re.compile(r"P(?:(\d{1,3})D)?(?:T(?:(\d{1,3})H)?(?:(\d{1,4})M)?)?", re.ASCII)
_NAME_PART = r"[^*#&+:<>?@%{}\\/|\x00-\x1f\x7f]"
NAME = re.compile(rf"{_NAME_PART}{{0,259}}(?<!\.)")
# As many as a group has in the admin.
MOST_RECEIVERS = 20


# Beyond what floats count exactly there is nothing to compare with.
_LARGEST = 1e15


def invalid(message: str) -> ChatError:
    """400 in the management API's words."""
    return ChatError(400, "BadRequest", message)


def check_name(name: str) -> str:
    """`name` itself. Raises ChatError 400."""
    if not name or NAME.fullmatch(name) is None:
        raise invalid(
            "A name has up to 260 characters without * # & + : < > ? @ % { } \\ / | and without "
            "line breaks, and no dot at its end."
        )
    return name


def minutes_of(text: Any, name: str) -> int:
    """The minutes of an ISO 8601 duration. Raises ChatError 400."""
    found = _DURATION.fullmatch(text) if isinstance(text, str) else None
    if found is None or not any(found.groups()):
        raise invalid(f"'{name}' is a duration such as PT5M, not {text!r:.50}.")
    days, hours, minutes = (int(part or 0) for part in found.groups())
    return days * 1440 + hours * 60 + minutes


def duration_of(minutes: int) -> str:
    """The ISO 8601 duration of minutes."""
    if minutes % 1440 == 0:
        return f"P{minutes // 1440}D"
    return f"PT{minutes // 60}H" if minutes % 60 == 0 else f"PT{minutes}M"


def _object(value: Any, name: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise invalid(f"'{name}' must be an object.")
    return value


def _list(value: Any, name: str) -> list[Any]:
    if value is None:
        return []
    if not isinstance(value, list):
        raise invalid(f"'{name}' must be a list.")
    return value


def _text(value: Any, name: str, *, most: int = 2000) -> str:
    if not isinstance(value, str) or len(value) > most or "\x00" in value:
        raise invalid(f"'{name}' must be a text of at most {most} characters.")
    return value


def _number(value: Any, name: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) > _LARGEST:
        raise invalid(f"'{name}' must be a number, at most {_LARGEST:g}.")
    return float(value)


def _whole(value: Any, name: str) -> int:
    number = _number(value, name)
    if not number.is_integer():
        raise invalid(f"'{name}' must be a whole number.")
    return int(number)


def _flag(value: Any, name: str) -> bool:
    if value is None:
        return True
    if not isinstance(value, bool):
        raise invalid(f"'{name}' must be true or false.")
    return value


def _place(body: Mapping[str, Any], default: str) -> dict[str, Any]:
    """The members that mean nothing here and are returned as they came."""
    return {
        "location": _text(body.get("location") or default, "location", most=100),
        "tags": _object(body.get("tags") or {}, "tags"),
    }


# --- Metric alerts --------------------------------------------------------------------------------


def read_rule(
    body: Mapping[str, Any], rule: AlertRule, resource: Resource
) -> tuple[list[AlertCondition], list[ActionGroup]]:
    """Puts `body` into `rule`; returns its unsaved conditions and its groups.

    Raises ChatError 400 with everything that keeps the rule from working.
    """
    given = _object(body.get("properties"), "properties")
    rule.description = _text(given.get("description") or "", "description", most=4000)
    rule.severity = _whole(given.get("severity", 3), "severity")
    rule.is_enabled = _flag(given.get("enabled"), "enabled")
    rule.auto_mitigate = _flag(given.get("autoMitigate"), "autoMitigate")
    rule.window_minutes = minutes_of(given.get("windowSize", "PT5M"), "windowSize")
    rule.frequency_minutes = minutes_of(
        given.get("evaluationFrequency", "PT1M"), "evaluationFrequency"
    )
    _check_scopes(given, resource)
    criteria = _object(given.get("criteria"), "criteria")
    conditions = [
        _condition(_object(each, "criteria.allOf"))
        for each in _list(criteria.get("allOf"), "criteria.allOf")
    ]
    groups, properties = _actions(given, resource)
    rule.custom_properties = properties
    rule.definition = {
        **_place(body, "global"),
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
    scopes = _list(given.get("scopes"), "scopes")
    wanted = f"/providers/microsoft.communication/communicationservices/{resource.name}".lower()
    if len(scopes) != 1 or not _text(scopes[0], "scopes").rstrip("/").lower().endswith(wanted):
        raise invalid(
            f"'scopes' must name one resource, and it must be '{resource.name}', which answers at "
            "this host."
        )


def _condition(given: Mapping[str, Any]) -> AlertCondition:
    is_dynamic = given.get("criterionType") == "DynamicThresholdCriterion"
    name = _text(given.get("metricName"), "metricName")
    metric = find(name, _text(given.get("metricNamespace") or "", "metricNamespace"))
    condition = AlertCondition(
        name=_text(given.get("name") or "", "name", most=100),
        metric=metric.name if metric else name,
        aggregation=_text(given.get("timeAggregation"), "timeAggregation", most=10),
        operator=_operator(_text(given.get("operator"), "operator", most=40)),
        dimensions=[
            _dimension(_object(each, "dimensions"))
            for each in _list(given.get("dimensions"), "dimensions")
        ],
    )
    if not is_dynamic:
        condition.threshold = _number(given.get("threshold"), "threshold")
        return condition
    return _dynamic(condition, given)


def _dynamic(condition: AlertCondition, given: Mapping[str, Any]) -> AlertCondition:
    condition.kind = ConditionKind.DYNAMIC
    sensitivity = _text(given.get("alertSensitivity"), "alertSensitivity").capitalize()
    if sensitivity not in Sensitivity.values:
        raise invalid("'alertSensitivity' must be Low, Medium or High.")
    condition.sensitivity = sensitivity
    periods = _object(given.get("failingPeriods"), "failingPeriods")
    condition.evaluation_periods, condition.failing_periods = (
        _whole(periods.get(name), name)
        for name in ("numberOfEvaluationPeriods", "minFailingPeriodsToAlert")
    )
    ignored = given.get("ignoreDataBefore")
    if ignored:
        try:
            condition.ignore_before_ms = times.parse(_text(ignored, "ignoreDataBefore"))
        except ValueError:
            raise invalid(
                "'ignoreDataBefore' must be a time such as 2026-11-23T06:00:00Z."
            ) from None
    return condition


def _operator(name: str) -> str:
    known = {value.lower(): value for value in Operator.values}
    return known.get(name.lower(), name)


def _dimension(given: Mapping[str, Any]) -> dict[str, Any]:
    operator = _text(given.get("operator") or "Include", "operator").capitalize()
    if operator not in ("Include", "Exclude"):
        raise invalid("The operator of a dimension must be Include or Exclude.")
    values = [_text(value, "values") for value in _list(given.get("values"), "values")]
    if not values:
        raise invalid("A dimension needs values; '*' stands for each of them.")
    wanted = _text(given.get("name"), "name", most=60)
    name = next((each for each in DIMENSIONS if each.lower() == wanted.lower()), wanted)
    return {"name": name, "operator": operator, "values": values}


def _actions(
    given: Mapping[str, Any], resource: Resource
) -> tuple[list[ActionGroup], dict[str, str]]:
    groups: list[ActionGroup] = []
    properties = dict(_object(given.get("customProperties") or {}, "customProperties"))
    for each in _list(given.get("actions"), "actions"):
        action = _object(each, "actions")
        address = _text(action.get("actionGroupId"), "actionGroupId")
        name = address.rstrip("/").rpartition("/")[2]
        group = ActionGroup.objects.filter(resource=resource, name__iexact=name).first()
        if group is None:
            raise invalid(f"There is no action group '{name[:100]}': create it first.")
        groups.append(group)
        properties |= _object(action.get("webHookProperties") or {}, "webHookProperties")
    return groups, {
        _text(key, "a property's name", most=100): _text(value, "a property", most=2000)
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
        "scopes": stored.get("scopes"),
        "evaluationFrequency": duration_of(rule.frequency_minutes),
        "windowSize": duration_of(rule.window_minutes),
        "targetResourceType": "Microsoft.Communication/CommunicationServices",
        "criteria": {
            "odata.type": _MULTIPLE if _is_dynamic(conditions) else _criteria_type(stored),
            "allOf": [_criterion(each, place) for place, each in enumerate(conditions, 1)],
        },
        "autoMitigate": rule.auto_mitigate,
        "actions": stored.get("actions") or [],
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


# --- Action groups --------------------------------------------------------------------------------


def read_group(body: Mapping[str, Any], group: ActionGroup) -> list[Receiver]:
    """Puts `body` into `group`; returns its unsaved receivers. Raises ChatError 400."""
    given = _object(body.get("properties"), "properties")
    short = _text(given.get("groupShortName"), "groupShortName", most=12)
    if not short:
        raise invalid("'groupShortName' must have 1 to 12 characters.")
    group.short_name, group.is_enabled = short, _flag(given.get("enabled"), "enabled")
    group.definition = {
        **_place(body, "Global"),
        "properties": dict(given),
    }
    receivers = [
        *_receivers(given, "emailReceivers", "emailAddress", ReceiverKind.EMAIL),
        *_receivers(given, "webhookReceivers", "serviceUri", ReceiverKind.WEBHOOK),
    ]
    if len(receivers) > MOST_RECEIVERS:
        raise invalid(
            f"The group has {len(receivers)} receivers; at most {MOST_RECEIVERS} can be used."
        )
    for receiver in receivers:
        problem = address_problem(receiver.kind, receiver.address)
        if problem:
            raise invalid(f"The receiver '{receiver.name}': {problem}")
    return receivers


def _receivers(
    given: Mapping[str, Any], member: str, address: str, kind: ReceiverKind
) -> list[Receiver]:
    return [
        Receiver(
            name=_text(_object(each, member).get("name"), f"{member}.name", most=100),
            kind=kind,
            address=_text(each.get(address), f"{member}.{address}"),
        )
        for each in _list(given.get(member), member)
    ]


def unsupported_receivers(group: ActionGroup) -> list[str]:
    """What the management API was given and nobody here can serve."""
    given = (group.definition or {}).get("properties") or {}
    served = ("emailReceivers", "webhookReceivers")
    return [
        f"{member.removesuffix('Receivers')}: {each.get('name', '')}"
        for member, entries in sorted(given.items())
        if member.endswith("Receivers") and member not in served and isinstance(entries, list)
        for each in entries
        if isinstance(each, dict)
    ]


def group_body(group: ActionGroup) -> dict[str, Any]:
    """A group as the SDK reads it."""
    stored = group.definition or {}
    given = stored.get("properties") or {}
    receivers = list(group.receivers.all())
    emails = [each for each in receivers if each.kind == ReceiverKind.EMAIL]
    hooks = [each for each in receivers if each.kind == ReceiverKind.WEBHOOK]
    return {
        "id": f"{group.scope}/providers/Microsoft.Insights/actionGroups/{group.name}",
        "name": group.name,
        "type": "Microsoft.Insights/ActionGroups",
        "location": stored.get("location", "Global"),
        "tags": stored.get("tags") or {},
        "properties": {
            **given,
            "groupShortName": group.short_name,
            "enabled": group.is_enabled,
            "emailReceivers": [
                {
                    "name": each.name,
                    "emailAddress": each.address,
                    "useCommonAlertSchema": True,
                    "status": "Enabled" if each.is_enabled else "Disabled",
                }
                for each in emails
            ],
            "webhookReceivers": [
                {"name": each.name, "serviceUri": each.address, "useCommonAlertSchema": True}
                for each in hooks
            ],
        },
    }
