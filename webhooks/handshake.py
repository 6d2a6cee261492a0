"""Validates endpoints with the two handshakes of Event Grid (events contract 3)."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urljoin
from uuid import uuid4

from django.conf import settings

from webhooks.client import Client, Reply, RequestFailed
from webhooks.eventgrid import METADATA_VERSION, text, time_text
from webhooks.models import EventSchema, EventSubscription, ProvisioningState
from webhooks.requests import common_headers, origin_headers, static_headers
from wire.times import now_ms

VALIDATION_EVENT = "Microsoft.EventGrid.SubscriptionValidationEvent"
_SHOWN = 2000
_SHOWN_HEADERS = 30


@dataclass(frozen=True)
class Outcome:
    """The result of a handshake; `record` is request and response, for the admin."""

    state: ProvisioningState
    problem: str = ""
    allowed_rate: int | None = None
    record: dict[str, Any] = field(default_factory=dict)


def validation_url(subscription: EventSubscription) -> str:
    """The URL that validates the endpoint manually."""
    path = f"/eventgrid/validate?id={subscription.pk}&code={subscription.validation_code}"
    return urljoin(settings.CHATSITE_PUBLIC_URL, path)


def shake_hands(subscription: EventSubscription, client: Client) -> Outcome:
    """Makes one attempt, with the handshake of the subscription's schema."""
    if subscription.event_schema == EventSchema.CLOUD_EVENTS:
        return _ask_for_permission(subscription, client)
    return _send_validation_event(subscription, client)


def _send_validation_event(subscription: EventSubscription, client: Client) -> Outcome:
    event = {
        "id": str(uuid4()),
        "topic": subscription.topic,
        "subject": "",
        "data": {
            "validationCode": subscription.validation_code,
            "validationUrl": validation_url(subscription),
        },
        "eventType": VALIDATION_EVENT,
        "eventTime": time_text(now_ms()),
        "metadataVersion": METADATA_VERSION,
        "dataVersion": "1",
    }
    body = text([event]).encode()
    headers = common_headers(subscription, "SubscriptionValidation")
    headers |= {"aeg-delivery-count": "0", "aeg-data-version": "1"}
    # Endpoints that check a secret header check it here, too.
    headers |= static_headers(subscription)
    return _exchange("POST", subscription, client, headers, body, _judge_validation)


def _judge_validation(subscription: EventSubscription, reply: Reply) -> Outcome:
    if reply.status != 200:
        hint = " Only 200 is accepted here, although deliveries may be answered with 202."
        return Outcome(
            ProvisioningState.FAILED,
            f"The endpoint answered with {reply.status}.{hint if reply.status < 300 else ''}",
        )
    code = _validation_response(reply.body)
    if code == subscription.validation_code:
        return Outcome(ProvisioningState.SUCCEEDED)
    if code is None:
        return Outcome(
            ProvisioningState.AWAITING_MANUAL_ACTION,
            "The endpoint answered with 200 but without the validationResponse. Within 10 minutes "
            "the validation URL can be opened instead.",
        )
    return Outcome(ProvisioningState.FAILED, "The endpoint answered with a wrong validation code.")


def _validation_response(body: bytes) -> Any:
    """The code in the answer, or None."""
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        return None
    if not isinstance(answer, dict):
        return None
    # Samples of the real service write it with a capital letter.
    return next((v for k, v in answer.items() if k.lower() == "validationresponse"), None)


def _ask_for_permission(subscription: EventSubscription, client: Client) -> Outcome:
    headers = common_headers(subscription, "SubscriptionValidation")
    del headers["Content-Type"]
    headers |= {
        **origin_headers(),
        "WebHook-Request-Callback": validation_url(subscription),
        "WebHook-Request-Rate": "*",
        **static_headers(subscription),
    }
    return _exchange("OPTIONS", subscription, client, headers, b"", _judge_permission)


def _judge_permission(subscription: EventSubscription, reply: Reply) -> Outcome:
    allowed = reply.headers.get("webhook-allowed-origin", "").strip()
    origin = settings.CHATSITE_WEBHOOK_ORIGIN
    if allowed == "*" or allowed.lower() == origin.lower():
        return Outcome(ProvisioningState.SUCCEEDED, allowed_rate=_rate(reply))
    if allowed:
        return Outcome(
            ProvisioningState.FAILED, f"The endpoint does not allow the origin {origin}."
        )
    if not 200 <= reply.status < 300:
        return Outcome(
            ProvisioningState.FAILED,
            f"The endpoint answered OPTIONS with {reply.status}. CloudEvents endpoints must answer "
            f"it with the header WebHook-Allowed-Origin: {origin}.",
        )
    return Outcome(
        ProvisioningState.AWAITING_MANUAL_ACTION,
        f"The answer has no header WebHook-Allowed-Origin: {origin}. Within 10 minutes the "
        "validation URL can be opened instead.",
    )


def _rate(reply: Reply) -> int | None:
    """Requests per minute; None means unlimited."""
    rate = reply.headers.get("webhook-allowed-rate", "").strip()
    return max(1, int(rate)) if rate.isascii() and rate.isdigit() and len(rate) < 9 else None


def _exchange(
    method: str,
    subscription: EventSubscription,
    client: Client,
    headers: dict[str, str],
    body: bytes,
    judge: Callable[[EventSubscription, Reply], Outcome],
) -> Outcome:
    secrets = {
        item["name"]
        for item in subscription.delivery_attributes
        if item["properties"].get("isSecret")
    }
    record: dict[str, Any] = {
        "at_ms": now_ms(),
        "request": {
            "method": method,
            # The query may hold a secret.
            "url": subscription.endpoint_base_url,
            "headers": {k: "(secret)" if k in secrets else v for k, v in headers.items()},
            "body": body.decode(),
        },
    }
    try:
        reply = client.send(method, subscription.endpoint_url, headers, body)
        outcome = judge(subscription, reply)
        record["response"] = {
            "status": reply.status,
            "headers": {
                k: v[:500].replace("\x00", "")
                for k, v in list(reply.headers.items())[:_SHOWN_HEADERS]
            },
            "body": reply.body[:_SHOWN].decode("utf-8", "replace").replace("\x00", "\ufffd"),
        }
    except RequestFailed as problem:
        outcome = Outcome(ProvisioningState.FAILED, str(problem))
    record["problem"] = outcome.problem
    return Outcome(outcome.state, outcome.problem, outcome.allowed_rate, record)
