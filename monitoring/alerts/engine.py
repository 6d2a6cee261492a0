"""Evaluates alert rules when they are due, and fires and resolves their alerts."""

import logging
from collections.abc import Iterable, Sequence

from django.db import transaction
from django.db.models import QuerySet

from monitoring.alerts import state_machine
from monitoring.alerts.evaluation import Finding, evaluate, filters_of
from monitoring.alerts.models import (
    Alert,
    AlertCondition,
    AlertInstance,
    AlertRule,
    ConditionKind,
    Notification,
    Receiver,
)
from monitoring.alerts.payloads import FIRED, RESOLVED
from monitoring.alerts.state_machine import AlertState
from monitoring.models import MINUTE_MS
from monitoring.queries import DimensionValues
from monitoring.store import dimensions_text

logger = logging.getLogger(__name__)

# Processes store their counts with a delay; a window is complete this long after its end.
LAG_MS = 8_000
# A rule whose evaluation failed is not tried again before this time has passed.
RETRY_MS = MINUTE_MS
# How much later than the latest window a missed one is still evaluated.
CATCH_UP_MS = 10 * MINUTE_MS

# When a failed rule may be tried again, by primary key and time of its last change, so that a
# corrected rule is tried at once. In memory only: another process retries a little earlier.
_retry_at_ms: dict[tuple[int, int], int] = {}


def evaluate_due_rules(now_ms: int) -> int:
    """Evaluates every enabled rule that is due; returns how many were tried."""
    tried = 0
    rules = AlertRule.objects.filter(is_enabled=True).prefetch_related("conditions")
    for rule in rules:
        ends = due_windows(rule, now_ms)
        if ends and now_ms >= _retry_at_ms.get(_retry_key(rule), 0):
            tried += 1
            _evaluate_windows(rule, ends, now_ms)
    return tried


def due_windows(rule: AlertRule, now_ms: int) -> list[int]:
    """The ends of the complete windows to evaluate, oldest first.

    That is the latest window and, within CATCH_UP_MS, the first one that has not been evaluated,
    which a crash may have interrupted. After a failed evaluation it is every missed window.
    """
    step_ms = rule.frequency_minutes * MINUTE_MS
    latest_ms = (now_ms - LAG_MS) // step_ms * step_ms
    if rule.evaluated_ms is None:
        return [latest_ms]
    if latest_ms <= rule.evaluated_ms:
        return []
    first_ms = _next_window(rule.evaluated_ms, step_ms)
    oldest_ms = _next_window(max(latest_ms - CATCH_UP_MS, rule.changed_ms), step_ms)
    if _retry_key(rule) in _retry_at_ms:
        return [*range(max(first_ms, oldest_ms), latest_ms, step_ms), latest_ms]
    return [first_ms, latest_ms] if oldest_ms <= first_ms < latest_ms else [latest_ms]


def _next_window(after_ms: int, step_ms: int) -> int:
    return after_ms // step_ms * step_ms + step_ms


def _retry_key(rule: AlertRule) -> tuple[int, int]:
    return rule.pk, rule.changed_ms


def _evaluate_windows(rule: AlertRule, ends: Sequence[int], now_ms: int) -> None:
    """Evaluates windows in order. A failure leaves its window and later ones for a retry."""
    problem = ""
    for end_ms in ends:
        try:
            if not evaluate_rule(rule, end_ms, now_ms):
                return
        except Exception as error:
            logger.exception(
                "Alert rule evaluation failed rule=%r window_end_ms=%s", rule.name, end_ms
            )
            problem = repr(error)[:500]
            _retry_at_ms[_retry_key(rule)] = now_ms + RETRY_MS
            break
    if not problem:
        _retry_at_ms.pop(_retry_key(rule), None)
    if problem != rule.last_problem:
        AlertRule.objects.filter(pk=rule.pk).update(last_problem=problem)


def evaluate_rule(rule: AlertRule, end_ms: int, now_ms: int) -> bool:
    """Evaluates the window that ends at `end_ms`.

    Alerts, notifications and `evaluated_ms` are written in one transaction, so that a failed or
    interrupted evaluation leaves no trace and can be repeated. Returns False, without effect, if
    another process has evaluated the rule, or the rule was changed meanwhile.
    """
    conditions = list(rule.conditions.all())
    by_instance = (
        findings_by_instance(rule, conditions, end_ms, rule.instances.all()) if conditions else []
    )
    with transaction.atomic():
        if not _claim(rule, end_ms):
            return False
        instances = {each.dimensions_text: each for each in rule.instances.all()}
        for findings in by_instance:
            instance = _instance_for(rule, findings, instances)
            _apply(rule, instance, findings, end_ms, now_ms)
    rule.evaluated_ms = end_ms
    return True


def _claim(rule: AlertRule, end_ms: int) -> bool:
    """Moves the rule to this window, unless the rule is not as it was read."""
    unchanged = AlertRule.objects.filter(pk=rule.pk, is_enabled=True, changed_ms=rule.changed_ms)
    if rule.evaluated_ms is None:
        unchanged = unchanged.filter(evaluated_ms__isnull=True)
    else:
        unchanged = unchanged.filter(evaluated_ms=rule.evaluated_ms)
    return bool(unchanged.update(evaluated_ms=end_ms))


