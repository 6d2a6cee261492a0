"""The definition of an event subscription: reads and writes its JSON (events contract 7)."""

import re
from collections.abc import Mapping
from typing import Any

from webhooks.addresses import InvalidEndpoint, parse_endpoint
from webhooks.filters import InvalidFilter, check_advanced_filters, check_event_types, is_key
from webhooks.models import EventSchema, EventSubscription
from webhooks.requests import MAXIMUM_HEADER_BYTES
from wire import times
from wire.errors import bad_request
from wire.json_values import read_integer, read_list, read_object, read_text, read_time

MAXIMUM_HEADERS = 10
MAXIMUM_SUBJECT = 512
SHORTEST_SECRET = 16
LONGEST_SECRET = 200
# The values that the API allows. Connections use the last one or newer, whichever is chosen.
_TLS_VERSIONS = ("1.0", "1.1", "1.2")

_NAME = re.compile(r"[A-Za-z0-9-]{3,64}")
_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")
# Headers that this server sets itself.
_RESERVED_HEADERS = {
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "expect",
    "host",
    "keep-alive",
    "origin",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "user-agent",
    "webhook-request-origin",
    "chatsite-signature",
}


def check_name(name: str) -> str:
    """Returns `name` if an event subscription can have it. Raises ChatError 400."""
    if _NAME.fullmatch(name) is None:
        raise bad_request(
            "The name of an event subscription must have 3 to 64 letters, digits and hyphens."
        )
    return name


def check_signing_secret(secret: str) -> str:
    """Returns `secret` if it is long enough, or empty for unsigned requests.

    Raises ChatError 400.
    """
    if secret and not SHORTEST_SECRET <= len(secret) <= LONGEST_SECRET:
        raise bad_request(
            f"A signing secret must have at least {SHORTEST_SECRET} and at most {LONGEST_SECRET} "
            "characters."
        )
    return secret


def read_definition(
    given: Mapping[str, Any], existing: EventSubscription | None = None
) -> dict[str, Any]:
    """The model's fields for the given members of the API's `properties`.

    A secret header without a value keeps its value from `existing`. Raises ChatError 400 for the
    first invalid member.
    """
    try:
        return _read(given, existing)
    except (InvalidFilter, InvalidEndpoint) as problem:
        raise bad_request(str(problem)) from None


def _read(given: Mapping[str, Any], existing: EventSubscription | None) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    schema = given.get("eventDeliverySchema")
    if schema is not None:
        fields["event_schema"] = _schema(schema)
    current = fields.get("event_schema") or (
        existing.event_schema if existing else EventSchema.EVENT_GRID
    )
    if given.get("destination") is not None:
        fields |= _destination(read_object(given["destination"], "destination"), current, existing)
    if given.get("filter") is not None:
        fields |= _filter(read_object(given["filter"], "filter"), current)
    elif schema is not None and existing is not None:
        # The existing filters' keys may not exist in the new schema.
        check_advanced_filters(existing.advanced_filters, current)
    if given.get("retryPolicy") is not None:
        fields |= _retry_policy(read_object(given["retryPolicy"], "retryPolicy"))
    if "labels" in given:
        fields["labels"] = _labels(given["labels"] or [])
    if "expirationTimeUtc" in given:
        fields["expires_ms"] = _expiry(given["expirationTimeUtc"])
    if "deadLetterDestination" in given:
        fields["dead_letter_destination"] = _dead_letter_destination(given["deadLetterDestination"])
    return fields


def _schema(value: Any) -> str:
    if value not in EventSchema.values:
        raise bad_request(f"'eventDeliverySchema' must be one of {', '.join(EventSchema.values)}.")
    return str(value)


def _integer(given: Mapping[str, Any], name: str, minimum: int, maximum: int, default: int) -> int:
    value = given.get(name)
    return read_integer(default if value is None else value, name, minimum=minimum, maximum=maximum)


def _destination(
    destination: Mapping[str, Any], schema: str, existing: EventSubscription | None
) -> dict[str, Any]:
    if destination.get("endpointType") != "WebHook":
        raise bad_request("'destination.endpointType' must be WebHook.")
    given = read_object(destination.get("properties"), "destination.properties")
    url = given.get("endpointUrl")
    if url is None and existing is not None:
        url = existing.endpoint_url
    if not isinstance(url, str):
        raise bad_request("'destination.properties.endpointUrl' is required.")
    parse_endpoint(url)
    if given.get("minimumTlsVersionAllowed") not in (None, *_TLS_VERSIONS):
        raise bad_request(f"'minimumTlsVersionAllowed' must be one of {', '.join(_TLS_VERSIONS)}.")
    if any(
        given.get(name)
        for name in ("azureActiveDirectoryTenantId", "azureActiveDirectoryApplicationIdOrUri")
    ):
        raise bad_request(
            "Microsoft Entra ID authentication is not supported; use a secret header."
        )
    return {
        "endpoint_url": url,
        "max_events_per_batch": _integer(given, "maxEventsPerBatch", 1, 5000, 1),
        "preferred_batch_size_kb": _integer(given, "preferredBatchSizeInKilobytes", 1, 1024, 64),
        "delivery_attributes": _attributes(
            given.get("deliveryAttributeMappings") or [], schema, existing
        ),
    }


