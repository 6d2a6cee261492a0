"""Comparing an answer of this server with the recorded answer of the real service.

Nothing here knows Django: an `Answer` is a status, headers and bytes. Values that no two servers
can share (ids, times, versions) are compared by their form and by how they hang together.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from .ids import IdMap
from .recordings import RAW_ID, THREAD_ID, Exchange, is_masked
from .relations import TIMESTAMP, broken_relations

# Parameters of a nextLink that only the server that wrote it can read.
OPAQUE_PARAMETERS = frozenset({"syncState", "startTime"})
# Their values must be equal; of every other recorded header only the presence counts.
EXACT_HEADERS = frozenset(
    {"content-type", "access-control-allow-origin", "access-control-expose-headers"}
)
# Headers that must not appear where the real service did not send them.
NEVER_EXTRA_HEADERS = frozenset({"content-type", "location"})


@dataclass(frozen=True)
class Difference:
    """One point where the answer is not the recorded one."""

    kind: str
    where: str
    recorded: str
    actual: str


@dataclass(frozen=True)
class Answer:
    """What this server answered; header names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """The body as JSON, without the `error` root that stands beside `CommunicationError`."""
        content = json.loads(self.body)
        if isinstance(content, dict) and "CommunicationError" in content:
            content.pop("error", None)
        return content


def compare(recorded: Exchange, actual: Answer, ids: IdMap) -> list[Difference]:
    """Every difference between the two answers; pairs the ids that are new in them."""
    if recorded.status != actual.status:
        refused = _refused_version(actual)
        kind = "version" if refused else "status"
        return [Difference(kind, "status", str(recorded.status), str(actual.status))]
    differences = list(_compare_body(recorded, actual, ids))
    differences += _compare_headers(recorded, actual)
    differences += _compare_location(recorded, actual, ids)
    return differences


def _refused_version(actual: Answer) -> bool:
    try:
        content = json.loads(actual.body)
        return bool(content["error"]["code"] == "UnsupportedApiVersion")
    except (ValueError, KeyError, TypeError):
        return False


def _compare_headers(recorded: Exchange, actual: Answer) -> Iterator[Difference]:
    for name, value in recorded.response_headers.items():
        if name == "location" or (name == "content-length" and value != "0"):
            continue
        found = actual.headers.get(name)
        if found is None:
            yield Difference("header", name, value, "absent")
        elif name in EXACT_HEADERS | {"content-length"} and found != value:
            yield Difference("header", name, value, found)
    for name in NEVER_EXTRA_HEADERS - set(recorded.response_headers):
        if name in actual.headers:
            yield Difference("header", name, "absent", actual.headers[name])


def _compare_location(recorded: Exchange, actual: Answer, ids: IdMap) -> Iterator[Difference]:
    """The Location is the recorded one, on our host, with our ids, encoded in the same way."""
    before = recorded.response_headers.get("location")
    after = actual.headers.get("location")
    if before is None:
        return
    if after is None:
        yield Difference("header", "location", before, "absent")
        return
    expected = _with_our_ids(urlsplit(before).path, ids)
    parts = urlsplit(after)
    if parts.path != expected or not (parts.scheme and parts.netloc) or parts.query:
        yield Difference("location", "location", expected, after)


def _with_our_ids(path: str, ids: IdMap) -> str:
    segments = []
    for segment in path.split("/"):
        ours = ids.get(unquote(segment))
        segments.append(ours.replace(":", "%3A") if ours else segment)
    return "/".join(segments)


def _compare_body(recorded: Exchange, actual: Answer, ids: IdMap) -> Iterator[Difference]:
    if recorded.response_body is None:
        if actual.body:
            yield Difference("body", "", "empty", actual.body.decode(errors="replace"))
        return
    try:
        content = actual.json()
    except ValueError:
        yield Difference("body", "", "JSON", actual.body.decode(errors="replace"))
        return
    _pair_masked_thread(recorded, content, ids)
    yield from _compare_value("", recorded.response_body, content, ids)
    yield from (Difference("relation", *broken) for broken in broken_relations(content))


def _pair_masked_thread(recorded: Exchange, content: Any, ids: IdMap) -> None:
    """A masked id in the body of a creation is still readable in the recorded Location."""
    if recorded.created_thread:
        ids.bind(recorded.created_thread, content["chatThread"]["id"])
    if recorded.sent_message:
        ids.bind(recorded.sent_message, content["id"])


