"""Alert rules with an injected clock: state changes, operators, aggregations, failures."""

from typing import Any

import pytest

from identity.models import Resource
from monitoring.alerts import engine, state_machine, validation
from monitoring.alerts.evaluation import compare
from monitoring.alerts.models import (
    ActionGroup,
    Alert,
    AlertCondition,
    AlertInstance,
    AlertRule,
    Notification,
    Receiver,
)
from monitoring.alerts.state_machine import AlertState
from monitoring.tests.samples import DAY, HOUR, MINUTE, NOON, put, requests

FIVE_XX = {"name": "StatusCodeClass", "operator": "Include", "values": ["5xx"]}


def make_rule(*conditions: dict[str, Any], **fields: Any) -> AlertRule:
    """A rule with one receiver."""
    AlertRule.objects.filter(is_default=True).delete()
    rule = AlertRule.objects.create(**{"name": "r", "severity": 2, "window_minutes": 5, **fields})
    group = ActionGroup.objects.create(name=f"g{rule.pk}", short_name="g")
    Receiver.objects.create(group=group, name="log", kind="log")
    rule.action_groups.add(group)
    for condition in conditions:
        AlertCondition.objects.create(
            rule=rule, **{"metric": "APIRequestChat", "threshold": 5.0, **condition}
        )
    return rule


def evaluate_at(end_ms: int) -> None:
    """Evaluate as the leader does once the window that ends then is complete."""
    engine.evaluate_due_rules(end_ms + engine.LAG_MS)


