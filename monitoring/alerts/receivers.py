"""Telling one receiver about one alert, and what came of it."""

import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage

from events.webhooks.client import Client, RequestFailed
from monitoring.alerts import payloads
from monitoring.alerts.models import Alert, Receiver, ReceiverKind

logger = logging.getLogger("monitoring.alerts")

SECONDS = 10.0
MOST_BYTES = 256 * 1024
# These may go away by themselves; another attempt makes sense.
RETRIED = (408, 429, 503, 504)
client = Client()


@dataclass(frozen=True)
class Outcome:
    """How an attempt went, in words for the operator."""

    is_success: bool
    text: str
    # Whether another attempt makes sense.
    is_passing: bool = False


def tell(receiver: Receiver, alert: Alert, condition: str) -> Outcome:
    """Makes one attempt; whatever goes wrong becomes part of the outcome."""
    try:
        return _WAYS[ReceiverKind(receiver.kind)](receiver, alert, condition)
    except Exception as problem:
        logger.exception("Receiver %s failed", receiver.pk)
        return Outcome(False, f"It failed: {type(problem).__name__}; the log says more.", True)


def _by_email(receiver: Receiver, alert: Alert, condition: str) -> Outcome:
    if not settings.CHATSITE_EMAIL_URL and not _has_own_backend():
        return Outcome(False, "No e-mail can be sent: CHATSITE_EMAIL_URL is not set.")
    message = EmailMessage(
        payloads.subject(alert, condition),
        payloads.plain_text(alert, condition, receiver.group.short_name or receiver.group.name),
        settings.DEFAULT_FROM_EMAIL,
        [receiver.address],
    )
    try:
        message.send()
    except OSError as problem:
        # Everything of smtplib is an OSError. The text is the mail server's own.
        return Outcome(False, f"The mail server says: {problem}"[:500], True)
    return Outcome(True, "The mail server has taken it.")


def _has_own_backend() -> bool:
    """Tests bring one that needs no server."""
    return not settings.EMAIL_BACKEND.endswith((".dummy.EmailBackend", ".smtp.EmailBackend"))


def _by_webhook(receiver: Receiver, alert: Alert, condition: str) -> Outcome:
    return _post(receiver.address, payloads.common_alert(alert, condition))


def _by_alertmanager(receiver: Receiver, alert: Alert, condition: str) -> Outcome:
    base, separator, query = receiver.address.partition("?")
    url = base.rstrip("/")
    url = url if url.endswith("/api/v2/alerts") else f"{url}/api/v2/alerts"
    body = payloads.alertmanager_alerts(alert, condition)
    return _post(f"{url}{separator}{query}", body)


def _by_alertmanager_webhook(receiver: Receiver, alert: Alert, condition: str) -> Outcome:
    body = payloads.alertmanager_webhook(alert, condition, receiver.name)
    return _post(receiver.address, body)


def _by_notice(receiver: Receiver, alert: Alert, condition: str) -> Outcome:
    return Outcome(True, "It is shown on the first page of the admin.")


def _by_log(receiver: Receiver, alert: Alert, condition: str) -> Outcome:
    told = {
        "alert": str(alert.id),
        "condition": condition,
        "severity": alert.severity,
        "summary": payloads.summary(alert),
    }
    logger.warning("%s", json.dumps(told, ensure_ascii=False))
    return Outcome(True, "It is in the log.")


_WAYS: Mapping[ReceiverKind, Callable[[Receiver, Alert, str], Outcome]] = {
    ReceiverKind.EMAIL: _by_email,
    ReceiverKind.WEBHOOK: _by_webhook,
    ReceiverKind.ALERTMANAGER: _by_alertmanager,
    ReceiverKind.ALERTMANAGER_WEBHOOK: _by_alertmanager_webhook,
    ReceiverKind.NOTICE: _by_notice,
    ReceiverKind.LOG: _by_log,
}


def _post(url: str, value: Any) -> Outcome:
    body = json.dumps(value, ensure_ascii=False).encode()
    if len(body) > MOST_BYTES:
        return Outcome(False, f"The alert is larger than {MOST_BYTES // 1024} kB.")
    headers = {"Content-Type": "application/json", "User-Agent": "chatsite"}
    try:
        reply = client.send("POST", url, headers, body, seconds=SECONDS)
    except RequestFailed as problem:
        return Outcome(False, f"{problem.outcome}: {problem}"[:500], True)
    if 200 <= reply.status < 300:
        return Outcome(True, f"It answered {reply.status}.")
    said = reply.body[:200].decode("utf-8", "replace").replace("\x00", "\ufffd").strip()
    text = f"It answered {reply.status}{f': {said}' if said else ''}."
    return Outcome(False, text[:500], reply.status in RETRIED)
