"""The short path gives the answers of the ordinary views, byte by byte.

Each request goes to two handlers of one process and database: one without hot operations, then one
with them. tests/test_short_path_servers.py does it with two servers.
"""

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
from django.test import override_settings

from events.models import Event
from identity.models import Resource
from tests.both_paths import Both, Stage, expired_token, headers_of
from tests.cast import Person, make_person
from wire.short_path import parse_query
from wire.versions import SUPPORTED

NEWEST = "2025-03-15"


@pytest.fixture(scope="module")
def both() -> Both:
    return Both()


# --- the stage -----------------------------------------------------------------------------------


@pytest.fixture
def stage(resource: Resource, alice: Person, bob: Person, eve: Person, mallory: Person) -> Stage:
    carol = make_person("Carol", resource)
    caller = make_person("Dave", resource, "voip")
    thread = alice.create_thread(bob, carol)
    first = alice.send(thread, "Привет 🚆", senderDisplayName="Alice", metadata={"tag": "1"})
    bob.send(thread, "<b>html</b> &amp; text", type="html")
    for number in range(5):
        alice.send(thread, f"message {number}")
    bob.patch(f"{thread}/messages/{bob.send(thread, 'draft')}", {"content": "edited"})
    bob.delete(f"{thread}/messages/{bob.send(thread, 'gone')}")
    alice.post(f"{thread}/participants/:remove", carol.identifier)
    deleted = alice.create_thread(bob)
    alice.delete(deleted)
    people = {one.name.lower(): one for one in (alice, bob, carol, eve, mallory, caller)}
    given = {name: one.token for name, one in people.items()}
    given |= {"expired": expired_token(alice), "forged": alice.token[:-4] + "AAAA"}
    return Stage(people, given | {"nonsense": "nonsense", "empty": ""}, thread, deleted, first)


# --- ordinary requests, which the short path answers ----------------------------------------------

THREAD = "/chat/threads/{thread}"
SEND, LIST = ("POST", f"{THREAD}/messages"), ("GET", f"{THREAD}/messages")
READ, TYPING = ("POST", f"{THREAD}/readReceipts"), ("POST", f"{THREAD}/typing")
RECEIPT = {"chatMessageId": "{first}"}
HOT: dict[str, tuple[tuple[str, str], dict[str, Any] | None]] = {
    "send": (SEND, {"content": "hello"}),
    "list": (LIST, None),
    "read": (READ, RECEIPT),
    "typing": (TYPING, {}),
}
every_operation = pytest.mark.parametrize("operation", HOT)


def _json(body: Any) -> bytes:
    return b"" if body is None else json.dumps(body, ensure_ascii=False).encode()


def request_of(stage: Stage, operation: str, query: str = "") -> tuple[str, str, bytes]:
    """Method, target and body of an operation, with the newest api-version."""
    (method, template), body = HOT[operation]
    more = f"{query}&" if query else ""
    target = f"{stage.path(template)}?{more}api-version={NEWEST}"
    return method, target, stage.body(_json(body))


@every_operation
def test_every_version_has_the_same_answers(both: Both, stage: Stage, operation: str) -> None:
    headers = headers_of(stage.tokens["alice"])
    for version in SUPPORTED:
        method, target, body = request_of(stage, operation)
        target = target.replace(NEWEST, version)
        answer = both.assert_same(version, method, target, headers, body, short=True)
        assert answer.status == (201 if operation == "send" else 200)


BODIES = {
    "text": {"content": "hello", "type": "text"},
    "html": {"content": '<p onclick="x()">hello</p><script>x</script>', "type": "html"},
    "metadata": {"content": "x", "metadata": {"a": "1", "ключ": "значение"}},
    "no metadata": {"content": "x", "metadata": {}},
    "priority": {"content": "x", "metadata": {"priority": "high"}},
    "native priority": {"content": "x", "priority": "high"},
    "emoji": {"content": "👩‍👩‍👧‍👦 🚆", "senderDisplayName": "Алиса 🐇"},
    "quotes": {"content": "\"'\\ / \u2028 \u0000 end"},
    "unknown members": {"content": "x", "somethingElse": [1, {"a": None}]},
    "another letter case": {"Content": "x", "TYPE": "text"},
    "no name": {"content": "x", "senderDisplayName": None},
    "no type": {"content": "x", "type": None},
    "empty": {"content": ""},
    "nothing": {},
    "number": {"content": 5},
    "system type": {"content": "x", "type": "topicUpdated"},
    "long name": {"content": "x", "senderDisplayName": "n" * 300},
    "metadata with a number": {"content": "x", "metadata": {"a": 1}},
    "too large": {"content": "x" * 29_000},
    "half a pair": {"content": "\ud83d"},
}


