"""Dead letters as records of Event Grid (events contract 4)."""

import json
import logging
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db.models import prefetch_related_objects

from webhooks.eventgrid import in_schema, time_text
from webhooks.models import Delivery, EventSchema
from wire.times import from_ms

logger = logging.getLogger(__name__)


def record(delivery: Delivery) -> dict[str, Any]:
    """The event, and why it could not be delivered."""
    facts: dict[str, Any] = {
        "deadLetterReason": delivery.dead_letter_reason,
        "deliveryAttempts": delivery.attempts,
        "lastDeliveryOutcome": delivery.last_outcome,
        "publishTime": time_text(delivery.created_ms),
    }
    if delivery.last_attempt_ms is not None:
        facts["lastDeliveryAttemptTime"] = time_text(delivery.last_attempt_ms)
    schema = delivery.subscription.event_schema
    if schema == EventSchema.CLOUD_EVENTS:
        facts = {name.lower(): value for name, value in facts.items()}
    return {**json.loads(in_schema(delivery.body, schema)), **facts}


def write_files(deliveries: Sequence[Delivery]) -> None:
    """Writes dead letters to CHATSITE_DEAD_LETTER_FOLDER, if it is set.

    They are rows already, so a failure is only logged.
    """
    folder = settings.CHATSITE_DEAD_LETTER_FOLDER
    if folder is None:
        return
    prefetch_related_objects(deliveries, "subscription")
    for delivery in deliveries:
        try:
            _write(folder, delivery)
        except OSError:
            logger.exception("Dead letter file not written event=%s", delivery.event_id)


def _write(folder: Path, delivery: Delivery) -> None:
    at = from_ms(delivery.finished_ms or 0)
    place = folder / delivery.subscription.name.upper()
    place = place / str(at.year) / str(at.month) / str(at.day) / str(at.hour)
    place.mkdir(parents=True, exist_ok=True)
    name = uuid.uuid4()
    # Programs that watch the folder see complete files only.
    unfinished = place / f".{name}"
    unfinished.write_text(json.dumps([record(delivery)], ensure_ascii=False))
    unfinished.rename(place / f"{name}.json")
