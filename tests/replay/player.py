"""Sending the requests of a recording to this server, its own ids in place of the recorded ones."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from .compare import Answer, Difference, compare
from .ids import IdMap
from .missing_bodies import (
    refused_identifier,
    repeatability_id,
    repeatability_of,
    request_body,
)
from .recordings import RAW_ID, Exchange, Recording, is_masked
from .sites import Site


@dataclass(frozen=True)
class Found:
    """A difference, and the request in whose answer it was seen."""

    recording: str
    position: int
    operation: str
    difference: Difference

    def __str__(self) -> str:
        what = self.difference
        return (
            f"{self.recording} #{self.position} {self.operation}: {what.kind} at {what.where!r}: "
            f"recorded {what.recorded}, answered {what.actual}"
        )


@dataclass
class Played:
    """The outcome of one recording."""

    compared: int = 0
    found: list[Found] = field(default_factory=list)


class Player:
    """Plays one recording, as a fresh user in the part of its caller."""

    def __init__(self, recording: Recording, site: Site) -> None:
        self._recording = recording
        self._site = site
        self._ids = IdMap()
        self._caller = site.new_user()
        self._token = site.token(self._caller)
        self._thread = ""
        self._message = ""
        self._others: list[str] = []
        self._next_links: dict[str, str] = {}
        self._repeated: dict[str, Any] = {}
        if recording.caller:
            self._ids.bind(recording.caller, self._caller)

    def play(self) -> Played:
        """Send everything; compare what belongs to the recording itself."""
        self._make_listed_threads()
        played = Played()
        recording = Recording(self._recording.folder, self._recording.name, self._recording.flow)
        before = len(self._recording.prelude)
        for index, exchange in enumerate(recording.exchanges):
            answer = self._send(exchange, request_body(recording, index))
            differences = compare(exchange, answer, self._ids)
            self._remember(exchange, answer)
            differences += self._compare_repetition(exchange, answer)
            if index >= before:
                played.compared += 1
                played.found += [
                    Found(recording.id, index - before, exchange.operation, difference)
                    for difference in differences
                ]
        return played

    def _send(self, exchange: Exchange, body: Any) -> Answer:
        content = None if body is None else self._outgoing_body(exchange, body)
        repeatability = repeatability_id(exchange)
        return self._request(
            exchange.method, self._url(exchange), content, repeatability, exchange.request_headers
        )

    def _request(
        self,
        method: str,
        url: str,
        body: Any,
        repeatability: str = "",
        recorded_headers: Mapping[str, str] = MappingProxyType({}),
    ) -> Answer:
        headers = dict(recorded_headers) | {"authorization": f"Bearer {self._token}"}
        if repeatability:
            headers["repeatability-request-id"] = repeatability
        content = b"" if body is None else json.dumps(body).encode()
        if content:
            headers.setdefault("content-type", "application/json")
        return self._site.request(method, url, content, headers)

    # --- addresses

    def _url(self, exchange: Exchange) -> str:
        asked = f"{exchange.path}?{exchange.query}"
        followed = self._next_links.get(unquote(asked))
        if followed:
            return followed
        segments = ["", "chat", "threads"]
        for position, segment in enumerate(exchange.segments):
            segments.append(self._segment(position, segment))
        return "/".join(segments) + f"?{exchange.query}"

    def _segment(self, position: int, segment: str) -> str:
        recorded = unquote(segment)
        if is_masked(recorded):
            known = self._thread if position == 0 else self._message
            return quote(known or recorded, safe="")
        ours = self._ids.get(recorded)
        if ours is None:
            return segment
        return quote(ours, safe="") if "%" in segment else ours

    # --- bodies

    def _outgoing_body(self, exchange: Exchange, body: Any) -> Any:
        if exchange.operation.endswith("/:remove"):
            return self._outgoing_identifier(body, self._whom_to_remove(exchange))
        if exchange.operation.endswith("/:add") or exchange.operation == "POST /":
            return self._with_participants(exchange, body)
        if "chatMessageId" in body:
            recorded = body["chatMessageId"]
            ours = self._message if is_masked(recorded) else self._ids.get(recorded)
            return body | {"chatMessageId": ours or recorded}
        return body

    def _with_participants(self, exchange: Exchange, body: dict[str, Any]) -> dict[str, Any]:
        participants = body.get("participants")
        if participants is None:
            return body
        if is_masked(participants):
            adding = exchange.operation.endswith("/:add")
            participants = [_masked_participant(self._next_removed())] if adding else []
        outgoing = []
        for participant in participants:
            identifier = participant["communicationIdentifier"]
            ours = self._outgoing_identifier(identifier, _refused(exchange))
            outgoing.append(participant | {"communicationIdentifier": ours})
        return body | {"participants": outgoing}

    def _outgoing_identifier(self, identifier: dict[str, Any], masked: str) -> dict[str, Any]:
        """The same identifier with our user in it; `masked` is who is meant by a masked one."""
        recorded = identifier.get("rawId") or identifier["communicationUser"]["id"]
        ours = (masked or self._new_user()) if is_masked(recorded) else self._user(recorded)
        changed: dict[str, Any] = {}
        if "rawId" in identifier:
            changed["rawId"] = ours
        if "communicationUser" in identifier:
            changed["communicationUser"] = {"id": ours}
        return changed

    def _user(self, recorded: str) -> str:
        known = self._ids.get(recorded)
        if known or not RAW_ID.fullmatch(recorded) or recorded in self._recording.foreign_users:
            return known or recorded
        ours = self._new_user()
        self._ids.bind(recorded, ours)
        return ours

    def _new_user(self) -> str:
        raw_id = self._site.new_user()
        self._others.append(raw_id)
        return raw_id

    def _whom_to_remove(self, exchange: Exchange) -> str:
        """A masked removal meant the other participants in turn, then the caller.

        Where the service refused the identifier, its message still has it.
        """
        refused = _refused(exchange)
        if refused:
            return refused
        return self._others.pop(0) if self._others else self._caller

    def _next_removed(self) -> str:
        """Masked participants are added; a user who is removed later must have been among them."""
        for exchange in self._recording.exchanges:
            if exchange.operation.endswith("/:remove"):
                return str(exchange.request_body["rawId"])
        return "sanitized"

    # --- what later requests refer to

    def _remember(self, exchange: Exchange, answer: Answer) -> None:
        if exchange.status != answer.status or not answer.body:
            return
        content = answer.json()
        if exchange.operation == "POST /" and answer.status == 201:
            self._thread = content["chatThread"]["id"]
        if exchange.operation == "POST /{t}/messages" and answer.status == 201:
            self._message = content["id"]
        link = content.get("nextLink")
        recorded_link = (exchange.response_body or {}).get("nextLink")
        if link and recorded_link:
            self._next_links[unquote(_relative(recorded_link))] = _relative(link)

    def _compare_repetition(self, exchange: Exchange, answer: Answer) -> list[Difference]:
        """A creation that was repeated with the same header got the very same body again."""
        thread = exchange.created_thread
        if not thread or exchange.status != answer.status:
            return []
        first = self._repeated.setdefault(thread, answer.body)
        if first == answer.body:
            return []
        return [Difference("repetition", "", first.decode(), answer.body.decode())]

    # --- threads that were there before

    def _make_listed_threads(self) -> None:
        """Make the threads that a list shows although the recording did not create them."""
        created = {exchange.created_thread for exchange in self._recording.exchanges}
        listed = {
            item["id"]: item
            for exchange in self._recording.exchanges
            if exchange.operation == "GET /" and isinstance(exchange.response_body["value"], list)
            for item in exchange.response_body["value"]
        }
        for item in reversed(listed.values()):
            if item["id"] not in created:
                self._make_thread(item)

    def _make_thread(self, item: dict[str, Any]) -> None:
        where = "/chat/threads?api-version=2021-09-07"
        body = {"topic": item["topic"], "participants": []}
        made = self._request("POST", where, body, repeatability_of(item["id"]))
        ours = made.json()["chatThread"]["id"]
        self._ids.bind(item["id"], ours)
        if "deletedOn" in item:
            gone = f"/chat/threads/{ours}?api-version=2021-09-07"
            self._request("DELETE", gone, None)


def _masked_participant(raw_id: str) -> dict[str, Any]:
    return {"communicationIdentifier": {"rawId": raw_id, "communicationUser": {"id": raw_id}}}


def _refused(exchange: Exchange) -> str:
    """The user whom the real service refused in this exchange, or an empty string."""
    body = exchange.response_body or {}
    for participant in body.get("invalidParticipants", ()):
        return str(participant["target"])
    return refused_identifier(exchange)


def _relative(link: str) -> str:
    parts = urlsplit(link)
    return f"{parts.path}?{parts.query}"
