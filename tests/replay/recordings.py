"""Reading the recordings of the real service, in the order in which they were made.

A recording is one JSON file: ``{"exchanges": [{method, path, query, request_headers, request_body,
status, response_headers, response_body}]}``. Identity calls were left out, tokens and many ids are
masked. The files live outside the repository; CHATSITE_TEST_RECORDINGS names their folder.
"""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote

ROOT = Path(__file__).resolve().parents[2]
MASKS = frozenset({"sanitized", "REDACTED"})
OLDEST_PREVIEW = "2020-09-21-preview2"

THREAD_ID = re.compile(r"19:[A-Za-z0-9_-]+@thread\.v2")
_GUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
RAW_ID = re.compile(rf"8:acs:{_GUID}_{_GUID}")
INVALID_IDENTIFIER = re.compile(r"Identifier format is invalid \((.*)\)\.")

# The JavaScript test suites made one thread for all their tests, and each test became a file of
# its own. This is the order of those tests (it agrees with the recorded dates).
JAVASCRIPT_TEST_ORDER = (
    "creates_a_thread",
    "deletes_a_thread",
    "initializes_chatthreadclient",
    "gets_the_thread_properties",
    "updates_the_thread_topic",
    "updates_the_thread_metadata",
    "sends_a_message",
    "sends_typing_notification",
    "sends_read_receipt",
    "retrieves_a_message",
    "lists_messages_one_by_one_and_by_page",
    "deletes_a_message",
    "adds_participants",
    "lists_participants",
    "remove_a_participant",
    "lists_read_receipts",
)


def is_masked(value: object) -> bool:
    """Whether the SDK teams blanked this value before they stored the recording."""
    return isinstance(value, str) and value in MASKS


@dataclass(frozen=True)
class Exchange:
    """One request of a recording and the real service's answer."""

    method: str
    path: str
    query: str
    request_headers: dict[str, str]
    request_body: Any
    status: int
    response_headers: dict[str, str]
    response_body: Any

    @property
    def segments(self) -> list[str]:
        """The still encoded path segments after ``/chat/threads``."""
        return [segment for segment in self.path.split("/")[3:] if segment]

    @property
    def operation(self) -> str:
        """The request with its ids left out: ``GET /{t}/messages/{m}``."""
        segments = [unquote(segment) for segment in self.segments]
        if segments:
            segments[0] = "{t}"
        if len(segments) == 3 and segments[1] == "messages":
            segments[2] = "{m}"
        return f"{self.method} /{'/'.join(segments)}"

    @property
    def thread_id(self) -> str:
        """The thread id in the path, decoded, or an empty string."""
        return unquote(self.segments[0]) if self.segments else ""

    @property
    def created_thread(self) -> str:
        """The id of the thread that this exchange created, or an empty string.

        Where the body is masked, the Location header still has it.
        """
        if self.operation != "POST /" or self.status != 201:
            return ""
        thread_id = self.response_body["chatThread"]["id"]
        if not is_masked(thread_id):
            return str(thread_id)
        found = THREAD_ID.search(unquote(self.response_headers.get("location", "")))
        return found.group() if found else ""

    @property
    def sent_message(self) -> str:
        """The id of the message that this exchange sent, or an empty string."""
        if self.operation != "POST /{t}/messages" or self.status != 201:
            return ""
        message_id = self.response_body["id"]
        if not is_masked(message_id):
            return str(message_id)
        last = self.response_headers.get("location", "").rpartition("/messages/")[2]
        return last if last.isdigit() else ""


@dataclass(frozen=True)
class Recording:
    """One recording file, and the requests of its siblings that have to come first."""

    folder: str
    name: str
    exchanges: tuple[Exchange, ...]
    prelude: tuple[Exchange, ...] = field(default=())

    @property
    def id(self) -> str:
        """``folder/name``, as in the index of the recordings."""
        return f"{self.folder}/{self.name}"

    @property
    def flow(self) -> tuple[Exchange, ...]:
        """Everything to send, in order."""
        return self.prelude + self.exchanges

    @property
    def caller(self) -> str:
        """The raw id of the user who made the requests, or an empty string when it is masked.

        Every recorded request was made by the creator of the thread.
        """
        for exchange in self.flow:
            if exchange.created_thread:
                creator = exchange.response_body["chatThread"]["createdByCommunicationIdentifier"]
                return "" if is_masked(creator["rawId"]) else str(creator["rawId"])
        return ""

    @property
    def foreign_users(self) -> frozenset[str]:
        """Raw ids of users of other resources: the real service refused them."""
        refused = (
            participant["target"]
            for exchange in self.flow
            if isinstance(exchange.response_body, dict)
            for participant in exchange.response_body.get("invalidParticipants", ())
        )
        return frozenset(refused)


def recordings_folder() -> Path:
    """Where the recordings are expected."""
    default = ROOT.parent / "shared" / "data" / "recordings"
    return Path(os.environ.get("CHATSITE_TEST_RECORDINGS", default))


def load_recordings(folder: Path | None = None) -> list[Recording]:
    """Every recording below the folder, sorted by id; an empty list without such a folder."""
    root = folder or recordings_folder()
    loaded = [_load(path) for path in sorted(root.glob("*/*.json"))]
    return [_with_prelude(recording, loaded) for recording in loaded]


def _load(path: Path) -> Recording:
    content = json.loads(path.read_text(encoding="utf-8"))
    exchanges = tuple(_exchange(item, path.parent.name) for item in content["exchanges"])
    return Recording(path.parent.name, path.stem, exchanges)


def _exchange(item: dict[str, Any], folder: str) -> Exchange:
    query = item["query"]
    if "api-version=" not in query and folder.startswith("js-preview2"):
        query = f"api-version={OLDEST_PREVIEW}"
    return Exchange(
        method=item["method"],
        path=item["path"],
        query=query,
        request_headers=item["request_headers"],
        request_body=item["request_body"],
        status=item["status"],
        response_headers=item["response_headers"],
        response_body=None if item["response_body"] == "" else item["response_body"],
    )


def _with_prelude(recording: Recording, everything: list[Recording]) -> Recording:
    if not recording.folder.startswith("js-20"):
        return recording
    threads = _threads(recording)
    family = recording.name.partition(".")[0]
    earlier = sorted(
        (
            sibling
            for sibling in everything
            if sibling.folder == recording.folder
            and sibling.name.partition(".")[0] == family
            and _rank(sibling) < _rank(recording)
            and _threads(sibling) & threads
        ),
        key=_rank,
    )
    writes = tuple(
        exchange
        for sibling in earlier
        for exchange in sibling.exchanges
        if exchange.method != "GET"
    )
    return Recording(recording.folder, recording.name, recording.exchanges, writes)


def _rank(recording: Recording) -> int:
    test = recording.name.rpartition("recording_successfully_")[2]
    return JAVASCRIPT_TEST_ORDER.index(test)


def _threads(recording: Recording) -> set[str]:
    used = {exchange.thread_id or exchange.created_thread for exchange in recording.exchanges}
    return used - {""}
