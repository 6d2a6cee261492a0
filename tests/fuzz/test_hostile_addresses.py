"""Hostile query parameters, cursors, ids in paths, headers and tokens."""

from __future__ import annotations

import base64
import json
from urllib.parse import parse_qs, quote, urlsplit

import pytest

from .answers import unclear, unreadable
from .hostile import (
    BAD_CURSORS,
    BAD_MESSAGES,
    BAD_NUMBERS,
    BAD_THREADS,
    BAD_TIMES,
    BAD_VERSIONS,
)
from .operations import LISTS, OPERATIONS, Operation
from .stage import API_VERSION, Answer, Stage, identifier, rows, set_stage

pytestmark = pytest.mark.django_db


@pytest.fixture
def stage() -> Stage:
    """A fresh world for each test."""
    return set_stage()


def ask(stage: Stage, operation: Operation, query: str, thread: str | None = None) -> Answer:
    """The operation without a body on alice's thread, or on another path segment."""
    target = quote(stage.thread_id, safe="") if thread is None else thread
    url = operation.url(target, stage.message_id)
    return stage.send(operation.method, url, query=query)


@pytest.mark.parametrize("operation", LISTS, ids=lambda operation: operation.name)
@pytest.mark.parametrize(
    ("parameter", "hostile"),
    [
        ("maxPageSize", BAD_NUMBERS),
        ("skip", BAD_NUMBERS),
        ("startTime", BAD_TIMES),
        ("syncState", BAD_CURSORS),
    ],
    ids=["maxPageSize", "skip", "startTime", "syncState"],
)
def test_hostile_parameters_of_lists(
    operation: Operation, parameter: str, hostile: tuple[str, ...], stage: Stage
) -> None:
    """A clear 400 or a normal page, alone and twice."""
    problems = []
    for value in hostile:
        pair = f"{parameter}={value}"
        for query in (
            f"{pair}&api-version={API_VERSION}",
            f"{pair}&{pair}&api-version={API_VERSION}",
        ):
            answer = ask(stage, operation, query)
            if answer.status not in (200, 400) or unclear(answer):
                problems.append(f"{pair[:80]}: {answer.status} {unclear(answer)}")
    assert not problems, "\n".join(problems)


@pytest.mark.parametrize("value", ["-1", "0", "abc", ""])
def test_a_page_size_below_one_is_refused(value: str, stage: Stage) -> None:
    """And one beyond the limit is cut to it."""
    for operation in LISTS:
        assert ask(stage, operation, f"maxPageSize={value}&api-version={API_VERSION}").status == 400
        huge = ask(stage, operation, f"maxPageSize=1000000000&api-version={API_VERSION}")
        assert huge.status == 200


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)
def test_hostile_versions(operation: Operation, stage: Stage) -> None:
    """Every operation refuses a version that it does not know, and writes nothing."""
    before = rows()
    for version in BAD_VERSIONS:
        query = "" if version is None else f"api-version={version}"
        answer = ask(stage, operation, query)
        assert (answer.status, unclear(answer)) == (400, ""), version
    assert rows() == before


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)
def test_hostile_thread_ids(operation: Operation, stage: Stage) -> None:
    """A clear 404 or 400, with nothing written."""
    if "{t}" not in operation.path:
        return
    before, problems = rows(), []
    body = b'{"content": "x", "topic": "x", "participants": [], "chatMessageId": "1"}'
    for thread in BAD_THREADS:
        url = operation.url(thread, stage.message_id)
        answer = stage.send(operation.method, url, body if operation.has_body else b"")
        if answer.status not in (400, 404, 405) or unclear(answer):
            problems.append(f"{thread[:60]}: {answer.status} {unclear(answer)}")
    assert not problems, "\n".join(problems)
    assert rows() == before


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
def test_hostile_message_ids(method: str, stage: Stage) -> None:
    """A clear 400 or 404, with nothing written."""
    before, problems = rows(), []
    for message in BAD_MESSAGES:
        body = b'{"content": "x"}' if method == "PATCH" else b""
        answer = stage.send(method, f"{stage.thread}/messages/{message}", body)
        if answer.status not in (400, 404) or unclear(answer):
            problems.append(f"{message[:60]}: {answer.status} {unclear(answer)}")
    for message in BAD_MESSAGES:
        receipt = json.dumps({"chatMessageId": message}).encode()
        answer = stage.send("POST", f"{stage.thread}/readReceipts", receipt)
        if answer.status not in (400, 404) or unclear(answer):
            problems.append(f"receipt {message[:60]}: {answer.status} {unclear(answer)}")
    assert not problems, "\n".join(problems)
    assert rows() == before


@pytest.mark.parametrize(
    "method", ["PUT", "HEAD", "OPTIONS", "TRACE", "BREW", "POST", "PATCH", "DELETE"]
)
def test_hostile_methods(method: str, stage: Stage) -> None:
    """A method that a path does not know is a 404 or 405, never a 5xx."""
    before = rows()
    for path in ("/chat/threads", f"{stage.thread}/participants", f"{stage.thread}/nothing"):
        answer = stage.send(method, path)
        assert answer.status < 500, path
        if method != "HEAD":
            assert not unclear(answer), path
    assert rows() == before


