"""Evaluations that fail, crash, run twice or come late."""

from typing import Any

import pytest

from identity.models import Resource
from monitoring.alerts import engine
from monitoring.alerts.models import Alert, AlertInstance, AlertRule
from monitoring.tests.samples import MINUTE, NOON, requests
from monitoring.tests.test_alert_engine import FIVE_XX, evaluate_at, make_rule, notified


def fail_while_notifying(monkeypatch: pytest.MonkeyPatch, failure: BaseException) -> None:
    """Fail once, after the alert was created and before its notifications are."""
    real, failures = engine._notify, iter([failure])

    def notify(*arguments: Any) -> None:
        for each in failures:
            raise each
        real(*arguments)

    monkeypatch.setattr(engine, "_notify", notify)


def test_a_failed_evaluation_is_repeated_for_its_window_and_notifies_once(
    resource: Resource, monkeypatch: pytest.MonkeyPatch
) -> None:
    rule = make_rule({"dimensions": [FIVE_XX]}, window_minutes=1, changed_ms=0)
    evaluate_at(NOON)
    requests(resource.id, NOON, status=500, times=6)
    fail_while_notifying(monkeypatch, RuntimeError("out of order"))
    evaluate_at(NOON + MINUTE)
    rule.refresh_from_db()
    assert "out of order" in rule.last_problem
    assert (rule.evaluated_ms, notified()) == (NOON, [])
    assert not Alert.objects.exists() and not AlertInstance.objects.filter(is_firing=True).exists()
    # By now the next window, which has no requests, has ended, too.
    evaluate_at(NOON + 2 * MINUTE)
    assert notified() == [("Fired", 2)]
    assert Alert.objects.get().window_end_ms == NOON + MINUTE
    rule.refresh_from_db()
    assert (rule.evaluated_ms, rule.last_problem) == (NOON + 2 * MINUTE, "")


def test_an_evaluation_that_a_crash_interrupts_is_repeated_and_notifies_once(
    resource: Resource, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_rule({"dimensions": [FIVE_XX]}, window_minutes=1, changed_ms=0)
    evaluate_at(NOON)
    requests(resource.id, NOON, status=500, times=6)
    fail_while_notifying(monkeypatch, SystemExit())
    with pytest.raises(SystemExit):
        evaluate_at(NOON + MINUTE)
    assert notified() == []
    # Another process takes over, when the next window has ended, too.
    evaluate_at(NOON + 2 * MINUTE)
    evaluate_at(NOON + 2 * MINUTE + 5_000)
    assert notified() == [("Fired", 2)]
    assert Alert.objects.get().window_end_ms == NOON + MINUTE


def test_a_broken_rule_blocks_no_other_and_is_retried_once_a_minute(
    resource: Resource, caplog: pytest.LogCaptureFixture
) -> None:
    broken = make_rule({"metric": "Nothing"}, window_minutes=1, changed_ms=0)
    make_rule({"dimensions": [FIVE_XX]}, name="later", window_minutes=1, changed_ms=0)
    requests(resource.id, NOON, status=500, times=6)
    for second in range(0, 60, 5):
        evaluate_at(NOON + MINUTE + second * 1000)
    assert [alert.rule_name for alert in Alert.objects.all()] == ["later"]
    failed = [each for each in caplog.messages if "Alert rule evaluation failed" in each]
    assert len(failed) == 1 and "rule='r'" in failed[0]
    evaluate_at(NOON + 2 * MINUTE)
    assert len([each for each in caplog.messages if "Alert rule evaluation failed" in each]) == 2
    # A corrected rule need not wait.
    broken.conditions.update(metric="APIRequestChat")
    engine.end_alerts(broken, NOON + 2 * MINUTE, "The rule was changed.")
    evaluate_at(NOON + 2 * MINUTE + 5_000)
    broken.refresh_from_db()
    assert (broken.evaluated_ms, broken.last_problem) == (NOON + 2 * MINUTE, "")


def test_two_processes_that_evaluate_the_same_window_notify_once(resource: Resource) -> None:
    pk = make_rule({"dimensions": [FIVE_XX]}, window_minutes=1, changed_ms=0).pk
    requests(resource.id, NOON, status=500, times=6)
    one, other = AlertRule.objects.get(pk=pk), AlertRule.objects.get(pk=pk)
    assert engine.evaluate_rule(one, NOON + MINUTE, NOON + MINUTE)
    assert not engine.evaluate_rule(other, NOON + MINUTE, NOON + MINUTE)
    assert notified() == [("Fired", 1)]


def stateless_rule() -> AlertRule:
    return make_rule({"dimensions": [FIVE_XX]}, window_minutes=1, auto_mitigate=False, changed_ms=0)


def minutes_fired() -> list[int]:
    """The ends of the windows for which alerts fired, in minutes after noon."""
    ends = Alert.objects.order_by("window_end_ms").values_list("window_end_ms", flat=True)
    return [(end_ms - NOON) // MINUTE for end_ms in ends]


def test_windows_missed_because_of_failures_are_evaluated_for_ten_minutes(
    resource: Resource,
) -> None:
    rule = stateless_rule()
    evaluate_at(NOON)
    rule.conditions.update(metric="Nothing")
    for minute in range(1, 15):
        evaluate_at(NOON + minute * MINUTE)
    for minute in (1, 5, 9, 14):
        requests(resource.id, NOON + minute * MINUTE, status=500, times=6)
    rule.conditions.update(metric="APIRequestChat")
    evaluate_at(NOON + 15 * MINUTE)
    assert minutes_fired() == [6, 10, 15]


def test_of_windows_missed_without_a_worker_only_the_first_is_evaluated(
    resource: Resource,
) -> None:
    stateless_rule()
    evaluate_at(NOON)
    for minute in (0, 3, 8):
        requests(resource.id, NOON + minute * MINUTE, status=500, times=6)
    evaluate_at(NOON + 9 * MINUTE)
    assert minutes_fired() == [1, 9]
    requests(resource.id, NOON + 9 * MINUTE, status=500, times=6)
    evaluate_at(NOON + 30 * MINUTE)
    assert minutes_fired() == [1, 9]


def test_windows_from_before_a_change_of_the_rule_are_not_evaluated_late(
    resource: Resource,
) -> None:
    rule = make_rule({"dimensions": [FIVE_XX]}, window_minutes=1, changed_ms=0)
    evaluate_at(NOON)
    requests(resource.id, NOON + MINUTE, status=500, times=6)
    engine.end_alerts(rule, NOON + 3 * MINUTE, "The rule was enabled.")
    evaluate_at(NOON + 5 * MINUTE)
    assert notified() == []
