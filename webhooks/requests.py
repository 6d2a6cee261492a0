"""From deliveries to the request that carries them (events contract 2 and 6)."""

import hashlib
import hmac
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings

from webhooks.eventgrid import DATA_VERSION, METADATA_VERSION, in_schema, text
from webhooks.filters import look_up
from webhooks.models import Delivery, EventSchema, EventSubscription

SIGNATURE_HEADER = "Chatsite-Signature"
USER_AGENT = "chatsite-webhooks"
MAXIMUM_HEADER_BYTES = 4096

_EVENT_GRID_TYPE = "application/json; charset=utf-8"
_CLOUD_EVENT_TYPE = "application/cloudevents+json; charset=utf-8"
_CLOUD_EVENTS_TYPE = "application/cloudevents-batch+json; charset=utf-8"


@dataclass(frozen=True)
class Batch:
    """Deliveries in one request: all arrive or none."""

    subscription: EventSubscription
    deliveries: Sequence[Delivery]


def batches(subscription: EventSubscription, deliveries: Sequence[Delivery]) -> Iterator[Batch]:
    """The deliveries, in requests as large as the subscription wants them."""
    most, size = subscription.max_events_per_batch, subscription.preferred_batch_size_kb * 1024
    together: list[Delivery] = []
    length = 0
    headers: dict[str, str] = {}
    for delivery in deliveries:
        own_length, own_headers = len(delivery.body.encode()), _dynamic(subscription, delivery)
        is_full = len(together) >= most or length + own_length > size or own_headers != headers
        if together and is_full:
            yield Batch(subscription, together)
            together, length = [], 0
        together.append(delivery)
        length += own_length
        headers = own_headers
    if together:
        yield Batch(subscription, together)


def body_of(batch: Batch) -> bytes:
    """A JSON array; without batching a CloudEvent goes alone."""
    bodies = [_text_of(delivery, batch.subscription) for delivery in batch.deliveries]
    if _is_single_cloud_event(batch.subscription):
        return bodies[0].encode()
    return f"[{','.join(bodies)}]".encode()


def _text_of(delivery: Delivery, subscription: EventSubscription) -> str:
    """The event in the subscription's current schema."""
    return in_schema(delivery.body, subscription.event_schema)


def _is_single_cloud_event(subscription: EventSubscription) -> bool:
    is_cloud = subscription.event_schema == EventSchema.CLOUD_EVENTS
    return is_cloud and subscription.max_events_per_batch == 1


def headers_of(batch: Batch, body: bytes, now_ms: int) -> dict[str, str]:
    """All headers of the request."""
    first = batch.deliveries[0]
    return {
        **common_headers(batch.subscription, "Notification"),
        # The claim has counted the attempt that is about to be made.
        "aeg-delivery-count": str(max(d.attempts for d in batch.deliveries) - 1),
        "aeg-output-event-id": str(first.event_id),
        **static_headers(batch.subscription),
        **_dynamic(batch.subscription, first),
        **signature(batch.subscription, body, now_ms),
    }


def common_headers(subscription: EventSubscription, event_type: str) -> dict[str, str]:
    """The headers that every request to an endpoint has."""
    headers = {
        "User-Agent": USER_AGENT,
        "aeg-event-type": event_type,
        "aeg-subscription-name": subscription.name.upper(),
    }
    if subscription.event_schema == EventSchema.EVENT_GRID:
        return {
            **headers,
            "Content-Type": _EVENT_GRID_TYPE,
            "aeg-metadata-version": METADATA_VERSION,
            "aeg-data-version": DATA_VERSION,
        }
    single = _is_single_cloud_event(subscription)
    return {
        **headers,
        "Content-Type": _CLOUD_EVENT_TYPE if single else _CLOUD_EVENTS_TYPE,
        "aeg-metadata-version": "1.0",
        **origin_headers(),
    }


def origin_headers() -> dict[str, str]:
    """The origin that CloudEvents endpoints were asked to allow."""
    origin = settings.CHATSITE_WEBHOOK_ORIGIN
    return {"Origin": origin, "WebHook-Request-Origin": origin}


def signature(subscription: EventSubscription, body: bytes, now_ms: int) -> dict[str, str]:
    """The signature header: `t=<epoch seconds>,v1=<hex HMAC-SHA256 of "t.body">`."""
    if not subscription.signing_secret:
        return {}
    seconds = str(now_ms // 1000)
    signed = hmac.new(
        subscription.signing_secret.encode(), f"{seconds}.".encode() + body, hashlib.sha256
    )
    return {SIGNATURE_HEADER: f"t={seconds},v1={signed.hexdigest()}"}


def static_headers(subscription: EventSubscription) -> dict[str, str]:
    """The subscription's static headers, secret ones included."""
    return {
        item["name"]: item["properties"]["value"]
        for item in subscription.delivery_attributes
        if item["type"] == "Static"
    }


def _dynamic(subscription: EventSubscription, delivery: Delivery) -> dict[str, str]:
    wanted = [item for item in subscription.delivery_attributes if item["type"] == "Dynamic"]
    if not wanted:
        return {}
    event = json.loads(_text_of(delivery, subscription))
    values = {
        item["name"]: _header_text(look_up(event, item["properties"]["sourceField"]))
        for item in wanted
    }
    return {name: value for name, value in values.items() if value is not None}


def _header_text(value: Any) -> str | None:
    """Text, numbers and truth values; None, which drops the header, where no header can hold it."""
    if isinstance(value, bool | int | float):
        return text(value)
    fits = isinstance(value, str) and value.isascii() and value.isprintable()
    return value if fits and len(value) <= MAXIMUM_HEADER_BYTES else None