def test_every_message_has_the_same_answer(both: Both, stage: Stage) -> None:
    _, target, _ = request_of(stage, "send")
    headers = headers_of(stage.tokens["alice"])
    for name, body in BODIES.items():
        answer = both.assert_same(name, "POST", target, headers, json.dumps(body).encode())
        assert both.short.was_short is (answer.status == 201), name
        if answer.status == 201:
            assert _stored(stage, 0) == _stored(stage, 1), name


def _stored(stage: Stage, back: int) -> list[Any]:
    """The message and the event of the last send but `back`, without numbers and times."""
    message = stage.people["bob"].messages(stage.thread)[back]
    event = Event.objects.filter(thread_id=stage.raw_thread).order_by("-sequence")[back]
    for name in ("id", "version", "sequenceId", "createdOn"):
        del message[name]
    del event.data["message_id"], event.data["message_sequence"]
    return [message, event.type, event.data]


NAMES: list[Any] = [
    {},
    {"senderDisplayName": "Alice 🐇"},
    {"senderDisplayName": ""},
    {"senderDisplayName": None},
    {"senderDisplayName": 5},
    {"other": 1},
    [],
    None,
    "text",
]


def test_every_typing_notification_has_the_same_answer(both: Both, stage: Stage) -> None:
    _, target, _ = request_of(stage, "typing")
    for body in NAMES:
        both.assert_same(body, "POST", target, headers_of(stage.tokens["bob"]), _json(body))


MESSAGE_IDS: list[Any] = ["{first}", "1", "0", "-1", "x", "", "9" * 30, None, 5, "1e3", " 1", []]


def test_every_read_receipt_has_the_same_answer(both: Both, stage: Stage) -> None:
    _, target, _ = request_of(stage, "read")
    for message_id in MESSAGE_IDS:
        body = stage.body(_json({"chatMessageId": message_id}))
        headers = headers_of(stage.tokens["bob"])
        answer = both.assert_same(message_id, "POST", target, headers, body)
        assert both.short.was_short is (answer.status == 200)


QUERIES = [
    "maxPageSize=1",
    "maxPageSize=200",
    "maxPageSize=0",
    "maxPageSize=-1",
    "maxPageSize=201",
    "maxPageSize=x",
    "maxPageSize=",
    "maxPageSize=%2B5",
    "maxPageSize=05",
    "maxPageSize=%D9%A5",
    "MaxPageSize=2",
    "startTime=2020-01-01T00:00:00Z",
    "startTime=2020-01-01T00:00:00.1234567%2B02:00",
    "startTime=2999-01-01T00:00:00Z",
    "startTime=yesterday",
    "startTime=",
    "startTime=0001-01-01T00:00:00Z",
    "syncState=nonsense",
    "syncState=",
    "unknown=1",
    "unknown",
    "a=1;b=2",
    "%",
    "x=%FF",
    "maxPageSize=2&maxPageSize=3",
    f"api-version={NEWEST}",
    "api-version=1999-01-01",
    "Api-Version=1999-01-01",
]


@every_operation
def test_every_query_has_the_same_answer(both: Both, stage: Stage, operation: str) -> None:
    for query in QUERIES:
        method, target, body = request_of(stage, operation, query)
        both.assert_same(query, method, target, headers_of(stage.tokens["alice"]), body)