def _instance_for(
    rule: AlertRule, findings: Sequence[Finding], instances: dict[str, AlertInstance]
) -> AlertInstance:
    dimensions: dict[str, str] = {}
    for each in findings:
        dimensions |= each.dimensions
    text = dimensions_text(dimensions)
    return instances.get(text) or AlertInstance(
        rule=rule, dimensions=dimensions, dimensions_text=text
    )


def findings_by_instance(
    rule: AlertRule,
    conditions: Sequence[AlertCondition],
    end_ms: int,
    instances: Iterable[AlertInstance] = (),
) -> list[list[Finding]]:
    """The findings of all conditions, grouped by combination of dimension values."""
    if len(conditions) > 1:
        # With several conditions each dimension has one value, so there is one combination.
        together = [
            next(iter(evaluate(rule, condition, end_ms).values())) for condition in conditions
        ]
        return [together]
    condition = conditions[0]
    names = [each.name for each in filters_of(condition)]
    firing: list[DimensionValues] = [
        tuple(each.dimensions.get(name, "") for name in names)
        for each in instances
        if each.is_firing and set(each.dimensions) == set(names)
    ]
    return [[each] for each in evaluate(rule, condition, end_ms, firing).values()]


def verdict(
    conditions: Sequence[AlertCondition], state: AlertState, findings: Sequence[Finding]
) -> tuple[AlertState, bool | None]:
    """Whether all conditions are met; for a dynamic one, over its last evaluations."""
    is_met = state_machine.all_met(each.is_met for each in findings)
    condition = conditions[0]
    if condition.kind == ConditionKind.STATIC:
        return state, is_met
    return state_machine.with_verdict(
        state,
        is_met,
        periods=condition.evaluation_periods,
        failing=condition.failing_periods,
    )


def _apply(
    rule: AlertRule,
    instance: AlertInstance,
    findings: Sequence[Finding],
    end_ms: int,
    now_ms: int,
) -> None:
    """Fires or resolves the instance's alert and saves its new state."""
    state = AlertState(instance.is_firing, instance.clean_evaluations, tuple(instance.recent))
    state, is_met = verdict(list(rule.conditions.all()), state, findings)
    state, change = state_machine.advance(state, is_met, auto_mitigate=rule.auto_mitigate)
    if change == "fired":
        instance.alert = fire(rule, instance.dimensions, findings, end_ms, now_ms)
    elif change == "resolved" and instance.alert is not None:
        resolve(instance.alert, now_ms)
    instance.is_firing, instance.clean_evaluations = state.is_firing, state.healthy
    instance.recent, instance.evaluated_ms = list(state.recent), end_ms
    if not instance.is_firing:
        instance.alert = None
    instance.save()


def fire(
    rule: AlertRule,
    dimensions: dict[str, str],
    findings: Sequence[Finding],
    end_ms: int,
    now_ms: int,
) -> Alert:
    """Creates an alert, and a notification for each receiver of the rule."""
    alert = Alert.objects.create(
        rule=rule,
        resource_id=rule.resource_id,
        rule_name=rule.name,
        severity=rule.severity,
        dimensions=dimensions,
        found=[each.as_stored() for each in findings],
        window_start_ms=end_ms - rule.window_minutes * MINUTE_MS,
        window_end_ms=end_ms,
        fired_ms=now_ms,
        is_stateful=rule.auto_mitigate,
    )
    _notify(alert, FIRED, _receivers_of(rule), now_ms)
    return alert


def resolve(alert: Alert, now_ms: int, *, reason: str = "") -> None:
    """Resolves an alert and notifies every receiver that was notified when it fired."""
    unresolved = Alert.objects.filter(pk=alert.pk, resolved_ms=None)
    if not unresolved.update(resolved_ms=now_ms, resolution=reason):
        return
    # The rule's groups may have changed since; receivers of the first notification need this one.
    notified = alert.notifications.filter(condition=FIRED).values("receiver")
    receivers = Receiver.objects.filter(pk__in=notified, is_enabled=True, group__is_enabled=True)
    _notify(alert, RESOLVED, receivers, now_ms)


def _receivers_of(rule: AlertRule) -> "QuerySet[Receiver]":
    return Receiver.objects.filter(
        group__rules=rule, group__is_enabled=True, is_enabled=True
    ).distinct()


def _notify(alert: Alert, condition: str, receivers: Iterable[Receiver], now_ms: int) -> None:
    Notification.objects.bulk_create(
        Notification(
            alert=alert,
            receiver=receiver,
            receiver_text=receiver.described,
            condition=condition,
            created_ms=now_ms,
            due_ms=now_ms,
        )
        for receiver in receivers
    )


def end_alerts(rule: AlertRule, now_ms: int, reason: str) -> int:
    """Resolves the open alerts of a rule that was changed, disabled or deleted."""
    with transaction.atomic():
        open_alerts = list(
            Alert.objects.select_related("rule").filter(
                rule=rule, resolved_ms=None, is_stateful=True
            )
        )
        for alert in open_alerts:
            resolve(alert, now_ms, reason=reason)
        rule.instances.all().delete()
        AlertRule.objects.filter(pk=rule.pk).update(changed_ms=now_ms)
    return len(open_alerts)
