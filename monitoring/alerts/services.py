"""What operators do with alerts and groups."""

import uuid
from typing import Any

from django.db import transaction

from monitoring.alerts.models import ActionGroup, Alert, AlertNote, AlertRule, Receiver
from monitoring.alerts.receivers import Outcome, tell
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


def try_out(group: ActionGroup, now_ms: int) -> list[tuple[Receiver, Outcome]]:
    """Sends a made-up alert to every receiver, once and at once; nothing of it is stored."""
    alert = made_up_alert(now_ms)
    return [(each, tell(each, alert, "Fired")) for each in group.receivers.all()]


def made_up_alert(now_ms: int) -> Alert:
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
