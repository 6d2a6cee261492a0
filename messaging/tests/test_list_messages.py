"""GET /chat/threads/{id}/messages."""

from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from django.db.models import F

from messaging.models import ChatMessage
from tests.cast import NOT_A_MEMBER, Person, error_of
from threads.models import ChatThread
from wire.times import to_wire


@pytest.fixture
def thread(alice: Person, bob: Person) -> str:
    """A thread with seven messages, two of them system messages."""
    thread = alice.create_thread(bob)
    for number in range(1, 6):
        alice.send(thread, f"m{number}")
    return thread


def sequence(messages: list[dict[str, Any]]) -> list[int]:
    return [int(message["sequenceId"]) for message in messages]


def flat(pages: list[list[dict[str, Any]]]) -> list[dict[str, Any]]:
    return [message for page in pages for message in page]


def test_the_newest_comes_first(bob: Person, thread: str) -> None:
    assert sequence(bob.messages(thread)) == [7, 6, 5, 4, 3, 2, 1]


def test_what_was_changed_last_moves_to_the_top(alice: Person, bob: Person, thread: str) -> None:
    messages = alice.messages(thread)
    alice.patch(f"{thread}/messages/{messages[2]['id']}", {"content": "edited"})
    alice.delete(f"{thread}/messages/{messages[4]['id']}")
    listed = bob.messages(thread)
    assert sequence(listed) == [3, 5, 7, 6, 4, 2, 1]
    versions = [int(message["version"]) for message in listed]
    assert versions == sorted(versions, reverse=True)


@pytest.mark.parametrize(
    ("size", "lengths"),
    [(1, [1] * 7 + [0]), (2, [2, 2, 2, 1]), (3, [3, 3, 1]), (7, [7, 0]), (8, [7]), (200, [7])],
)
def test_a_full_page_names_a_next_one(
    bob: Person, thread: str, size: int, lengths: list[int]
) -> None:
    pages = bob.walk(f"{thread}/messages", f"maxPageSize={size}")
    assert [len(page) for page in pages] == lengths
    assert sequence(flat(pages)) == [7, 6, 5, 4, 3, 2, 1]


def test_a_page_has_ten_messages_by_default_and_200_at_most(alice: Person) -> None:
    thread = alice.create_thread()
    pk = ChatThread.objects.get().pk
    ChatMessage.objects.bulk_create(
        ChatMessage(thread_id=pk, message_id=n, version=n, sequence=n, type="text", content="x")
        for n in range(1, 300)
    )
    assert len(alice.get(f"{thread}/messages").json()["value"]) == 10
    assert len(alice.get(f"{thread}/messages", "maxPageSize=100000").json()["value"]) == 200
    assert len(flat(alice.walk(f"{thread}/messages", "maxPageSize=201"))) == 301


def test_the_next_link_has_the_form_of_the_real_service(bob: Person, thread: str) -> None:
    answer = bob.get(f"{thread}/messages", "maxPageSize=2", version="2021-09-07")
    link = urlsplit(answer.json()["nextLink"])
    assert f"{link.scheme}://{link.netloc}{link.path}" == f"http://testserver{thread}/messages"
    query = parse_qs(link.query)
    assert list(query) == ["syncState", "startTime", "maxPageSize", "api-version"]
    assert query["startTime"] == ["1/1/1970 12:00:00 AM +00:00"]
    assert query["maxPageSize"] == ["2"]
    assert query["api-version"] == ["2021-09-07"]
    assert quote(query["syncState"][0], safe="") == query["syncState"][0]
    assert "startTime=1%2F1%2F1970%2012%3A00%3A00%20AM%20%2B00%3A00" in link.query


def test_the_next_link_works_as_the_python_sdk_rewrites_it(bob: Person, thread: str) -> None:
    link = bob.get(f"{thread}/messages", "maxPageSize=2").json()["nextLink"]
    rewritten = link.removeprefix("http://testserver").replace("%2F", "/")
    assert sequence(bob.get(rewritten).json()["value"]) == [5, 4]


