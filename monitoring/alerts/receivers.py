"""Sends notifications about alerts to receivers, and returns the outcomes."""

import json
import logging
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage

from monitoring.alerts import payloads
from monitoring.alerts.models import Alert, Receiver, ReceiverKind
from webhooks.client import Client, RequestFailed

logger = logging.getLogger("monitoring.alerts")

SECONDS = 10.0
MOST_BYTES = 256 * 1024
# Temporary failures, which are retried.
RETRIED = (408, 429, 503, 504)
client = Client()
# How many receivers are notified concurrently.
_AT_ONCE = 10


@dataclass(frozen=True)
class Outcome:
    """The result of an attempt; `text` is for the operator."""

    is_success: bool
    text: str
    # Whether to try again.
    is_retryable: bool = False


# Makes one attempt. Runs in a thread without a database connection.
Attempt = Callable[[], Outcome]
# Receiver, alert, and its condition: `Fired` or `Resolved`.
Message = tuple[Receiver, Alert, str]


def send_all(messages: Sequence[Message]) -> list[Outcome]:
    """Makes one attempt for each message, concurrently, so that a slow receiver delays no other.

    Raises nothing: every failure becomes an outcome.
    """
    client.close_idle()
    attempts = [_prepared(*message) for message in messages]
    if len(attempts) < 2:
        return [attempt() for attempt in attempts]
    with ThreadPoolExecutor(min(len(attempts), _AT_ONCE), "notify") as pool:
        return list(pool.map(lambda attempt: attempt(), attempts))


def _prepared(receiver: Receiver, alert: Alert, condition: str) -> Attempt:
    """The attempt with its body rendered; every exception becomes an outcome."""

    def failed(problem: Exception) -> Outcome:
        logger.error("Alert notification failed receiver=%s", receiver.pk, exc_info=problem)
        return Outcome(False, f"Failed with {type(problem).__name__}; see the server log.", True)

    try:
        attempt = _WAYS[ReceiverKind(receiver.kind)](receiver, alert, condition)
    except Exception as problem:
        outcome = failed(problem)
        return lambda: outcome

    def guarded() -> Outcome:
        try:
            return attempt()
        except Exception as problem:
            return failed(problem)

    return guarded


def _by_email(receiver: Receiver, alert: Alert, condition: str) -> Attempt:
    # The backend if CHATSITE_EMAIL_URL is unset.
    if settings.EMAIL_BACKEND.endswith(".dummy.EmailBackend"):
        return _known(Outcome(False, "E-mail is not configured: set CHATSITE_EMAIL_URL."))
    message = EmailMessage(
        payloads.subject(alert, condition),
        payloads.plain_text(alert, condition, receiver.group.short_name or receiver.group.name),
        settings.DEFAULT_FROM_EMAIL,
        [receiver.address],
    )
    return lambda: _sent(message)


def _sent(message: EmailMessage) -> Outcome:
    try:
        message.send()
    except OSError as problem:
        # All exceptions of smtplib are OSErrors, with the mail server's text.
        text = f"The mail server reported: {problem}".replace("\x00", "\ufffd")
        return Outcome(False, text[:500], True)
    return Outcome(True, "The mail server accepted the message.")


def _known(outcome: Outcome) -> Attempt:
    return lambda: outcome


def _by_webhook(receiver: Receiver, alert: Alert, condition: str) -> Attempt:
    return _post(receiver.address, payloads.common_alert(alert, condition))


def _by_alertmanager(receiver: Receiver, alert: Alert, condition: str) -> Attempt:
    base, separator, query = receiver.address.partition("?")
    url = base.rstrip("/")
    url = url if url.endswith("/api/v2/alerts") else f"{url}/api/v2/alerts"
    body = payloads.alertmanager_alerts(alert, condition)
    return _post(f"{url}{separator}{query}", body)


def _by_alertmanager_webhook(receiver: Receiver, alert: Alert, condition: str) -> Attempt:
    body = payloads.alertmanager_webhook(alert, condition, receiver.name)
    return _post(receiver.address, body)


def _by_notice(receiver: Receiver, alert: Alert, condition: str) -> Attempt:
    return _known(Outcome(True, "Shown at the top of the admin."))


def _by_log(receiver: Receiver, alert: Alert, condition: str) -> Attempt:
    entry = {
        "alert": str(alert.id),
        "condition": condition,
        "severity": alert.severity,
        "summary": payloads.summary(alert),
    }
    logger.warning("%s", json.dumps(entry, ensure_ascii=False))
    return _known(Outcome(True, "Written to the server log."))


_WAYS: Mapping[ReceiverKind, Callable[[Receiver, Alert, str], Attempt]] = {
    ReceiverKind.EMAIL: _by_email,
    ReceiverKind.WEBHOOK: _by_webhook,
    ReceiverKind.ALERTMANAGER: _by_alertmanager,
    ReceiverKind.ALERTMANAGER_WEBHOOK: _by_alertmanager_webhook,
    ReceiverKind.NOTICE: _by_notice,
    ReceiverKind.LOG: _by_log,
}


def _post(url: str, value: Any) -> Attempt:
    body = json.dumps(value, ensure_ascii=False).encode()
    if len(body) > MOST_BYTES:
        return _known(Outcome(False, f"The alert is larger than {MOST_BYTES // 1024} kB."))
    return lambda: _posted(url, body)


def _posted(url: str, body: bytes) -> Outcome:
    headers = {"Content-Type": "application/json", "User-Agent": "chatsite"}
    try:
        reply = client.send("POST", url, headers, body, seconds=SECONDS)
    except RequestFailed as problem:
        return Outcome(False, f"{problem.outcome}: {problem}"[:500], True)
    if 200 <= reply.status < 300:
        return Outcome(True, f"HTTP status {reply.status}.")
    said = reply.body[:200].decode("utf-8", "replace").replace("\x00", "\ufffd").strip()
    text = f"HTTP status {reply.status}{f': {said}' if said else ''}."
    return Outcome(False, text[:500], reply.status in RETRIED)