def _send_messages(stage: Stage, count: int) -> None:
    for number in range(count):
        stage.post(f"{stage.thread}/messages", {"content": f"message {number}"})


def _cursor(stage: Stage, path: str) -> tuple[str, str]:
    """A real cursor of a list: the whole next link, and its syncState."""
    page = stage.send("GET", path, query=f"maxPageSize=1&api-version={API_VERSION}").json()
    return page["nextLink"], parse_qs(urlsplit(page["nextLink"]).query)["syncState"][0]


@pytest.mark.parametrize("listed", ["threads", "messages"])
def test_damaged_cursors(listed: str, stage: Stage) -> None:
    """Cut off or with a flipped bit, a cursor is refused or shows what the caller may see."""
    _send_messages(stage, 3)
    stage.post("/chat/threads", {"topic": "Dinner"})
    path = "/chat/threads" if listed == "threads" else f"{stage.thread}/messages"
    everything = {item["id"] for item in stage.send("GET", path).json()["value"]}
    link, cursor = _cursor(stage, path)
    raw = bytearray(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    damaged = [cursor[:length] for length in range(len(cursor))]
    for bit in range(8 * len(raw)):
        flipped = bytearray(raw)
        flipped[bit // 8] ^= 1 << (bit % 8)
        damaged.append(base64.urlsafe_b64encode(flipped).decode().rstrip("="))
    damaged += [cursor + cursor, cursor.swapcase(), cursor[::-1]]
    for token in damaged:
        answer = stage.send("GET", path, query=urlsplit(link).query.replace(cursor, token))
        assert answer.status in (200, 400) and not unclear(answer), token
        if answer.status == 200:
            assert {item["id"] for item in answer.json()["value"]} <= everything


def test_a_cursor_opens_no_history_that_was_not_shared(stage: Stage) -> None:
    """Eve joins without history; alice's cursors and forged ones show her nothing older."""
    from identity.services import create_user, issue_access_token

    _send_messages(stage, 3)
    eve = create_user(resource=stage.alice.resource)
    stage.tokens[eve.pk] = issue_access_token(user=eve, scopes=["chat"]).token
    joined = {
        "communicationIdentifier": identifier(eve.raw_id),
        "shareHistoryTime": "2999-01-01T00:00:00Z",
    }
    stage.post(f"{stage.thread}/participants/:add", {"participants": [joined]})
    link, _ = _cursor(stage, f"{stage.thread}/messages")
    parts = urlsplit(link)
    for query in (parts.query, parts.query + "&startTime=1970-01-01T00:00:00Z"):
        answer = stage.send("GET", parts.path, query=query, user=eve)
        assert answer.status == 400 or answer.json()["value"] == []
    seen = stage.send("GET", f"{stage.thread}/messages", user=eve).json()["value"]
    assert {message["type"] for message in seen} <= {"participantAdded"}


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)
def test_damaged_tokens(operation: Operation, stage: Stage) -> None:
    """Every change of a token is a 401 with an empty body, and nothing is written."""
    before = rows()
    token = stage.tokens[stage.alice.pk]
    header, payload, signature = token.split(".")
    none = base64.urlsafe_b64encode(b'{"alg":"none","typ":"JWT"}').decode().rstrip("=")
    damaged = [
        "",
        "abc",
        "a.b.c",
        "...",
        "é",
        "x" * 9000,
        token[:-10],
        token + "A" * 10,
        token.swapcase(),
        f"{none}.{payload}.",
        f"{none}.{payload}.{signature}",
        f"{header}.{payload}",
        f"{header}.{payload}.",
        f"{header}.{header}.{signature}",
        f"{header}..{signature}",
    ]
    damaged += [_flipped(token, position) for position in range(0, len(token) - 2, 30)]
    url = operation.url(quote(stage.thread_id, safe=""), stage.message_id)
    for value in damaged:
        for scheme in ("Bearer ", "Basic ", ""):
            answer = stage.send(operation.method, url, headers={"authorization": scheme + value})
            assert (answer.status, answer.body) == (401, b""), scheme + value
    assert rows() == before
    assert unreadable(stage) == []


def _flipped(token: str, position: int) -> str:
    other = "A" if token[position] != "A" else "B"
    return token[:position] + other + token[position + 1 :]


@pytest.mark.parametrize(
    "header",
    ["repeatability-request-id", "x-ms-client-request-id", "origin", "accept", "traceparent"],
)
@pytest.mark.parametrize(
    "value", ["", " ", "é", "x" * 5000, 'a,b;c="d"', "\x7f", "null", "*/*;q=2"]
)
def test_hostile_headers(header: str, value: str, stage: Stage) -> None:
    """Headers are ignored, stored or refused, never a 5xx; the same create twice is one thread."""
    body = b'{"topic": "Lunch"}'
    first, second = (
        stage.send("POST", "/chat/threads", body, headers={header: value}) for _ in range(2)
    )
    assert not unclear(first)
    assert first.status == second.status
    if header == "repeatability-request-id" and first.status == 201 and value.strip():
        assert first.body == second.body