def test_what_arrives_during_a_walk_stays_out_of_it(
    alice: Person, bob: Person, thread: str
) -> None:
    answer = bob.get(f"{thread}/messages", "maxPageSize=2")
    seen = sequence(answer.json()["value"])
    while "nextLink" in answer.json():
        alice.send(thread, "later")
        answer = bob.follow(answer)
        seen += sequence(answer.json()["value"])
    assert seen == [7, 6, 5, 4, 3, 2, 1]


# A message that was edited before the walk is followed through one change, others through any.
@pytest.mark.parametrize(
    ("edited_before", "changes"),
    [(False, ["edit"]), (False, ["delete"]), (False, ["edit", "edit"]), (False, ["edit", "delete"])]
    + [(True, ["edit"]), (True, ["delete"])],
)
@pytest.mark.parametrize("position", range(5))
def test_what_is_changed_during_a_walk_is_met_exactly_once(
    alice: Person, bob: Person, thread: str, changes: list[str], position: int, edited_before: bool
) -> None:
    path = f"{thread}/messages/{alice.messages(thread)[position]['id']}"
    if edited_before:
        alice.patch(path, {"content": "before"})
    order = sequence(alice.messages(thread))
    answer = bob.get(f"{thread}/messages", "maxPageSize=2")
    seen = sequence(answer.json()["value"])
    for change in changes:
        if change == "edit":
            assert alice.patch(path, {"content": "changed"}).status_code == 204
        else:
            assert alice.delete(path).status_code == 204
    while "nextLink" in answer.json():
        answer = bob.follow(answer)
        seen += sequence(answer.json()["value"])
    assert seen == order


def test_start_time_leaves_out_what_is_older(alice: Person, bob: Person, thread: str) -> None:
    middle = alice.messages(thread)[3]
    older = ChatMessage.objects.filter(message_id__lt=int(middle["id"]))
    older.update(message_id=F("message_id") - 3_600_000)
    start = to_wire(int(middle["id"]))
    assert sequence(bob.messages(thread, f"startTime={start}")) == [7, 6, 5, 4]
    assert bob.messages(thread, "startTime=2999-01-01T00:00:00Z") == []


def test_start_time_is_compared_with_the_creation_not_the_change(
    alice: Person, bob: Person, thread: str
) -> None:
    old = ChatMessage.objects.get(sequence=3)
    ChatMessage.objects.filter(pk=old.pk).update(message_id=1000, version=1000)
    alice.patch(f"{thread}/messages/1000", {"content": "edited now"})
    assert 3 not in sequence(bob.messages(thread, "startTime=2020-01-01T00:00:00.000Z"))


@pytest.mark.parametrize("spelling", ["2020-01-01T00%3A00%3A00Z", "2020-01-01T00:00:00.123456Z"])
@pytest.mark.parametrize("offset", ["", "%2B01:00", "+01:00", "-01:00"])
def test_start_time_is_taken_in_every_spelling(
    bob: Person, thread: str, spelling: str, offset: str
) -> None:
    start = spelling.removesuffix("Z") + offset if offset else spelling
    pages = bob.walk(f"{thread}/messages", f"maxPageSize=3&startTime={start}")
    assert sequence(flat(pages)) == [7, 6, 5, 4, 3, 2, 1]


@pytest.mark.parametrize(
    "query",
    ["maxPageSize=0", "maxPageSize=-5", "maxPageSize=ten", "startTime=now", "startTime="]
    + ["startTime=13/1/1970 12:00:00 AM %2B00:00", "startTime=0000-00-00T00:00:00Z"]
    + ["syncState=abc", "syncState=%F0%9F%98%80", "syncState=" + "A" * 500],
)
def test_a_query_that_makes_no_sense_is_refused(bob: Person, thread: str, query: str) -> None:
    assert error_of(bob.get(f"{thread}/messages", query))[:2] == (400, "BadRequest")


def test_eve_reads_nothing_not_even_with_bobs_link(bob: Person, eve: Person, thread: str) -> None:
    answer = bob.get(f"{thread}/messages", "maxPageSize=2")
    for refused in (eve.get(f"{thread}/messages"), eve.follow(answer)):
        assert error_of(refused) == NOT_A_MEMBER
        assert b"m1" not in refused.content
