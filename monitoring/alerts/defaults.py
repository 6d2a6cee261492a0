"""The rules that a new server has. They tell nobody but the admin until somebody says whom."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from monitoring.alerts.models import (
    ConditionKind,
    Operator,
    ReceiverKind,
    Sensitivity,
    Severity,
)

GROUP_NAME = "Operators"
_FIVE_XX: dict[str, object] = {"name": "StatusCodeClass", "operator": "Include", "values": ["5xx"]}


def _status(value: str) -> dict[str, object]:
    return {"name": "StatusCode", "operator": "Include", "values": [value]}


@dataclass(frozen=True)
class DefaultRule:
    """A rule with one condition."""

    name: str
    description: str
    severity: int
    metric: str
    threshold: float | None
    aggregation: str = "Count"
    operator: str = Operator.GREATER_THAN
    window_minutes: int = 5
    frequency_minutes: int = 1
    dimensions: list[dict[str, object]] = field(default_factory=list)
    kind: str = ConditionKind.STATIC


DEFAULT_RULES = (
    DefaultRule(
        "Chat requests fail",
        "The server could not answer chat requests. Its log says why.",
        Severity.ERROR,
        "APIRequestChat",
        5,
        dimensions=[_FIVE_XX],
    ),
    DefaultRule(
        "Clients are throttled",
        "Chat requests were refused with 429: a client asks more often than the limits allow.",
        Severity.INFORMATIONAL,
        "APIRequestChat",
        100,
        dimensions=[_status("429")],
    ),
    DefaultRule(
        "Sending is slow",
        "One in twenty messages took more than a second to be accepted.",
        Severity.WARNING,
        "ChatRequestDuration",
        1000,
        aggregation="P95",
        dimensions=[{"name": "Operation", "operator": "Include", "values": ["SendChatMessage"]}],
    ),
    DefaultRule(
        "Webhook events are given up",
        "Events became dead letters. The subscription's page shows what the endpoint answered.",
        Severity.WARNING,
        "WebhookDeadLetters",
        0,
        window_minutes=15,
    ),
    DefaultRule(
        "Webhooks lag behind",
        "An event has waited for its delivery for more than ten minutes.",
        Severity.WARNING,
        "WebhookOldestPending",
        600,
        aggregation="Maximum",
    ),
    DefaultRule(
        "Sign-ins are refused",
        "Many requests to the identity API had no valid key or token.",
        Severity.INFORMATIONAL,
        "APIRequestAuthentication",
        50,
        dimensions=[_status("401")],
    ),
    DefaultRule(
        "Live connections drop",
        "Far fewer live connections are open than is usual at this hour.",
        Severity.WARNING,
        "RealtimeConnections",
        None,
        aggregation="Average",
        operator=Operator.LESS_THAN,
        window_minutes=15,
        frequency_minutes=5,
        kind=ConditionKind.DYNAMIC,
    ),
    DefaultRule(
        "The database refuses",
        "Reads or writes failed: the disk may be full, or the database not reachable.",
        Severity.ERROR,
        "StorageErrors",
        0,
        window_minutes=5,
    ),
)


def create_default_rules(get_model: Callable[[str], Any]) -> None:
    """Creates the rules and their group; `get_model` finds a model by its name.

    Called by a migration, so it happens once: what an operator deletes stays deleted.
    """
    group = get_model("ActionGroup").objects.create(name=GROUP_NAME, short_name="Operators")
    receiver = {"name": "Admin", "kind": ReceiverKind.NOTICE.value}
    get_model("Receiver").objects.create(group=group, **receiver)
    for default in DEFAULT_RULES:
        rule = get_model("AlertRule").objects.create(
            name=default.name,
            description=default.description,
            severity=int(default.severity),
            window_minutes=default.window_minutes,
            frequency_minutes=default.frequency_minutes,
            is_default=True,
        )
        rule.action_groups.add(group)
        get_model("AlertCondition").objects.create(
            rule=rule,
            kind=str(default.kind),
            metric=default.metric,
            aggregation=default.aggregation,
            operator=str(default.operator),
            threshold=default.threshold,
            dimensions=default.dimensions,
            sensitivity=Sensitivity.LOW.value,
        )
