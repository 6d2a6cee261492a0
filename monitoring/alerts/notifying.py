"""Sending what is due to receivers: attempts, pauses between them, and muting.

The times are those of monitoring contract 5.
"""

import hashlib
from collections.abc import Callable

from monitoring.alerts.models import (
    URL_KINDS,
    Alert,
    MutedEndpoint,
    Notification,
    NotificationState,
    Receiver,
    ReceiverKind,
)
from monitoring.alerts.receivers import Outcome, tell

SECOND = 1000
# The pauses after the first, second, … attempt.
PAUSES = (5 * SECOND, 20 * SECOND, 5 * SECOND, 40 * SECOND, 5 * SECOND)
MUTED_MS = 15 * 60 * SECOND
# Longer than an attempt takes: whoever dies in between leaves it to the next one.
LEASE_MS = 60 * SECOND
# Alertmanager forgets an alert that it is not told of again.
REPEAT_MS = 60 * SECOND
EMAILS_PER_HOUR = 100
_AT_ONCE = 20

Tell = Callable[[Receiver, Alert, str], Outcome]


def send_due(now_ms: int, tell: Tell = tell, clock: Callable[[], int] | None = None) -> int:
    """Makes an attempt for each notification that is due; returns how many."""
    due = list(
        Notification.objects.filter(state=NotificationState.PENDING, due_ms__lte=now_ms)
        .select_related("alert__rule", "receiver__group")
        .order_by("due_ms", "id")[:_AT_ONCE]
    )
    return sum(_attempt(notification, now_ms, tell, clock) for notification in due)


def _attempt(
    notification: Notification, now_ms: int, tell: Tell, clock: Callable[[], int] | None
) -> bool:
    mine = Notification.objects.filter(
        pk=notification.pk, state=NotificationState.PENDING, due_ms=notification.due_ms
    )
    attempts = notification.attempts + 1
    if not mine.update(due_ms=now_ms + LEASE_MS, attempts=attempts):
        return False
    receiver = notification.receiver
    refusal = _refusal(receiver, now_ms)
    if refusal:
        _finish(notification, NotificationState.MUTED, refusal, now_ms)
        return False
    outcome = tell(receiver, notification.alert, notification.condition)
    at_ms = clock() if clock else now_ms
    if outcome.is_success:
        _finish(notification, NotificationState.SENT, outcome.text, at_ms)
    elif outcome.is_passing and attempts <= len(PAUSES):
        Notification.objects.filter(pk=notification.pk).update(
            due_ms=at_ms + PAUSES[attempts - 1], outcome=outcome.text
        )
    else:
        _finish(notification, NotificationState.FAILED, outcome.text, at_ms)
        if outcome.is_passing and receiver.kind in URL_KINDS:
            mute(receiver.address, at_ms)
    return True


def _finish(notification: Notification, state: str, outcome: str, now_ms: int) -> None:
    Notification.objects.filter(pk=notification.pk).update(
        state=state, outcome=outcome, finished_ms=now_ms
    )


def _refusal(receiver: Receiver, now_ms: int) -> str:
    """Why nothing is sent there now, or nothing."""
    if receiver.kind in URL_KINDS and is_muted(receiver.address, now_ms):
        return "The endpoint gets nothing for 15 minutes, because it did not answer six times."
    if receiver.kind == ReceiverKind.EMAIL:
        sent = Notification.objects.filter(
            receiver__kind=ReceiverKind.EMAIL,
            receiver__address__iexact=receiver.address,
            state=NotificationState.SENT,
            finished_ms__gt=now_ms - 3_600_000,
        ).count()
        if sent >= EMAILS_PER_HOUR:
            return f"This address has got {EMAILS_PER_HOUR} e-mails within an hour already."
    return ""


def _digest(address: str) -> str:
    return hashlib.sha256(address.encode()).hexdigest()


def mute(address: str, now_ms: int) -> None:
    """Sends nothing there for a while."""
    MutedEndpoint.objects.update_or_create(
        digest=_digest(address), defaults={"until_ms": now_ms + MUTED_MS}
    )
    MutedEndpoint.objects.filter(until_ms__lt=now_ms).delete()


def is_muted(address: str, now_ms: int) -> bool:
    """Whether nothing is sent there now."""
    return MutedEndpoint.objects.filter(digest=_digest(address), until_ms__gt=now_ms).exists()


def repeat_to_alertmanagers(now_ms: int) -> int:
    """Tells Alertmanagers once more of what still fires; returns how many times."""
    return (
        Notification.objects.exclude(state=NotificationState.PENDING)
        .filter(
            condition="Fired",
            receiver__kind=ReceiverKind.ALERTMANAGER,
            receiver__is_enabled=True,
            finished_ms__lte=now_ms - REPEAT_MS,
            alert__resolved_ms=None,
            alert__is_stateful=True,
        )
        .update(state=NotificationState.PENDING, due_ms=now_ms, attempts=0)
    )
