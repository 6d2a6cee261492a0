"""The preview fires when the engine fires."""

import time
from typing import Any

import pytest

from identity.models import Resource
from monitoring import store
from monitoring.alerts.models import Alert, AlertCondition, AlertRule
from monitoring.alerts.preview import RangeExtremes, preview
from monitoring.collector import Collector
from monitoring.tests.samples import DAY, HOUR, MINUTE, NOON, requests
from monitoring.tests.test_alert_engine import FIVE_XX, evaluate_at, make_rule


def test_the_preview_matches_what_the_engine_did(resource: Resource) -> None:
    rule = make_rule({"dimensions": [FIVE_XX]}, window_minutes=1)
    for minute in (1, 2, 9, 10, 30):
        requests(resource.id, NOON + minute * MINUTE, status=500, times=6)
    for minute in range(60):
        evaluate_at(NOON + minute * MINUTE)
    real = [
        (alert.window_end_ms, alert.resolved_ms) for alert in Alert.objects.order_by("fired_ms")
    ]
    shown = preview(rule, list(rule.conditions.all()), NOON + HOUR)
    fired_and_resolved = [
        (each["firedMs"], each["resolvedMs"]) for each in reversed(shown["fired"])
    ]
    assert shown["count"] == 3
    assert [fired for fired, _ in fired_and_resolved] == [fired for fired, _ in real]
    assert [resolved // MINUTE for _, resolved in fired_and_resolved] == [
        (resolved or 0) // MINUTE for _, resolved in real
    ]


def test_every_aggregation_and_combination_has_a_line(resource: Resource) -> None:
    for hour in range(48):
        requests(resource.id, NOON - hour * HOUR, "SendChatMessage", milliseconds=10 + hour)
        requests(resource.id, NOON - hour * HOUR, "GetChatThread", milliseconds=2)
    every = {"name": "Operation", "operator": "Include", "values": ["*"]}
    for aggregation in ("Average", "Minimum", "Maximum", "P95", "Count"):
        condition = AlertCondition(
            metric="ChatRequestDuration",
            aggregation=aggregation,
            operator="GreaterThan",
            threshold=30,
            dimensions=[every],
        )
        shown = preview(AlertRule(name="r", window_minutes=60), [condition], NOON + HOUR)
        labels = {each["label"] for each in shown["chart"]["series"]}
        assert labels == {"SendChatMessage", "GetChatThread", "threshold"}
        assert shown["combinations"] == 2


def test_a_preview_of_a_busy_week_is_fast_enough_to_follow_typing(resource: Resource) -> None:
    for minute in range(0, 7 * 24 * 60, 10):
        requests(resource.id, NOON - minute * MINUTE, times=minute % 50 + 1)
    condition = AlertCondition(metric="APIRequestChat", operator="GreaterThan", threshold=45)
    started = time.process_time()
    shown = preview(AlertRule(name="r", window_minutes=15), [condition], NOON)
    assert shown["count"] > 10
    assert time.process_time() - started < 2


def test_the_longest_window_over_many_values_is_fast_enough(resource: Resource) -> None:
    """48 combinations, evaluated every minute: the busiest are previewed."""
    counted = Collector()
    for minute in range(0, 7 * 24 * 60, 60):
        for number in range(48):
            dimensions = (
                ("Operation", f"Operation{number:02}"),
                ("StatusCode", "200"),
                ("StatusCodeClass", "2xx"),
            )
            key = ("APIRequestChat", resource.id, dimensions)
            at_ms = NOON - minute * MINUTE
            counted.record(key, at_ms, 5.0, times=number + 1, is_duration=True)
    store.add(counted.take()[0])
    every = {"name": "Operation", "operator": "Include", "values": ["*"]}
    condition = AlertCondition(
        metric="ChatRequestDuration",
        aggregation="Maximum",
        operator="GreaterThan",
        threshold=1,
        dimensions=[every],
    )
    started = time.process_time()
    shown = preview(AlertRule(name="r", window_minutes=24 * 60), [condition], NOON)
    assert time.process_time() - started < 3
    assert (shown["combinations"], shown["looked"]) == (48, 5)
    labels = [each["label"] for each in shown["chart"]["series"]]
    assert labels[:2] == ["Operation47", "Operation46"]


@pytest.mark.parametrize("choose", [min, max])
def test_extremes_of_every_range(choose: Any) -> None:
    values = [5.0, 3.0, 8.0, 1.0, 9.0, 2.0, 7.0]
    extremes = RangeExtremes(values, choose)
    for first in range(len(values)):
        for last in range(first + 1, len(values) + 1):
            assert extremes.of(first, last) == choose(values[first:last])


def test_a_dynamic_preview_has_a_threshold_that_moves(resource: Resource) -> None:
    for hour in range(17 * 24):
        quiet = 8 < hour % 24 < 16
        requests(resource.id, NOON - hour * HOUR, times=10 if quiet else 100 + hour % 7)
    requests(resource.id, NOON - DAY, times=3000)
    condition = AlertCondition(
        metric="APIRequestChat",
        kind="dynamic",
        operator="GreaterThan",
        evaluation_periods=1,
        failing_periods=1,
    )
    rule = AlertRule(name="r", window_minutes=60, frequency_minutes=60)
    shown = preview(rule, [condition], NOON + HOUR)
    (limits,) = [each["v"] for each in shown["chart"]["series"] if each["label"] == "threshold"]
    assert len({value for value in limits if value is not None}) > 2
    assert any(each["firedMs"] == NOON - DAY + HOUR for each in shown["fired"])


def test_letter_case_of_listed_values_is_ignored(resource: Resource) -> None:
    requests(resource.id, NOON - HOUR, status=500, times=6)
    named = {"name": "StatusCodeClass", "operator": "Include", "values": ["5XX"]}
    rule = make_rule({"dimensions": [named]}, window_minutes=1)
    evaluate_at(NOON - HOUR + MINUTE)
    assert Alert.objects.count() == 1
    assert preview(rule, list(rule.conditions.all()), NOON)["count"] == 1
