"""Telling receivers about alerts, and what came of it."""

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
# These may go away by themselves; another attempt makes sense.
RETRIED = (408, 429, 503, 504)
client = Client()
# So many receivers are told side by side.
_AT_ONCE = 10


@dataclass(frozen=True)
class Outcome:
    """How an attempt went, in words for the operator."""

    is_success: bool
    text: str
    # Whether another attempt makes sense.
    is_passing: bool = False


# One attempt: the network, or nothing at all, but never the database.
Attempt = Callable[[], Outcome]
# Receiver, alert, and what about it: `Fired` or `Resolved`.
Telling = tuple[Receiver, Alert, str]


def tell_all(tellings: Sequence[Telling]) -> list[Outcome]:
    """Makes one attempt for each, side by side: one that hangs keeps nobody else waiting.

    Whatever goes wrong becomes part of the outcome.
    """
    client.close_idle()
    attempts = [_prepared(*telling) for telling in tellings]
    if len(attempts) < 2:
        return [attempt() for attempt in attempts]
    with ThreadPoolExecutor(min(len(attempts), _AT_ONCE), "tell") as pool:
        return list(pool.map(lambda attempt: attempt(), attempts))


def _prepared(receiver: Receiver, alert: Alert, condition: str) -> Attempt:
    """The attempt with its body made, and with an outcome for every exception."""

    def failed(problem: Exception) -> Outcome:
        logger.error("Receiver %s failed", receiver.pk, exc_info=problem)
        return Outcome(False, f"It failed: {type(problem).__name__}; the log says more.", True)

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
    # What the settings choose if CHATSITE_EMAIL_URL is unset.
    if settings.EMAIL_BACKEND.endswith(".dummy.EmailBackend"):
        return _known(Outcome(False, "No e-mail can be sent: CHATSITE_EMAIL_URL is not set."))
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
        # Everything of smtplib is an OSError. The text is the mail server's own.
        text = f"The mail server says: {problem}".replace("\x00", "\ufffd")
        return Outcome(False, text[:500], True)
    return Outcome(True, "The mail server has taken it.")


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
    return _known(Outcome(True, "It is shown at the top of the admin."))


def _by_log(receiver: Receiver, alert: Alert, condition: str) -> Attempt:
    told = {
        "alert": str(alert.id),
        "condition": condition,
        "severity": alert.severity,
        "summary": payloads.summary(alert),
    }
    logger.warning("%s", json.dumps(told, ensure_ascii=False))
    return _known(Outcome(True, "It is in the log."))


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
        return Outcome(True, f"It answered {reply.status}.")
    said = reply.body[:200].decode("utf-8", "replace").replace("\x00", "\ufffd").strip()
    text = f"It answered {reply.status}{f': {said}' if said else ''}."
    return Outcome(False, text[:500], reply.status in RETRIED)
