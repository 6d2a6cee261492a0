"""The request bodies that the Android and Java recordings left out, reconstructed.

What a request must have said can mostly be read from what the service answered later: the topic
from the created thread, a message's text from the message that was fetched afterwards. The bodies
are written with the recorded ids; ids that nobody can know stand as a mask.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from typing import Any

from .recordings import INVALID_IDENTIFIER, Exchange, Recording

MASK = "sanitized"
JSON = dict[str, Any]


def request_body(recording: Recording, index: int) -> Any:
    """The body of the recording's exchange, reconstructed where it was not recorded."""
    exchange = recording.exchanges[index]
    if exchange.request_body is not None or not exchange.request_headers.get("content-type"):
        return exchange.request_body
    later = recording.exchanges[index + 1 :]
    if exchange.operation == "POST /":
        return _create(exchange, later)
    if exchange.operation == "POST /{t}/participants/:add":
        return {"participants": _added(exchange, later)}
    if exchange.operation == "POST /{t}/participants/:remove":
        return _identifier(refused_identifier(exchange) or MASK)
    if exchange.operation == "POST /{t}/messages":
        return _send(recording, exchange, later)
    if exchange.operation == "PATCH /{t}/messages/{m}":
        return _update_message(recording, exchange, later)
    if exchange.operation == "PATCH /{t}":
        return {"topic": next((m["topic"] for m in _answers(later) if "topic" in m), "Update Test")}
    if exchange.operation == "POST /{t}/readReceipts":
        sent = [earlier.sent_message for earlier in recording.exchanges[:index]]
        return {"chatMessageId": [message for message in sent if message][-1]}
    return {"senderDisplayName": "Tester"} if "Options" in recording.name else {}


def repeatability_id(exchange: Exchange) -> str:
    """The repeatability header of a creation, or an empty string when none was sent."""
    recorded = exchange.request_headers.get("repeatability-request-id")
    return recorded or repeatability_of(exchange.created_thread)


def repeatability_of(thread_id: str) -> str:
    """A repeatability header for the creation of a recorded thread, or an empty string.

    Without the header the service gave ids of 32 hexadecimal digits; with it an id that is the same
    for every repetition, so a header made from that id repeats exactly what was repeated.
    """
    middle = thread_id.removeprefix("19:").removesuffix("@thread.v2")
    return str(uuid.uuid5(uuid.NAMESPACE_URL, middle)) if len(middle) > 32 else ""


def _create(exchange: Exchange, later: Sequence[Exchange]) -> JSON:
    refused = refused_identifier(exchange)
    if refused:
        return {"topic": "Test", "participants": [_participant(refused)]}
    if exchange.status != 201:
        return {"topic": "Test"}
    until_next = _until_next_creation(later)
    topic = exchange.response_body["chatThread"]["topic"]
    return {"topic": topic, "participants": _initial(until_next)}


def _until_next_creation(later: Sequence[Exchange]) -> list[Exchange]:
    following = [i for i, exchange in enumerate(later) if exchange.operation == "POST /"]
    return list(later[: following[0]] if following else later)


def _initial(later: Sequence[Exchange]) -> list[JSON]:
    for message in _answers(later):
        if message.get("sequenceId") == "1":
            return list(message["content"]["participants"])
    operations = [exchange.operation for exchange in later]
    adds = any(operation.endswith("/:add") for operation in operations)
    removals = sum(operation.endswith("/:remove") for operation in operations)
    if removals and not adds:
        # Some recordings lost the addition: who is removed later was there from the start.
        return [_participant(MASK)] * removals
    return _split(_listed(later), adds)[0]


def _added(exchange: Exchange, later: Sequence[Exchange]) -> list[JSON]:
    refused = refused_identifier(exchange)
    if refused:
        return [_participant(refused)]
    return _split(_listed(later), True)[1] or [_participant(MASK)]


def _listed(later: Sequence[Exchange]) -> list[JSON]:
    return [
        participant
        for exchange in later
        if exchange.operation == "GET /{t}/participants" and exchange.status == 200
        for participant in exchange.response_body["value"]
    ]


def _split(listed: list[JSON], adds: bool) -> tuple[list[JSON], list[JSON]]:
    """Who was there from the start and who was added: the SDK tests named or placed them so."""
    if not adds or not listed:
        return listed, []
    added = [p for p in listed if p.get("displayName", "").startswith("Added")] or listed[-1:]
    return [p for p in listed if p not in added], added


def _send(recording: Recording, exchange: Exchange, later: Sequence[Exchange]) -> JSON:
    for message in _answers(later):
        if message.get("id") == exchange.sent_message and "editedOn" not in message:
            return _as_sent(message)
    return _usual_message(recording)


def _as_sent(message: JSON) -> JSON:
    body = {"content": message["content"]["message"], "type": message["type"]}
    kept = ("senderDisplayName", "metadata")
    return body | {name: message[name] for name in kept if name in message}


def _usual_message(recording: Recording) -> JSON:
    """What the Java and Android tests usually send, as their siblings read it back."""
    metadata = {
        "onedriveReferences": "onedriveReferences",
        "deliveryMode": "deliveryMode value",
        "amsreferences": '[\\"test url file 3\\"]',
        "key": "value key",
        "tags": "tags value",
    }
    body: JSON = {"content": "Content", "type": "text", "senderDisplayName": "Tester"}
    return body if recording.folder == "java-2021-02" else body | {"metadata": metadata}


def _update_message(recording: Recording, exchange: Exchange, later: Sequence[Exchange]) -> JSON:
    """The new text, the changed metadata, and an empty value for each key that went away."""
    for message in _answers(later):
        if "editedOn" in message:
            before = _usual_message(recording).get("metadata", {})
            after = message.get("metadata", {})
            changed = {key: value for key, value in after.items() if before.get(key) != value}
            gone = {key: "" for key in before if key not in after}
            return {"content": message["content"]["message"], "metadata": changed | gone}
    return {"content": "Update Test"}


def _answers(exchanges: Sequence[Exchange]) -> Iterator[JSON]:
    """The single objects that were read back, lists taken apart."""
    for exchange in exchanges:
        body = exchange.response_body
        if exchange.method == "GET" and isinstance(body, dict):
            yield from (body["value"] if isinstance(body.get("value"), list) else [body])


def refused_identifier(exchange: Exchange) -> str:
    """The malformed id that the real service quoted in its refusal, or an empty string."""
    error = (exchange.response_body or {}).get("CommunicationError", {})
    found = INVALID_IDENTIFIER.fullmatch(error.get("Message", ""))
    return found.group(1) if found else ""


def _identifier(raw_id: str) -> JSON:
    return {"rawId": raw_id, "communicationUser": {"id": raw_id}}


def _participant(raw_id: str) -> JSON:
    return {"communicationIdentifier": _identifier(raw_id)}