def notified() -> list[tuple[str, int]]:
    """Condition and minute (after noon) of each notification."""
    rows = Notification.objects.order_by("created_ms", "id")
    return [(row.condition, (row.created_ms - NOON) // MINUTE) for row in rows]


def test_it_fires_once_resolves_after_three_healthy_evaluations_and_fires_again(
    resource: Resource,
) -> None:
    make_rule({"dimensions": [FIVE_XX]}, window_minutes=1)
    failing_minutes = {1, 2, 3, 5, 10}
    for minute in range(12):
        if minute in failing_minutes:
            requests(resource.id, NOON + minute * MINUTE, status=500, times=6)
    for minute in range(15):
        evaluate_at(NOON + minute * MINUTE)
    # Minute 4 alone was healthy: fewer than three healthy evaluations do not resolve.
    assert notified() == [("Fired", 2), ("Resolved", 9), ("Fired", 11), ("Resolved", 14)]
    first, second = Alert.objects.order_by("fired_ms")
    assert first.resolved_ms and second.resolved_ms and first.fired_ms < first.resolved_ms
    assert not AlertInstance.objects.get().is_firing


def test_a_stateless_rule_notifies_at_every_evaluation(resource: Resource) -> None:
    make_rule({"dimensions": [FIVE_XX]}, window_minutes=5, auto_mitigate=False)
    requests(resource.id, NOON, status=503, times=9)
    for minute in range(1, 9):
        evaluate_at(NOON + minute * MINUTE)
    assert notified() == [("Fired", minute) for minute in range(1, 6)]
    assert not Alert.objects.filter(is_stateful=True).exists()


def test_each_dimension_value_has_a_state_of_its_own(resource: Resource) -> None:
    every = {"name": "Operation", "operator": "Include", "values": ["*"]}
    make_rule({"dimensions": [every]}, window_minutes=1)
    requests(resource.id, NOON, "SendChatMessage", times=6)
    requests(resource.id, NOON, "GetChatThread", times=1)
    for minute in (1, 2):
        requests(resource.id, NOON + minute * MINUTE, "GetChatThread", times=6)
    for minute in range(1, 8):
        evaluate_at(NOON + minute * MINUTE)
    fired = {
        alert.dimensions["Operation"]: (alert.fired_ms - NOON) // MINUTE
        for alert in Alert.objects.all()
    }
    assert fired == {"SendChatMessage": 1, "GetChatThread": 2}
    assert notified() == [("Fired", 1), ("Fired", 2), ("Resolved", 4), ("Resolved", 6)]


def test_several_conditions_must_all_be_met(resource: Resource) -> None:
    make_rule(
        {"dimensions": [FIVE_XX]},
        {"metric": "ChatMessages", "operator": "LessThan", "threshold": 2},
        window_minutes=1,
    )
    for minute in (0, 1):
        requests(resource.id, NOON + minute * MINUTE, status=500, times=6)
    put("ChatMessages", resource.id, NOON, times=3, Action="Sent", MessageType="text")
    for minute in (1, 2):
        evaluate_at(NOON + minute * MINUTE)
    (alert,) = Alert.objects.all()
    assert notified() == [("Fired", 2)]
    assert [found["metric"] for found in alert.found] == ["APIRequestChat", "ChatMessages"]


def test_no_samples_mean_zero_for_counts_and_unknown_for_averages(
    resource: Resource,
) -> None:
    make_rule({"operator": "LessThan", "threshold": 1})
    make_rule(
        {"metric": "ChatRequestDuration", "aggregation": "Average", "operator": "LessThan"},
        name="slow",
    )
    evaluate_at(NOON)
    assert [alert.rule_name for alert in Alert.objects.all()] == ["r"]


def test_an_unknown_value_neither_resolves_nor_fires(resource: Resource) -> None:
    make_rule(
        {"metric": "ChatRequestDuration", "aggregation": "P95", "threshold": 100}, window_minutes=1
    )
    requests(resource.id, NOON, milliseconds=900)
    evaluate_at(NOON + MINUTE)
    for minute in range(2, 9):
        evaluate_at(NOON + minute * MINUTE)
    assert notified() == [("Fired", 1)]
    for minute in (9, 10, 11):
        requests(resource.id, NOON + minute * MINUTE, milliseconds=1)
        evaluate_at(NOON + (minute + 1) * MINUTE)
    assert notified() == [("Fired", 1), ("Resolved", 12)]


@pytest.mark.parametrize(
    ("operator", "met"),
    [
        ("GreaterThan", [False, False, True]),
        ("GreaterThanOrEqual", [False, True, True]),
        ("LessThan", [True, False, False]),
        ("LessThanOrEqual", [True, True, False]),
        ("Equals", [False, True, False]),
    ],
)
def test_operators(operator: str, met: list[bool]) -> None:
    assert [compare(operator, value, 5.0) for value in (4.0, 5.0, 6.0)] == met


@pytest.mark.parametrize(
    ("aggregation", "value"),
    [("Count", 4), ("Average", 25), ("Minimum", 10), ("Maximum", 40), ("P50", 20)],
)
def test_aggregations(resource: Resource, aggregation: str, value: float) -> None:
    for milliseconds in (10, 20, 30, 40):
        requests(resource.id, NOON, milliseconds=milliseconds)
    make_rule(
        {
            "metric": "ChatRequestDuration",
            "aggregation": aggregation,
            "operator": "GreaterThanOrEqual",
            "threshold": 0,
        }
    )
    evaluate_at(NOON + MINUTE)
    (alert,) = Alert.objects.all()
    assert alert.found[0]["value"] == pytest.approx(value, rel=0.3 if aggregation == "P50" else 0)


def test_a_rule_is_evaluated_once_for_each_window(resource: Resource) -> None:
    rule = make_rule({}, frequency_minutes=5)
    assert engine.evaluate_due_rules(NOON + engine.LAG_MS) == 1
    assert engine.evaluate_due_rules(NOON + 4 * MINUTE) == 0
    assert engine.evaluate_due_rules(NOON + 5 * MINUTE + engine.LAG_MS) == 1
    rule.refresh_from_db()
    assert rule.evaluated_ms == NOON + 5 * MINUTE


def test_the_last_minute_is_evaluated_only_when_it_is_complete(resource: Resource) -> None:
    make_rule({"threshold": 5}, window_minutes=1)
    requests(resource.id, NOON, times=6)
    engine.evaluate_due_rules(NOON + MINUTE + 1000)
    assert notified() == []
    engine.evaluate_due_rules(NOON + MINUTE + engine.LAG_MS)
    assert notified() == [("Fired", 1)]


def test_disabling_a_rule_resolves_its_open_alerts(resource: Resource) -> None:
    rule = make_rule({"threshold": 5})
    requests(resource.id, NOON, times=6)
    evaluate_at(NOON + MINUTE)
    engine.end_alerts(rule, NOON + 2 * MINUTE, "The rule was disabled.")
    assert notified() == [("Fired", 1), ("Resolved", 2)]
    assert Alert.objects.get().resolution == "The rule was disabled."
    assert not rule.instances.exists()


# --- Dynamic thresholds


def learned(resource: Resource, days: int) -> None:
    for back in range(1, days * 24 + 1):
        requests(resource.id, NOON - back * HOUR, times=90 + back % 20)


def dynamic(**fields: Any) -> AlertRule:
    return make_rule(
        {"kind": "dynamic", "threshold": None, "evaluation_periods": 4, "failing_periods": 3},
        window_minutes=60,
        frequency_minutes=60,
        **fields,
    )


def test_a_dynamic_rule_does_not_fire_before_three_days_of_samples(resource: Resource) -> None:
    dynamic()
    learned(resource, days=2)
    for hour in range(1, 7):
        requests(resource.id, NOON + (hour - 1) * HOUR, times=5000)
        evaluate_at(NOON + hour * HOUR)
    assert notified() == []


def test_a_dynamic_rule_fires_when_three_of_four_evaluations_are_unusual(
    resource: Resource,
) -> None:
    dynamic()
    learned(resource, days=8)
    for hour, times in enumerate((5000, 100, 5000, 5000), start=1):
        requests(resource.id, NOON + (hour - 1) * HOUR, times=times)
        evaluate_at(NOON + hour * HOUR)
    assert notified() == [("Fired", 4 * 60)]
    (found,) = Alert.objects.get().found
    assert found["sensitivity"] == "Medium"
    assert 110 < found["threshold"] < 300


# --- The pure parts


def test_two_healthy_evaluations_do_not_resolve_and_the_third_does() -> None:
    state, changes = AlertState(is_firing=True), []
    for is_met in (False, False, True, False, None, False, False):
        state, change = state_machine.advance(state, is_met, auto_mitigate=True)
        changes.append(change)
    assert changes == [None, None, None, None, None, None, "resolved"]


def test_one_condition_that_is_not_met_decides() -> None:
    assert state_machine.all_met([True, None, False]) is False
    assert state_machine.all_met([True, None]) is None
    assert state_machine.all_met([True, True]) is True


# --- Rules that cannot work


@pytest.mark.parametrize(
    ("fields", "conditions", "words"),
    [
        ({}, [], "has no condition"),
        ({"window_minutes": 1, "frequency_minutes": 5}, [{}], "choose a longer lookback period"),
        (
            {"window_minutes": 1, "frequency_minutes": 5},
            [{}],
            "(1 minute) is shorter than the time between two checks (5 minutes)",
        ),
        ({"window_minutes": 7}, [{}], "The lookback period must be one of"),
        ({}, [{"metric": "Nothing"}], "no metric “Nothing”"),
        ({}, [{"aggregation": "P95"}], "cannot be aggregated by P95; choose"),
        ({}, [{"threshold": None}], "must be a number"),
        ({}, [{"threshold": float("nan")}], "must be a number"),
        ({}, [{"operator": "GreaterOrLessThan"}], "needs a dynamic threshold"),
        ({}, [{"dimensions": [{"name": "Colour", "values": ["red"]}]}], "no dimension “Colour”"),
        ({}, [{"kind": "dynamic"}], "5 minutes to 1 hour"),
        ({"frequency_minutes": 5}, [{"kind": "dynamic"}, {}], "the only condition"),
        ({}, [{}] * 6, "at most 5"),
        (
            {},
            [{"dimensions": [{"name": "Operation", "values": ["*"]}]}, {}],
            "each dimension can have one value only",
        ),
        ({}, [{"metric": "ActiveUsers", "aggregation": "Maximum"}], "one value per day"),
        ({"severity": 7}, [{}], "from 0 (critical) to 4"),
    ],
)
def test_rules_that_cannot_work_are_refused_with_what_to_change(
    fields: dict[str, Any], conditions: list[dict[str, Any]], words: str
) -> None:
    rule = AlertRule(**{"name": "r", "window_minutes": 5, "frequency_minutes": 1, **fields})
    made = [
        AlertCondition(**{"metric": "APIRequestChat", "threshold": 1.0, **each})
        for each in conditions
    ]
    problems = validation.problems(rule, made)
    assert any(words in problem for problem in problems), problems


def test_a_rule_without_an_enabled_receiver_is_refused() -> None:
    rule, condition = AlertRule(name="r"), AlertCondition(metric="APIRequestChat", threshold=1)
    assert validation.problems(rule, [condition]) == []
    (problem,) = validation.problems(rule, [condition], has_receivers=False)
    assert "enabled receiver" in problem


def test_combinations_without_samples_for_a_day_are_no_longer_evaluated(resource: Resource) -> None:
    every = {"name": "Operation", "operator": "Include", "values": ["*"]}
    make_rule({"dimensions": [every], "operator": "LessThan", "threshold": 1})
    requests(resource.id, NOON - 2 * DAY)
    evaluate_at(NOON)
    assert notified() == []
