"""The alert rules of a new database. They notify in the admin until receivers are added."""

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
        "Chat requests failed with a server error. The server's log has the reason.",
        Severity.ERROR,
        "APIRequestChat",
        5,
        dimensions=[_FIVE_XX],
    ),
    DefaultRule(
        "Clients are throttled",
        "Chat requests were refused with 429 because a client exceeded the rate limits.",
        Severity.INFORMATIONAL,
        "APIRequestChat",
        100,
        dimensions=[_status("429")],
    ),
    DefaultRule(
        "Sending is slow",
        "The 95th percentile of the time to accept a message exceeded one second.",
        Severity.WARNING,
        "ChatRequestDuration",
        1000,
        aggregation="P95",
        dimensions=[{"name": "Operation", "operator": "Include", "values": ["SendChatMessage"]}],
    ),
    DefaultRule(
        "Webhook events are dead-lettered",
        "Events could not be delivered. The subscription's page shows the endpoint's responses.",
        Severity.WARNING,
        "WebhookDeadLetters",
        0,
        window_minutes=15,
    ),
    DefaultRule(
        "Webhook deliveries are delayed",
        "An event has been waiting for its delivery for more than ten minutes.",
        Severity.WARNING,
        "WebhookOldestPending",
        600,
        aggregation="Maximum",
    ),
    DefaultRule(
        "Authentication fails often",
        "Many requests to the identity API had no valid access key or token.",
        Severity.INFORMATIONAL,
        "APIRequestAuthentication",
        50,
        dimensions=[_status("401")],
    ),
    DefaultRule(
        "Live connections drop",
        "Far fewer live connections are open than usual at this hour.",
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
        "Database operations fail",
        "Reads or writes failed. Check that the database is reachable and its disk is not full.",
        Severity.ERROR,
        "StorageErrors",
        0,
        window_minutes=5,
    ),
)


def create_default_rules(get_model: Callable[[str], Any]) -> None:
    """Creates the rules and their group. `get_model` returns a model by its name.

    A migration calls this, so rules that an operator deletes stay deleted.
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
