"""Looking at every rule when it is due, and noting what changed."""

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

# Processes store what they count a little later: a window is looked at when it is complete.
LAG_MS = 8_000


def evaluate_due_rules(now_ms: int) -> int:
    """Looks at every rule that is due; returns how many there were."""
    complete_ms = now_ms - LAG_MS
    done = 0
    rules = AlertRule.objects.filter(is_enabled=True).prefetch_related("conditions")
    for rule in rules:
        step_ms = rule.frequency_minutes * MINUTE_MS
        end_ms = complete_ms - complete_ms % step_ms
        if rule.evaluated_ms is not None and end_ms <= rule.evaluated_ms:
            continue
        mine = AlertRule.objects.filter(pk=rule.pk, evaluated_ms=rule.evaluated_ms)
        if rule.evaluated_ms is None:
            mine = AlertRule.objects.filter(pk=rule.pk, evaluated_ms__isnull=True)
        if not mine.update(evaluated_ms=end_ms):
            continue
        done += 1
        _evaluate_safely(rule, end_ms, now_ms)
    return done


def _evaluate_safely(rule: AlertRule, end_ms: int, now_ms: int) -> None:
    problem = ""
    try:
        evaluate_rule(rule, end_ms, now_ms)
    except Exception as found:
        logger.exception("The alert rule %s could not be evaluated", rule.name)
        problem = repr(found)[:500]
    if problem != rule.last_problem:
        AlertRule.objects.filter(pk=rule.pk).update(last_problem=problem)


def evaluate_rule(rule: AlertRule, end_ms: int, now_ms: int) -> None:
    """Looks at the window that ends at `end_ms`, one instance after the other."""
    conditions = list(rule.conditions.all())
    if not conditions:
        return
    instances = {each.dimensions_text: each for each in rule.instances.all()}
    for findings in findings_by_instance(rule, conditions, end_ms, instances.values()):
        dimensions: dict[str, str] = {}
        for each in findings:
            dimensions |= each.dimensions
        text = dimensions_text(dimensions)
        instance = instances.get(text) or AlertInstance(
            rule=rule, dimensions=dimensions, dimensions_text=text
        )
        _step(rule, instance, findings, end_ms, now_ms)


def findings_by_instance(
    rule: AlertRule,
    conditions: Sequence[AlertCondition],
    end_ms: int,
    instances: Iterable[AlertInstance] = (),
) -> list[list[Finding]]:
    """What the conditions find together, for each combination of dimension values."""
    if len(conditions) > 1:
        # Several conditions name one value for each dimension: there is one combination.
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
    """Whether all conditions are met; a dynamic one judges by its last evaluations."""
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


def _step(
    rule: AlertRule,
    instance: AlertInstance,
    findings: Sequence[Finding],
    end_ms: int,
    now_ms: int,
) -> None:
    state = AlertState(instance.is_firing, instance.clean_evaluations, tuple(instance.recent))
    state, is_met = verdict(list(rule.conditions.all()), state, findings)
    state, change = state_machine.advance(state, is_met, auto_mitigate=rule.auto_mitigate)
    with transaction.atomic():
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
    """A new alert, and a notification for each receiver of the rule."""
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
    """Ends an alert and tells whoever was told that it began."""
    open_ones = Alert.objects.filter(pk=alert.pk, resolved_ms=None)
    if not open_ones.update(resolved_ms=now_ms, resolution=reason):
        return
    # Also those whom the rule would not tell any more: they believe that it goes on.
    told = alert.notifications.filter(condition=FIRED).values("receiver")
    receivers = Receiver.objects.filter(pk__in=told, is_enabled=True, group__is_enabled=True)
    _notify(alert, RESOLVED, receivers, now_ms)


def _receivers_of(rule: AlertRule) -> "QuerySet[Receiver]":
    return Receiver.objects.filter(
        group__rules=rule, group__is_enabled=True, is_enabled=True
    ).distinct()


def _notify(alert: Alert, condition: str, receivers: Iterable[Receiver], now_ms: int) -> None:
    """Plans a notification for each receiver."""
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
    """Resolves what a rule has open, because it was changed, disabled or deleted."""
    with transaction.atomic():
        open_ones = list(
            Alert.objects.select_related("rule").filter(
                rule=rule, resolved_ms=None, is_stateful=True
            )
        )
        for alert in open_ones:
            resolve(alert, now_ms, reason=reason)
        rule.instances.all().delete()
        AlertRule.objects.filter(pk=rule.pk).update(changed_ms=now_ms)
    return len(open_ones)