def _attributes(
    mappings: Any, schema: str, existing: EventSubscription | None
) -> list[dict[str, Any]]:
    if not isinstance(mappings, list) or len(mappings) > MAXIMUM_HEADERS:
        raise bad_request(
            f"'deliveryAttributeMappings' must be a list of at most {MAXIMUM_HEADERS} headers."
        )
    secrets = {
        item["name"].lower(): item["properties"]["value"]
        for item in (existing.delivery_attributes if existing else [])
        if item["properties"].get("isSecret")
    }
    headers = [read_object(item, "deliveryAttributeMappings") for item in mappings]
    checked = [_attribute(item, schema, secrets) for item in headers]
    names = [item["name"].lower() for item in checked]
    if len(set(names)) < len(names):
        raise bad_request("Two headers have the same name.")
    return checked


def _attribute(item: Mapping[str, Any], schema: str, secrets: Mapping[str, str]) -> dict[str, Any]:
    name = item.get("name")
    if not isinstance(name, str) or _HEADER_NAME.fullmatch(name) is None:
        raise bad_request("The name of a header must be a valid HTTP header name.")
    if name.lower().startswith("aeg-") or name.lower() in _RESERVED_HEADERS:
        raise bad_request(f"The header {name} is reserved and cannot be set.")
    given = read_object(item.get("properties"), f"{name}.properties")
    if item.get("type") == "Dynamic":
        field = given.get("sourceField")
        if not isinstance(field, str) or not is_key(field, schema):
            raise bad_request(f"The sourceField of the header {name} is not a key of events.")
        return {"name": name, "type": "Dynamic", "properties": {"sourceField": field}}
    if item.get("type") != "Static":
        raise bad_request(f"The type of the header {name} must be Static or Dynamic.")
    is_secret = given.get("isSecret") is True
    value = given.get("value")
    if value is None and is_secret:
        # Secret values are never returned, so a definition that was read and sent back has none.
        value = secrets.get(name.lower())
    return {
        "name": name,
        "type": "Static",
        "properties": {"value": _header_value(name, value), "isSecret": is_secret},
    }


def _header_value(name: str, value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise bad_request(f"The header {name} needs a value.")
    if len(value.encode()) > MAXIMUM_HEADER_BYTES:
        raise bad_request(f"The header {name} must not exceed {MAXIMUM_HEADER_BYTES} bytes.")
    if not value.isascii() or not value.isprintable():
        raise bad_request(f"The value of the header {name} must be printable ASCII.")
    return value


def _filter(given: Mapping[str, Any], schema: str) -> dict[str, Any]:
    return {
        "included_event_types": check_event_types(given.get("includedEventTypes")),
        "subject_begins_with": _subject(given.get("subjectBeginsWith"), "subjectBeginsWith"),
        "subject_ends_with": _subject(given.get("subjectEndsWith"), "subjectEndsWith"),
        "is_subject_case_sensitive": given.get("isSubjectCaseSensitive") is True,
        "filters_on_arrays": given.get("enableAdvancedFilteringOnArrays") is True,
        "advanced_filters": check_advanced_filters(given.get("advancedFilters"), schema),
    }


def _subject(value: Any, name: str) -> str:
    if value is None:
        return ""
    return read_text(value, name, max_length=MAXIMUM_SUBJECT)


def _retry_policy(given: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "max_delivery_attempts": _integer(given, "maxDeliveryAttempts", 1, 30, 30),
        "event_ttl_minutes": _integer(given, "eventTimeToLiveInMinutes", 1, 1440, 1440),
    }


def _labels(labels: Any) -> list[str]:
    return [read_text(label, "labels", max_length=200) for label in read_list(labels, "labels")]


def _dead_letter_destination(value: Any) -> Mapping[str, Any] | None:
    if not value:
        return None
    return read_object(value, "deadLetterDestination")


def _expiry(value: Any) -> int | None:
    if value is None:
        return None
    expires = read_time(value, "expirationTimeUtc")
    if expires <= times.now_ms():
        raise bad_request("'expirationTimeUtc' must be in the future; this time is over.")
    return expires


# --- Writing -------------------------------------------------------------------------------------


def shown_attributes(subscription: EventSubscription) -> list[dict[str, Any]]:
    """The headers without the values of secret ones."""
    return [
        {**item, "properties": {**item["properties"], "value": None}}
        if item["properties"].get("isSecret")
        else item
        for item in subscription.delivery_attributes
    ]


def properties(subscription: EventSubscription) -> dict[str, Any]:
    """The API's `properties` of a subscription."""
    return {
        "topic": subscription.topic,
        "provisioningState": subscription.provisioning_state,
        "destination": {
            "endpointType": "WebHook",
            "properties": {
                "endpointBaseUrl": subscription.endpoint_base_url,
                "maxEventsPerBatch": subscription.max_events_per_batch,
                "preferredBatchSizeInKilobytes": subscription.preferred_batch_size_kb,
                "deliveryAttributeMappings": shown_attributes(subscription),
                "minimumTlsVersionAllowed": _TLS_VERSIONS[-1],
            },
        },
        "filter": {
            "includedEventTypes": subscription.included_event_types,
            "subjectBeginsWith": subscription.subject_begins_with,
            "subjectEndsWith": subscription.subject_ends_with,
            "isSubjectCaseSensitive": subscription.is_subject_case_sensitive,
            "enableAdvancedFilteringOnArrays": subscription.filters_on_arrays,
            "advancedFilters": subscription.advanced_filters,
        },
        "eventDeliverySchema": subscription.event_schema,
        "labels": subscription.labels,
        "expirationTimeUtc": (
            None if subscription.expires_ms is None else times.to_wire(subscription.expires_ms)
        ),
        "retryPolicy": {
            "maxDeliveryAttempts": subscription.max_delivery_attempts,
            "eventTimeToLiveInMinutes": subscription.event_ttl_minutes,
        },
        "deadLetterDestination": subscription.dead_letter_destination,
    }
