"""POST /chat/threads/{id}/messages."""

import time
from typing import Any

import pytest
from django.db import connection

from events.models import Event
from messaging.models import ChatMessage
from tests.cast import NOT_A_MEMBER, Person, error_of
from threads.tests.test_add_participants import crowd
from wire.times import now_ms, to_wire


def test_a_message_is_answered_with_its_id_and_address(alice: Person) -> None:
    thread = alice.create_thread()
    before = now_ms()
    answer = alice.post(f"{thread}/messages", {"content": "hello"})
    assert answer.status_code == 201
    message_id = answer.json()["id"]
    assert answer.json() == {"id": message_id}
    assert before <= int(message_id) <= now_ms() + 3
    encoded = thread.replace("19:", "19%3A")
    assert answer["Location"] == f"http://testserver{encoded}/messages/{message_id}"


def test_a_message_reads_as_it_was_sent(alice: Person, bob: Person) -> None:
    thread = alice.create_thread(bob)
    message_id = alice.send(
        thread, "hello", senderDisplayName="Al", metadata={"a": "b", "empty": ""}
    )
    message = bob.get(f"{thread}/messages/{message_id}").json()
    assert message == {
        "id": message_id,
        "type": "text",
        "sequenceId": "3",
        "version": message_id,
        "content": {"message": "hello", "attachments": []},
        "senderDisplayName": "Al",
        "createdOn": to_wire(int(message_id)),
        "senderCommunicationIdentifier": alice.identifier,
        "metadata": {"a": "b", "empty": ""},
    }
    assert list(message)[:6] == [
        "id", "type", "sequenceId", "version", "content", "senderDisplayName"
    ]  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        "👋🏽 👩‍👩‍👧‍👦 \U0001f980 é ﷽ 中文 \u202eright",
        " leading and trailing \n\t ",
        "<b>not html</b> & \"quotes\" \\ / 'single'",
        "%41 %22 + ; null",
        "\u0001\u007f\u2028",
        "0",
    ],
)
def test_text_is_kept_byte_for_byte(alice: Person, bob: Person, text: str) -> None:
    thread = alice.create_thread(bob)
    message_id = alice.send(thread, text)
    assert bob.get(f"{thread}/messages/{message_id}").json()["content"]["message"] == text
    assert bob.texts(thread) == [text]


def test_escaped_and_raw_emoji_are_the_same(alice: Person) -> None:
    thread = alice.create_thread()
    for body in (b'{"content": "\\ud83d\\ude00"}', '{"content": "😀"}'.encode()):
        assert alice.post(f"{thread}/messages", body).status_code == 201
    assert alice.texts(thread) == ["😀", "😀"]


@pytest.mark.parametrize(
    ("html", "kept"),
    [
        ("<div>test</div>", "<div>test</div>"),
        ("<p>a <b>b</b> <i>c</i></p>", "<p>a <b>b</b> <i>c</i></p>"),
        ('<a href="https://example.org/?a=1">x</a>', '<a href="https://example.org/?a=1">x</a>'),
        ("<p>x</p><script>alert(1)</script>", "<p>x</p>"),
        ('<p onclick="x()">y</p>', "<p>y</p>"),
        ('<a href="javascript:x()">y</a>', "<a>y</a>"),
        ('<img src="https://t.example/1.gif">y', "y"),
        ('<p style="position:fixed">y</p>', "<p>y</p>"),
        ("<iframe src='//evil'></iframe>y", "y"),
        ("<svg><g onload=x()></g></svg>y", "y"),
    ],
)
def test_html_keeps_its_formatting_and_nothing_else(alice: Person, html: str, kept: str) -> None:
    thread = alice.create_thread()
    message_id = alice.send(thread, html, type="html")
    message = alice.get(f"{thread}/messages/{message_id}").json()
    assert (message["type"], message["content"]["message"]) == ("html", kept)


def test_html_of_which_nothing_is_allowed_is_refused(alice: Person) -> None:
    thread = alice.create_thread()
    body = {"content": "<script>alert(1)</script>", "type": "html"}
    assert error_of(alice.post(f"{thread}/messages", body))[:2] == (400, "BadRequest")
    assert alice.texts(thread) == []


def test_a_null_type_is_text(alice: Person) -> None:
    thread = alice.create_thread()
    body = {"content": "x", "type": None, "senderDisplayName": None, "metadata": None}
    assert alice.post(f"{thread}/messages", body).status_code == 201
    assert alice.messages(thread)[0]["type"] == "text"


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"content": ""},
        {"content": None},
        {"content": 5},
        {"content": ["x"]},
        {"content": "x", "type": "topicUpdated"},
        {"content": "x", "type": "TEXT"},
        {"content": "x", "type": 1},
        {"content": "x", "type": []},
        {"content": "x", "senderDisplayName": 1},
        {"content": "x", "senderDisplayName": "x" * 257},
        {"content": "x", "metadata": {"a": {}}},
        {"content": "x", "metadata": "a=b"},
        {"content": "x", "metadata": {"key": "x" * 1022}},
        {"content": "x" * (28 * 1024 + 1)},
        {"content": "é" * (14 * 1024) + "x"},
    ],
)
def test_a_message_that_makes_no_sense_is_not_sent(alice: Person, body: Any) -> None:
    thread = alice.create_thread()
    assert error_of(alice.post(f"{thread}/messages", body))[:2] == (400, "BadRequest")
    assert alice.texts(thread) == []
    assert Event.objects.count() == 1