@pytest.mark.parametrize("size", [1, 3, 200])
@pytest.mark.parametrize("name", ["alice", "bob"])
def test_walks_through_all_pages_are_the_same(
    both: Both, stage: Stage, name: str, size: int
) -> None:
    _, target, _ = request_of(stage, "list", f"maxPageSize={size}")
    pages, headers = 0, headers_of(stage.tokens[name], kind="")
    while target:
        ordinary, shortly = both.ask("GET", target, headers)
        # The rows are the same, so even ids and times are.
        assert shortly.body == ordinary.body
        assert shortly.normalized() == ordinary.normalized()
        assert both.short.was_short
        parts = urlsplit(json.loads(shortly.body).get("nextLink", ""))
        target, pages = f"{parts.path}?{parts.query}" if parts.path else "", pages + 1
    assert pages >= 10 // size


# --- unusual requests, which the ordinary view answers -------------------------------------------


OTHERS = ["carol", "eve", "mallory", "dave", "expired", "forged", "nonsense", "empty"]


@every_operation
def test_others_are_refused_alike(both: Both, stage: Stage, operation: str) -> None:
    for who in OTHERS:
        method, target, body = request_of(stage, operation)
        headers = headers_of(stage.tokens[who])
        answer = both.assert_same(who, method, target, headers, body, short=False)
        assert answer.status in (401, 403, 404), who


@every_operation
def test_other_threads_are_refused_alike(both: Both, stage: Stage, operation: str) -> None:
    for thread in ("{deleted}", "19:nothing@thread.v2", "x", "%F0%9F", ""):
        method, target, body = request_of(stage, operation)
        target = target.replace(quote(stage.raw_thread, safe=""), stage.path(thread))
        headers = headers_of(stage.tokens["alice"])
        both.assert_same(thread, method, target, headers, body, short=False)


@every_operation
def test_unknown_versions_are_refused_alike(both: Both, stage: Stage, operation: str) -> None:
    for version in ("", "1999-01-01", "2025-03-15%20", "2025-03-15-PREVIEW"):
        method, target, body = request_of(stage, operation)
        target = target.replace(NEWEST, version)
        headers = headers_of(stage.tokens["alice"])
        both.assert_same(version, method, target, headers, body, short=False)


@every_operation
def test_every_method_has_the_same_answer(both: Both, stage: Stage, operation: str) -> None:
    _, target, body = request_of(stage, operation)
    for method in ("HEAD", "PUT", "DELETE", "PATCH", "OPTIONS", "GET", "POST"):
        both.assert_same(method, method, target, headers_of(stage.tokens["alice"]), body)


BROKEN = {
    "no body": b"",
    "cut": b'{"content": "x',
    "list": b"[]",
    "text": b'"x"',
    "null": b"null",
    "not UTF-8": b'{"content": "\xff"}',
    "byte order mark": b'\xef\xbb\xbf{"content": "x"}',
    "NaN": b'{"content": NaN}',
    "duplicate member": b'{"content": "a", "content": "b", "chatMessageId": "1"}',
    "deep": b"[" * 5000,
    "comment": b'{"content": "x"} // x',
    "huge number": b'{"content": "x", "n": ' + b"9" * 5000 + b"}",
    "too large": b'{"content": "' + b"x" * 2_000_000 + b'"}',
}


@pytest.mark.parametrize("operation", ["send", "read", "typing"])
def test_broken_bodies_have_the_same_answer(both: Both, stage: Stage, operation: str) -> None:
    method, target, _ = request_of(stage, operation)
    for name, body in BROKEN.items():
        both.assert_same(name, method, target, headers_of(stage.tokens["bob"]), body)


TYPES = ["", "text/plain", "application/json; charset=utf-8", "Application/JSON", "text/json"]
TYPES += ["application/merge-patch+json", "application/json; charset=utf-16", "multipart/form-data"]
TYPES += ["application/x-www-form-urlencoded", "json", ";"]


@every_operation
def test_every_content_type_has_the_same_answer(both: Both, stage: Stage, operation: str) -> None:
    method, target, body = request_of(stage, operation)
    for kind in TYPES:
        headers = headers_of(stage.tokens["alice"], kind=kind)
        both.assert_same(kind, method, target, headers, body)


