"""Changes that operators make to alerts and action groups."""

import uuid
from collections.abc import Sequence
from typing import Any

from django.db import transaction

from monitoring.alerts.models import (
    ActionGroup,
    Alert,
    AlertNote,
    AlertRule,
    Receiver,
    ReceiverKind,
)
from monitoring.alerts.payloads import FIRED
from monitoring.alerts.receivers import Outcome, send_all
from monitoring.catalogue import AZURE
from monitoring.models import MINUTE_MS

TEST_RULE = "Test of an action group"


def acknowledge(alert: Alert, user: Any, text: str, now_ms: int) -> None:
    """Acknowledges an alert, unless it already is acknowledged, and stores the note, if any."""
    with transaction.atomic():
        Alert.objects.filter(pk=alert.pk, acknowledged_ms=None).update(
            acknowledged_by=user, acknowledged_ms=now_ms
        )
        if text.strip():
            AlertNote.objects.create(alert=alert, author=user, text=text, written_ms=now_ms)


def replace_receivers(group: ActionGroup, receivers: Sequence[Receiver]) -> None:
    """Replaces a group's e-mail and webhook receivers; receivers of other kinds stay.

    A receiver with an existing kind and name is updated, so that past notifications still refer
    to it.
    """
    kinds = (ReceiverKind.EMAIL, ReceiverKind.WEBHOOK)
    with transaction.atomic():
        unused = {(each.kind, each.name): each for each in group.receivers.filter(kind__in=kinds)}
        for receiver in receivers:
            existing = unused.pop((receiver.kind, receiver.name), None)
            if existing is None:
                receiver.group = group
                receiver.save()
            elif existing.address != receiver.address:
                Receiver.objects.filter(pk=existing.pk).update(address=receiver.address)
        Receiver.objects.filter(pk__in=[each.pk for each in unused.values()]).delete()


def send_test_alert(group: ActionGroup, now_ms: int) -> list[tuple[Receiver, Outcome]]:
    """Sends a sample alert to every receiver, without retries; stores nothing."""
    alert, receivers = sample_alert(now_ms), list(group.receivers.select_related("group"))
    outcomes = send_all([(each, alert, FIRED) for each in receivers])
    return list(zip(receivers, outcomes, strict=True))


def sample_alert(now_ms: int) -> Alert:
    """An unsaved alert for tests of action groups."""
    end_ms = now_ms - now_ms % MINUTE_MS
    return Alert(
        id=uuid.uuid4(),
        rule=AlertRule(name=TEST_RULE, description="This is a test. Nothing is wrong."),
        rule_name=TEST_RULE,
        severity=4,
        dimensions={"StatusCodeClass": "5xx"},
        found=[
            {
                "metric": "APIRequestChat",
                "namespace": AZURE,
                "unit": "Count",
                "aggregation": "Count",
                "operator": "GreaterThan",
                "dimensions": {"StatusCodeClass": "5xx"},
                "value": 17.0,
                "threshold": 5.0,
            }
        ],
        window_start_ms=end_ms - 5 * MINUTE_MS,
        window_end_ms=end_ms,
        fired_ms=now_ms,
    )
