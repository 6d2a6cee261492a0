"""What operators do with alerts and groups."""

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
from monitoring.alerts.receivers import Outcome, tell_all
from monitoring.catalogue import AZURE
from monitoring.models import MINUTE_MS

TEST_RULE = "Test of an action group"


def acknowledge(alert: Alert, user: Any, text: str, now_ms: int) -> None:
    """Notes who has seen the alert, the first one counts, and what they say about it."""
    with transaction.atomic():
        Alert.objects.filter(pk=alert.pk, acknowledged_ms=None).update(
            acknowledged_by=user, acknowledged_ms=now_ms
        )
        if text.strip():
            AlertNote.objects.create(alert=alert, author=user, text=text, written_ms=now_ms)


def replace_receivers(group: ActionGroup, receivers: Sequence[Receiver]) -> None:
    """Gives a group these e-mail and webhook receivers; those of our own kinds stay as they are.

    A receiver whose name and kind stay is changed, not replaced: alerts remember who was told.
    """
    kinds = (ReceiverKind.EMAIL, ReceiverKind.WEBHOOK)
    with transaction.atomic():
        left = {(each.kind, each.name): each for each in group.receivers.filter(kind__in=kinds)}
        for receiver in receivers:
            stays = left.pop((receiver.kind, receiver.name), None)
            if stays is None:
                receiver.group = group
                receiver.save()
            elif stays.address != receiver.address:
                Receiver.objects.filter(pk=stays.pk).update(address=receiver.address)
        Receiver.objects.filter(pk__in=[each.pk for each in left.values()]).delete()


def send_test_alert(group: ActionGroup, now_ms: int) -> list[tuple[Receiver, Outcome]]:
    """Sends a made-up alert to every receiver, once and at once; nothing of it is stored."""
    alert, receivers = sample_alert(now_ms), list(group.receivers.select_related("group"))
    outcomes = tell_all([(each, alert, FIRED) for each in receivers])
    return list(zip(receivers, outcomes, strict=True))


def sample_alert(now_ms: int) -> Alert:
    """An alert that nobody has to worry about."""
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