def test_a_message_of_28_kilobytes_is_sent_whole(alice: Person) -> None:
    thread = alice.create_thread()
    text = "é" * (14 * 1024)
    alice.send(thread, text)
    assert alice.texts(thread) == [text]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b'"content"',
        b"null",
        b"\xff\xfe",
        b'{"content": "a\\u0000b"}',
        b'{"content": "a\x00b"}',
        b'{"content": "\\ud800"}',
        b'{"metadata": {"\\udc00": "x"}, "content": "x"}',
        b'{"content": NaN}',
        b'{"content": "x", "unknown": 1e999}',
        b'{"content": "x", "more": Infinity}',
        b'{"content": "x", "more": ' + b"9" * 5000 + b"}",
        b'{"content": ' + b"[" * 20_000 + b"]" * 20_000 + b"}",
        b'{"content": "x"} trailing',
    ],
)
def test_a_body_that_is_no_json_for_a_database_is_refused(alice: Person, body: bytes) -> None:
    thread = alice.create_thread()
    assert error_of(alice.post(f"{thread}/messages", body))[:2] == (400, "BadRequest")
    assert alice.texts(thread) == []


def test_an_escaped_backslash_before_u0000_is_just_text(alice: Person) -> None:
    thread = alice.create_thread()
    assert alice.post(f"{thread}/messages", b'{"content": "\\\\u0000"}').status_code == 201
    assert alice.texts(thread) == ["\\u0000"]


@pytest.mark.parametrize(
    "html",
    [
        "".join(f"<b title={n}>" for n in range(1000)) + "<p>x</p>" * 1900,
        "".join(f"<a href=x{n}><font size={n}>" for n in range(500)) + "<p>x</p>" * 1500,
        "<b><i><u><s><em>" * 100 + "<p>x</p>" * 3000,
        "&" * 28_000,
    ],
)
def test_html_never_grows_beyond_the_limit_nor_costs_much(alice: Person, html: str) -> None:
    thread = alice.create_thread()
    message = alice.send(thread, "<b>x</b>", type="html")
    began = time.process_time()
    for method, path in (("POST", "messages"), ("PATCH", f"messages/{message}")):
        answer = alice.request(method, f"{thread}/{path}", {"content": html, "type": "html"})
        assert answer.status_code in (201, 204) or error_of(answer)[:2] == (400, "BadRequest")
    assert time.process_time() - began < 2
    assert all(len(text.encode()) <= 28 * 1024 for text in alice.texts(thread))


def test_html_that_is_over_the_limit_once_it_is_safe_is_refused(alice: Person) -> None:
    thread = alice.create_thread()
    body = {"content": "&" * 28_000, "type": "html"}
    assert error_of(alice.post(f"{thread}/messages", body))[:2] == (400, "BadRequest")
    assert alice.texts(thread) == []


def test_a_huge_body_is_refused(alice: Person) -> None:
    thread = alice.create_thread()
    answer = alice.post(f"{thread}/messages", b'{"content": "' + b"x" * 1_100_000 + b'"}')
    assert error_of(answer)[:2] == (413, "RequestEntityTooLarge")


def test_another_content_type_is_refused(alice: Person) -> None:
    thread = alice.create_thread()
    answer = alice.client.generic(
        "POST",
        f"{thread}/messages?api-version=2025-03-15",
        b'{"content": "x"}',
        "text/plain",
        headers={"authorization": f"Bearer {alice.token}"},
    )
    assert error_of(answer)[:2] == (415, "UnsupportedMediaType")


def test_ids_and_sequences_grow_however_fast_messages_come(alice: Person) -> None:
    thread = alice.create_thread()
    ids = [int(alice.send(thread, str(number))) for number in range(20)]
    assert ids == sorted(set(ids))
    messages = alice.messages(thread)
    assert [int(message["sequenceId"]) for message in messages] == list(range(22, 0, -1))


def test_ids_grow_when_the_clock_goes_back(alice: Person, monkeypatch: Any) -> None:
    thread = alice.create_thread()
    first = int(alice.send(thread))
    monkeypatch.setattr("time.time_ns", lambda real=time.time_ns: real() - 3_600_000_000_000)
    assert int(alice.send(thread)) == first + 1


def test_eve_says_nothing(alice: Person, bob: Person, eve: Person) -> None:
    thread = alice.create_thread(bob)
    assert error_of(eve.post(f"{thread}/messages", {"content": "hi"})) == NOT_A_MEMBER
    assert ChatMessage.objects.filter(type="text").count() == 0


def test_a_send_costs_the_same_in_a_large_thread(
    alice: Person,
    bob: Person,
    resource: Any,
    django_assert_num_queries: Any,
    pytestconfig: pytest.Config,
) -> None:
    # Begin and commit included on SQLite. The short path asks for identity and access at once.
    look_ups = 1 if pytestconfig.getoption("--short-path") else 2
    statements = look_ups + (5 if connection.vendor == "sqlite" else 1)
    small, large = alice.create_thread(bob), alice.create_thread(bob)
    alice.post(f"{large}/participants/:add", {"participants": crowd(resource, 200)})
    for thread in (small, large):
        with django_assert_num_queries(statements):
            alice.send(thread)