def _compare_value(where: str, recorded: Any, actual: Any, ids: IdMap) -> Iterator[Difference]:
    if actual is None:
        yield Difference("null", where, _short(recorded), "null")
    elif is_masked(recorded):
        return
    elif type(recorded) is not type(actual):
        yield Difference("type", where, type(recorded).__name__, type(actual).__name__)
    elif isinstance(recorded, dict):
        yield from _compare_members(where, recorded, actual, ids)
    elif isinstance(recorded, list):
        yield from _compare_items(where, recorded, actual, ids)
    elif isinstance(recorded, str):
        yield from _compare_text(where, recorded, actual, ids)
    elif recorded != actual:
        yield Difference("value", where, str(recorded), str(actual))


def _compare_members(
    where: str, recorded: dict[str, Any], actual: dict[str, Any], ids: IdMap
) -> Iterator[Difference]:
    for name in recorded.keys() - actual.keys():
        yield Difference("missing", f"{where}.{name}", _short(recorded[name]), "absent")
    for name in actual.keys() - recorded.keys():
        yield Difference("extra", f"{where}.{name}", "absent", _short(actual[name]))
    before = [name for name in recorded if name in actual]
    after = [name for name in actual if name in recorded]
    if before != after:
        yield Difference("order", where, " ".join(before), " ".join(after))
    _pair_masked_message(recorded, actual, ids)
    for name in before:
        yield from _compare_value(f"{where}.{name}", recorded[name], actual[name], ids)


def _pair_masked_message(recorded: dict[str, Any], actual: dict[str, Any], ids: IdMap) -> None:
    """Until it is edited a message's version is its id, and versions were not masked."""
    if is_masked(recorded.get("id")) and not {"editedOn", "deletedOn"} & recorded.keys():
        version = recorded.get("version")
        if isinstance(version, str) and isinstance(actual.get("id"), str):
            ids.bind(version, actual["id"])


def _compare_items(
    where: str, recorded: list[Any], actual: list[Any], ids: IdMap
) -> Iterator[Difference]:
    if len(recorded) != len(actual):
        yield Difference("count", where, str(len(recorded)), str(len(actual)))
    for index, (before, after) in enumerate(zip(recorded, actual, strict=False)):
        yield from _compare_value(f"{where}.{index}", before, after, ids)


def _compare_text(where: str, recorded: str, actual: str, ids: IdMap) -> Iterator[Difference]:
    name = where.rpartition(".")[2]
    if name == "nextLink":
        yield from _compare_next_link(where, recorded, actual, ids)
        return
    if name == "version":
        same = actual.isdigit() and len(actual) == len(recorded)
    elif name.endswith("On") and TIMESTAMP.fullmatch(recorded):
        same = TIMESTAMP.fullmatch(actual) is not None
    elif _is_id(name, recorded):
        same = ids.bind(recorded, actual) or recorded == actual
    else:
        same = recorded == actual or ids.matches(recorded, actual)
    if not same:
        yield Difference("value", where, recorded, actual)
    if name == "id" and same and thread_id_form(recorded) != thread_id_form(actual):
        yield Difference("id form", where, thread_id_form(recorded), thread_id_form(actual))


def _is_id(name: str, value: str) -> bool:
    if name not in {"id", "rawId", "chatMessageId"}:
        return False
    return bool(value.isdigit() or RAW_ID.fullmatch(value) or THREAD_ID.fullmatch(value))


def thread_id_form(text: str) -> str:
    """Which of the real service's three forms of thread ids this is; empty for anything else."""
    if not THREAD_ID.fullmatch(text):
        return ""
    middle = text.removeprefix("19:").removesuffix("@thread.v2")
    if len(middle) == 32 and set(middle) <= set("0123456789abcdef"):
        return "19:{hex}"
    if middle.startswith("acsV1_") and len(middle) == 50 and middle.endswith("1"):
        return "19:acsV1_{base64}1"
    return "19:{base64}1" if len(middle) == 44 and middle.endswith("1") else "other"


def _compare_next_link(where: str, recorded: str, actual: str, ids: IdMap) -> Iterator[Difference]:
    before, after = urlsplit(recorded), urlsplit(actual)
    if after.scheme != before.scheme or not after.netloc:
        yield Difference("link", where, "an absolute https URL", actual)
    path = "/".join(ids.get(segment) or segment for segment in before.path.split("/"))
    if after.path != path:
        yield Difference("link", where, path, after.path)
    had, has = parse_qs(before.query), parse_qs(after.query)
    if list(had) != list(has):
        yield Difference("link", where, " ".join(had), " ".join(has))
    for name in had.keys() & has.keys() - OPAQUE_PARAMETERS:
        if had[name] != has[name]:
            yield Difference("link", f"{where}.{name}", str(had[name]), str(has[name]))


def _short(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)[:200]
