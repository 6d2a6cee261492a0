"""Sends due notifications to receivers: attempts, pauses between them, and muting.

The times are those of monitoring contract 5.
"""

import hashlib
from collections.abc import Callable, Sequence

from django.db.models import Exists, OuterRef, QuerySet

from background.claims import claim_due
from monitoring.alerts.models import (
    URL_KINDS,
    MutedEndpoint,
    Notification,
    NotificationState,
    Receiver,
    ReceiverKind,
)
from monitoring.alerts.payloads import FIRED, RESOLVED
from monitoring.alerts.receivers import Message, Outcome, send_all

SECOND = 1000
# The pauses after the first, second, … attempt.
PAUSES = (5 * SECOND, 20 * SECOND, 5 * SECOND, 40 * SECOND, 5 * SECOND)
MUTED_MS = 15 * 60 * SECOND
# Longer than an attempt takes; if the process dies, another one makes the next attempt.
LEASE_MS = 60 * SECOND
# Alertmanager resolves an alert that is not repeated.
REPEAT_MS = 60 * SECOND
EMAILS_PER_HOUR = 100
_AT_ONCE = 20

Send = Callable[[Sequence[Message]], list[Outcome]]


def send_due(now_ms: int, send: Send = send_all, clock: Callable[[], int] | None = None) -> int:
    """Makes an attempt for each notification that is due; returns how many."""
    claimed = claim_due(_due(now_ms), now_ms + LEASE_MS, most=_AT_ONCE)
    mine = [notification for notification in claimed if _may_send(notification, now_ms)]
    outcomes = send([(_receiver(each), each.alert, each.condition) for each in mine])
    at_ms = clock() if clock else now_ms
    for notification, outcome in zip(mine, outcomes, strict=True):
        _record(notification, outcome, at_ms)
    return len(mine)


def _due(now_ms: int) -> "QuerySet[Notification]":
    """Due notifications. `Resolved` waits until the receiver has been sent `Fired`."""
    earlier = Notification.objects.filter(
        alert=OuterRef("alert"),
        receiver=OuterRef("receiver"),
        condition=FIRED,
        state=NotificationState.PENDING,
    )
    return (
        Notification.objects.filter(state=NotificationState.PENDING, due_ms__lte=now_ms)
        .exclude(Exists(earlier), condition=RESOLVED)
        .select_related("alert__rule", "receiver__group")
        .order_by("due_ms", "id")
    )


def _may_send(notification: Notification, now_ms: int) -> bool:
    """Whether the attempt is to be made; if not, the notification is finished."""
    if notification.receiver is None:
        _finish(notification, NotificationState.FAILED, "The receiver was deleted.", now_ms)
        return False
    refusal = _refusal(notification.receiver, now_ms)
    if refusal:
        _finish(notification, NotificationState.MUTED, refusal, now_ms)
    return not refusal


def _receiver(notification: Notification) -> Receiver:
    assert notification.receiver is not None
    return notification.receiver


def _record(notification: Notification, outcome: Outcome, at_ms: int) -> None:
    """Records an attempt: it succeeded, is repeated, or the notification is given up."""
    receiver = _receiver(notification)
    if outcome.is_success:
        _finish(notification, NotificationState.SENT, outcome.text, at_ms)
    elif outcome.is_retryable and notification.attempts <= len(PAUSES):
        Notification.objects.filter(pk=notification.pk).update(
            due_ms=at_ms + PAUSES[notification.attempts - 1], outcome=outcome.text
        )
    else:
        _finish(notification, NotificationState.FAILED, outcome.text, at_ms)
        if outcome.is_retryable and receiver.kind in URL_KINDS:
            mute(receiver.address, at_ms)


def _finish(notification: Notification, state: str, outcome: str, now_ms: int) -> None:
    Notification.objects.filter(pk=notification.pk).update(
        state=state, outcome=outcome, finished_ms=now_ms
    )


def _refusal(receiver: Receiver, now_ms: int) -> str:
    """Why nothing is sent to the receiver now; empty if it may be sent."""
    if receiver.kind in URL_KINDS and is_muted(receiver.address, now_ms):
        return "The endpoint is muted for 15 minutes because six attempts failed."
    if receiver.kind == ReceiverKind.EMAIL:
        sent = Notification.objects.filter(
            receiver__kind=ReceiverKind.EMAIL,
            receiver__address__iexact=receiver.address,
            state=NotificationState.SENT,
            finished_ms__gt=now_ms - 3_600_000,
        ).count()
        if sent >= EMAILS_PER_HOUR:
            return f"The limit of {EMAILS_PER_HOUR} e-mails per hour to this address is reached."
    return ""


def _digest(address: str) -> str:
    return hashlib.sha256(address.encode()).hexdigest()


def mute(address: str, now_ms: int) -> None:
    """Stops notifications to the address for `MUTED_MS`."""
    MutedEndpoint.objects.update_or_create(
        digest=_digest(address), defaults={"until_ms": now_ms + MUTED_MS}
    )
    MutedEndpoint.objects.filter(until_ms__lt=now_ms).delete()


def is_muted(address: str, now_ms: int) -> bool:
    """Whether notifications to the address are stopped."""
    return MutedEndpoint.objects.filter(digest=_digest(address), until_ms__gt=now_ms).exists()


def repeat_to_alertmanagers(now_ms: int) -> int:
    """Repeats notifications of firing alerts to Alertmanagers; returns how many."""
    return (
        Notification.objects.exclude(state=NotificationState.PENDING)
        .filter(
            condition=FIRED,
            receiver__kind=ReceiverKind.ALERTMANAGER,
            receiver__is_enabled=True,
            receiver__group__is_enabled=True,
            finished_ms__lte=now_ms - REPEAT_MS,
            alert__resolved_ms=None,
            alert__is_stateful=True,
        )
        .update(state=NotificationState.PENDING, due_ms=now_ms, attempts=0)
    )
