"""The replay's own machinery, tried on the recordings and on answers with one thing wrong."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from .compare import Answer, compare, thread_id_form
from .ids import IdMap
from .missing_bodies import repeatability_id, request_body
from .recordings import Exchange, Recording, is_masked, load_recordings
from .relations import broken_relations, whole_second

RECORDINGS = {recording.id: recording for recording in load_recordings()}
needs_recordings = pytest.mark.skipif(not RECORDINGS, reason="the recordings are not here")

ALICE = "8:acs:11111111-1111-4111-8111-111111111111_00000001-1111-1111-1111-111111111111"
BOB = "8:acs:11111111-1111-4111-8111-111111111111_00000002-2222-2222-2222-222222222222"
EVE = "8:acs:11111111-1111-4111-8111-111111111111_00000003-3333-3333-3333-333333333333"
THREAD = f"19:{'a' * 43}1@thread.v2"
OTHER_THREAD = f"19:{'b' * 43}1@thread.v2"
Change = Callable[[dict[str, Any]], object]


def identifier(raw_id: str) -> dict[str, Any]:
    """A user as the protocol writes one."""
    return {"rawId": raw_id, "communicationUser": {"id": raw_id}}


def message(message_id: str = "1700000000123", user: str = ALICE) -> dict[str, Any]:
    """A message as the protocol writes one."""
    return {
        "id": message_id,
        "type": "text",
        "sequenceId": "3",
        "version": message_id,
        "content": {"message": "hello"},
        "createdOn": whole_second(message_id),
        "senderCommunicationIdentifier": identifier(user),
        "metadata": {"a": "b"},
    }


def fetched(body: Any, status: int = 200, **headers: str) -> Exchange:
    """A recorded fetch of a message."""
    return Exchange(
        method="GET",
        path=f"/chat/threads/{THREAD}/messages/1700000000123",
        query="api-version=2021-09-07",
        request_headers={},
        request_body=None,
        status=status,
        response_headers={"content-type": "application/json; charset=utf-8"} | headers,
        response_body=body,
    )


def answer_of(exchange: Exchange) -> Answer:
    """The recorded answer as if this server had given it."""
    body = exchange.response_body
    content = b"" if body is None else json.dumps(body).encode()
    return Answer(exchange.status, exchange.response_headers, content)


def unmasked(exchange: Exchange) -> Exchange:
    """The exchange with the id of what it created put back into its body."""
    if exchange.created_thread:
        thread = exchange.response_body["chatThread"] | {"id": exchange.created_thread}
        return replace(exchange, response_body={"chatThread": thread})
    if exchange.sent_message:
        return replace(exchange, response_body={"id": exchange.sent_message})
    return exchange


def kinds(exchange: Exchange, answer: Answer, ids: IdMap | None = None) -> list[str]:
    """The kinds of the differences, sorted."""
    return sorted({difference.kind for difference in compare(exchange, answer, ids or IdMap())})


@needs_recordings
@pytest.mark.parametrize("recording_id", RECORDINGS)
def test_a_recording_is_equal_to_itself(recording_id: str) -> None:
    """Otherwise the replay would report differences that do not exist."""
    ids = IdMap()
    for exchange in RECORDINGS[recording_id].exchanges:
        assert compare(exchange, answer_of(unmasked(exchange)), ids) == []


@needs_recordings
def test_relations_hold_in_every_recorded_message() -> None:
    """The mechanical relations are facts about the real service, not wishes."""
    bodies = [exchange.response_body for r in RECORDINGS.values() for exchange in r.exchanges]
    messages = sum(json.dumps(body).count('"sequenceId"') for body in bodies)
    assert messages > 100
    assert [broken_relations(body) for body in bodies if broken_relations(body)] == []


@needs_recordings
def test_no_recorded_body_is_left_unknown() -> None:
    """Every write whose body was not recorded gets one, and only those."""
    for recording in RECORDINGS.values():
        for index, exchange in enumerate(recording.exchanges):
            body = request_body(recording, index)
            if exchange.request_headers.get("content-type"):
                assert isinstance(body, dict), f"{recording.id} #{index}"
            else:
                assert body == exchange.request_body


@needs_recordings
def test_recorded_threads_with_a_repeatability_header_have_the_long_id() -> None:
    """So the form of an id tells whether an unrecorded header was sent."""
    forms = set()
    for recording in RECORDINGS.values():
        for exchange in recording.exchanges:
            if exchange.created_thread and recording.folder.startswith(("cli", "python", "js-20")):
                assert repeatability_id(exchange)
                forms.add(thread_id_form(exchange.created_thread))
    assert forms == {"19:{base64}1", "19:acsV1_{base64}1"}


@needs_recordings
def test_each_javascript_recording_brings_the_requests_it_builds_on() -> None:
    """Its thread is created, and its message sent, before it is used."""
    for recording in RECORDINGS.values():
        if not recording.folder.startswith("js-20"):
            continue
        created, sent = set(), set()
        for exchange in recording.flow:
            assert not exchange.thread_id or exchange.thread_id in created, recording.id
            last = exchange.segments[-1] if exchange.segments else ""
            assert not last.isdigit() or last in sent, recording.id
            created.add(exchange.created_thread)
            sent.add(exchange.sent_message)


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        (lambda m: m.pop("metadata"), "missing"),
        (lambda m: m.update(senderDisplayName=""), "extra"),
        (lambda m: m.update(metadata=None), "null"),
        (lambda m: m.update(sequenceId=3), "type"),
        (lambda m: m.update(sequenceId="4"), "value"),
        (lambda m: m["content"].update(message="bye"), "value"),
        (lambda m: m["senderCommunicationIdentifier"].pop("rawId"), "missing"),
        (lambda m: m.update(senderCommunicationIdentifier=identifier(EVE)), "value"),
        (lambda m: m.update(createdOn="2023-11-14T22:13:21Z"), "relation"),
        (lambda m: m.update(createdOn="2023-11-14T22:13:20.123Z"), "value"),
        (lambda m: m.update(version="1700000000124"), "relation"),
        (lambda m: m.update(type=m.pop("type")), "order"),
    ],
)
def test_a_changed_message_is_a_difference(change: Change, kind: str) -> None:
    """One thing wrong in a message is seen, and named."""
    ids = IdMap()
    ids.bind(ALICE, BOB)
    wrong = message("1700000000123", BOB)
    change(wrong)
    answer = replace(answer_of(fetched(wrong)), headers=fetched(None).response_headers)
    assert kind in kinds(fetched(message()), answer, ids)


def test_other_ids_and_times_are_no_difference() -> None:
    """The same message, sent by another user at another time."""
    exchange = fetched(message())
    assert kinds(exchange, answer_of(fetched(message("1800000000999", BOB)))) == []


def test_two_users_that_become_one_are_a_difference() -> None:
    """Ids are mapped one to one."""
    two = fetched({"value": [message("1700000000124", ALICE) | {"sequenceId": "4"}, message()]})
    two.response_body["value"][1]["senderCommunicationIdentifier"] = identifier(BOB)
    one = fetched({"value": [message("1700000000124", EVE) | {"sequenceId": "4"}, message()]})
    one.response_body["value"][1]["senderCommunicationIdentifier"] = identifier(EVE)
    assert kinds(two, answer_of(one)) == ["value"]


def test_items_in_another_order_are_a_difference() -> None:
    """The list of messages stands newest first."""
    newest_first = fetched({"value": [message("1700000000124") | {"sequenceId": "4"}, message()]})
    ids = IdMap()
    for message_id in ("1700000000123", "1700000000124"):
        ids.bind(message_id, message_id)
    body = {"value": newest_first.response_body["value"][::-1]}
    assert kinds(newest_first, answer_of(fetched(body)), ids) == ["relation", "value"]


def test_a_missing_item_is_a_difference() -> None:
    """The number of items counts."""
    exchange = fetched({"value": [message()]})
    assert kinds(exchange, answer_of(fetched({"value": []}))) == ["count"]


def test_another_status_is_a_difference() -> None:
    """And nothing more is compared then."""
    exchange = fetched(message())
    assert kinds(exchange, Answer(404, {}, b"")) == ["status"]


def test_the_second_error_root_is_no_difference() -> None:
    """`error` may stand beside the recorded root; the texts are compared."""
    error = {"Code": "NotFound", "Message": "gone", "Details": []}
    exchange = fetched({"CommunicationError": error}, 404)
    both = {"CommunicationError": error, "error": {"code": "NotFound", "message": "gone"}}
    assert kinds(exchange, Answer(404, exchange.response_headers, json.dumps(both).encode())) == []
    other = {"CommunicationError": error | {"Message": "lost"}}
    assert kinds(exchange, answer_of(fetched(other, 404))) == ["value"]


def test_ids_inside_an_error_message_are_mapped() -> None:
    """A sentence that names the caller and the thread."""
    ids = IdMap()
    sentence = "User {} is not a member of the thread {}"
    assert ids.matches(sentence.format(ALICE, THREAD), sentence.format(BOB, OTHER_THREAD))
    assert not ids.matches(sentence.format(ALICE, THREAD), sentence.format(EVE, OTHER_THREAD))
    assert not ids.matches(sentence.format(ALICE, THREAD), "User is not a member")


@pytest.mark.parametrize(
    ("location", "kind"),
    [
        (None, "header"),
        (f"/chat/threads/{OTHER_THREAD}", "location"),
        (f"https://h/chat/threads/{OTHER_THREAD}", "location"),
        (f"https://h/chat/threads/{THREAD.replace(':', '%3A')}", "location"),
        (
            f"https://h/chat/threads/{OTHER_THREAD.replace(':', '%3A').replace('@', '%40')}",
            "location",
        ),
        (f"https://h/chat/threads/{OTHER_THREAD.replace(':', '%3A')}?api-version=1", "location"),
    ],
)
def test_a_wrong_location_is_a_difference(location: str | None, kind: str) -> None:
    """The Location is absolute, ends with the new id, and is encoded as recorded."""
    ids = IdMap()
    ids.bind(THREAD, OTHER_THREAD)
    recorded = f"https://real/chat/threads/{THREAD.replace(':', '%3A')}"
    exchange = fetched(None, 201, location=recorded)
    headers = dict(exchange.response_headers) | ({"location": location} if location else {})
    if not location:
        headers.pop("location")
    assert kinds(exchange, Answer(201, headers, b""), ids) == [kind]
    right = f"https://localhost:8443/chat/threads/{OTHER_THREAD.replace(':', '%3A')}"
    assert kinds(exchange, Answer(201, headers | {"location": right}, b""), ids) == []


@pytest.mark.parametrize(
    ("link", "same"),
    [
        ("https://h/chat/threads?syncState=abc&maxPageSize=2&api-version=1", True),
        ("https://h/chat/threads?syncState=abc&maxPageSize=3&api-version=1", False),
        ("https://h/chat/threads?syncState=abc&api-version=1", False),
        ("https://h/chat/threads/more?syncState=abc&maxPageSize=2&api-version=1", False),
        ("/chat/threads?syncState=abc&maxPageSize=2&api-version=1", False),
    ],
)
def test_next_links_are_compared_without_their_opaque_part(link: str, same: bool) -> None:
    """Path, page size and version stay; the cursor is the server's own."""
    recorded = "https://real/chat/threads?syncState=xyz&maxPageSize=2&api-version=1"
    exchange = fetched({"value": [], "nextLink": recorded})
    differences = kinds(exchange, answer_of(fetched({"value": [], "nextLink": link})))
    assert differences == ([] if same else ["link"])


def test_an_absent_header_is_a_difference() -> None:
    """Whatever the real service sent is asked for."""
    exchange = fetched(message(), ms_cv="x")
    assert kinds(exchange, answer_of(fetched(message()))) == ["header"]


def test_an_extra_content_type_is_a_difference() -> None:
    """Empty answers have none."""
    exchange = replace(fetched(None, 204), response_headers={})
    assert kinds(exchange, Answer(204, {"content-type": "text/html"}, b"")) == ["header"]


def test_a_body_where_none_was_is_a_difference() -> None:
    """204 and the two empty 200 answers stay empty."""
    assert kinds(fetched(None), replace(answer_of(fetched(None)), body=b"{}")) == ["body"]


def test_masks_hide_values_but_not_members() -> None:
    """A masked value equals anything; its member must still be there."""
    masked = fetched(message() | {"id": "sanitized"})
    assert is_masked("sanitized") and not is_masked("hello")
    assert kinds(masked, answer_of(fetched(message()))) == []
    without = message()
    without.pop("id")
    assert "missing" in {
        d.kind
        for d in compare(
            fetched({"value": {"id": "REDACTED"}}), answer_of(fetched({"value": {}})), IdMap()
        )
    }
    assert Recording("f", "n", (masked,)).caller == ""