MORE_HEADERS = [
    ("origin", "https://example.com"),
    ("origin", "null"),
    ("origin", "https://[broken"),
    ("x-forwarded-proto", "https"),
    ("x-forwarded-host", "evil.example"),
    ("x-forwarded-for", "1.2.3.4"),
    ("forwarded", "host=evil.example;proto=https"),
    ("repeatability-request-id", "11111111-1111-4111-8111-111111111111"),
    ("x-ms-client-request-id", "my request"),
    ("x-http-method-override", "DELETE"),
    ("accept", "text/html"),
    ("accept-encoding", "gzip, br"),
    ("accept-language", "de"),
    ("content-encoding", "gzip"),
    ("expect", "100-continue"),
    ("cookie", "sessionid=x; csrftoken=y"),
    ("if-none-match", "*"),
    ("range", "bytes=0-1"),
    ("authorization", "Bearer second"),
    ("host", "second"),
    ("content-type", "text/plain"),
    ("x-name", "\xff\xfe"),
]


@every_operation
def test_every_header_has_the_same_answer(both: Both, stage: Stage, operation: str) -> None:
    method, target, body = request_of(stage, operation)
    for header in MORE_HEADERS:
        headers = headers_of(stage.tokens["alice"], header)
        both.assert_same(header, method, target, headers, body)


def test_an_origin_without_a_value_has_the_same_answer(both: Both, stage: Stage) -> None:
    method, target, body = request_of(stage, "send")
    headers = headers_of(stage.tokens["alice"], ("origin", ""))
    both.assert_same("origin", method, target, headers, body)


def test_a_query_too_long_for_the_cache_is_left_to_the_view_with_the_same_answer(
    both: Both, stage: Stage
) -> None:
    method, target, body = request_of(stage, "send")
    parse_query.cache_clear()
    long_target = f"{target}&padding={'x' * 2000}"
    both.assert_same("query", method, long_target, headers_of(stage.tokens["alice"]), body)
    assert parse_query.cache_info().currsize == 0


@every_operation
def test_every_host_has_the_same_answer(both: Both, stage: Stage, operation: str) -> None:
    method, target, body = request_of(stage, operation)
    headers = headers_of(stage.tokens["alice"])[1:]
    both.assert_same("no host", method, target, headers, body)
    for host in ("", "evil.example", "testserver:8000", "TESTSERVER", "a b", "["):
        given = [(b"host", host.encode()), *headers]
        both.assert_same(host, method, target, given, body)


@every_operation
def test_every_authorization_has_the_same_answer(both: Both, stage: Stage, operation: str) -> None:
    method, target, body = request_of(stage, operation)
    headers = [one for one in headers_of("") if one[0] != b"authorization"]
    for scheme in ("Bearer", "bearer", "BEARER ", "Basic", "Bearer\t", ""):
        given = (b"authorization", f"{scheme} {stage.tokens['alice']}".encode())
        both.assert_same(scheme, method, target, [*headers, given], body)


@pytest.fixture
def behind_proxy(stage: Stage) -> Iterator[Both]:
    """Both handlers with the settings of a server in production behind a proxy."""
    with override_settings(
        SECURE_SSL_REDIRECT=True,
        SECURE_HSTS_SECONDS=31_536_000,
        SECURE_HSTS_INCLUDE_SUBDOMAINS=True,
        SECURE_HSTS_PRELOAD=True,
        SECURE_PROXY_SSL_HEADER=("HTTP_X_FORWARDED_PROTO", "https"),
        USE_X_FORWARDED_HOST=True,
    ):
        yield Both()


PROXIED = [
    ({"x-forwarded-proto": "https"}, True),
    ({"x-forwarded-proto": "https", "x-forwarded-host": "testserver:444"}, True),
    ({"x-forwarded-proto": "https, http", "origin": "https://example.com"}, True),
    ({"x-forwarded-proto": "https", "x-forwarded-host": "evil.example"}, False),
    ({"x-forwarded-proto": "http"}, False),
    ({}, False),
]


@every_operation
def test_a_server_behind_a_proxy_has_the_same_answers(
    stage: Stage, behind_proxy: Both, operation: str
) -> None:
    method, target, body = request_of(stage, operation)
    for more, short in PROXIED:
        headers = headers_of(stage.tokens["alice"], *more.items())
        behind_proxy.assert_same(more, method, target, headers, body, short=short)
