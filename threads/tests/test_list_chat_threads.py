"""GET /chat/threads."""

import time
from dataclasses import replace
from typing import Any

import pytest

from tests.cast import Person, error_of
from threads.models import ChatThread
from wire.times import to_wire


def ids(pages: list[list[dict[str, Any]]]) -> list[str]:
    return [item["id"] for page in pages for item in page]


def make_threads(alice: Person, count: int, *others: Person) -> list[str]:
    """Ids of new threads, newest first, each created a second after the next one."""
    paths = [alice.create_thread(*others, topic=f"t{number}") for number in range(count)]
    for age, path in enumerate(reversed(paths)):
        thread = ChatThread.objects.get(thread_id=path.removeprefix("/chat/threads/"))
        thread.last_message_ms -= age * 1000
        thread.save()
    return [path.removeprefix("/chat/threads/") for path in reversed(paths)]


def test_a_new_user_has_none(alice: Person) -> None:
    assert alice.get("/chat/threads").json() == {"value": []}


def test_the_most_recently_active_thread_comes_first(alice: Person, bob: Person) -> None:
    third, second, first = make_threads(alice, 3, bob)
    assert ids(bob.walk("/chat/threads")) == [third, second, first]
    bob.send(f"/chat/threads/{first}")
    assert ids(bob.walk("/chat/threads")) == [first, third, second]
    item = bob.get("/chat/threads").json()["value"][0]
    assert list(item) == ["id", "topic", "lastMessageReceivedOn"]


def test_only_messages_move_a_thread(alice: Person, bob: Person) -> None:
    threads = make_threads(alice, 2, bob)
    oldest = f"/chat/threads/{threads[-1]}"
    message = alice.messages(oldest)[0]["id"]
    bob.post(f"{oldest}/typing")
    bob.post(f"{oldest}/readReceipts", {"chatMessageId": message})
    alice.post(f"{oldest}/participants/:remove", bob.identifier)
    assert ids(alice.walk("/chat/threads")) == threads
    alice.patch(oldest, {"topic": "moved"})
    assert ids(alice.walk("/chat/threads")) == threads[::-1]


def test_eve_and_the_removed_see_nothing(alice: Person, bob: Person, eve: Person) -> None:
    thread = alice.create_thread(bob)
    alice.post(f"{thread}/participants/:remove", bob.identifier)
    for person in (bob, eve):
        assert person.get("/chat/threads").json() == {"value": []}


@pytest.mark.parametrize(("size", "pages"), [(1, 5), (2, 3), (3, 2), (5, 1), (100, 1)])
def test_pages_have_the_size_asked_for_and_meet_each_thread_once(
    alice: Person, size: int, pages: int
) -> None:
    threads = make_threads(alice, 5)
    walked = alice.walk("/chat/threads", f"maxPageSize={size}")
    assert ids(walked) == threads
    assert len(walked) == pages
    assert all(len(page) <= size for page in walked)


def test_threads_of_the_same_moment_are_not_lost_between_pages(alice: Person) -> None:
    make_threads(alice, 5)
    ChatThread.objects.update(last_message_ms=1_700_000_000_000)
    walked = ids(alice.walk("/chat/threads", "maxPageSize=2"))
    assert len(walked) == len(set(walked)) == 5


def test_a_thread_that_becomes_active_during_a_walk_is_not_missed(alice: Person) -> None:
    threads = make_threads(alice, 4)
    answer = alice.get("/chat/threads", "maxPageSize=2")
    alice.send(f"/chat/threads/{threads[3]}")
    seen = [item["id"] for item in answer.json()["value"]]
    while "nextLink" in answer.json():
        answer = alice.follow(answer)
        seen += [item["id"] for item in answer.json()["value"]]
    assert sorted(seen) == sorted(threads)


def test_start_time_leaves_out_threads_without_activity_since(alice: Person) -> None:
    newest, middle, oldest = make_threads(alice, 3)
    since = to_wire(ChatThread.objects.get(thread_id=middle).last_message_ms)
    assert ids(alice.walk("/chat/threads", f"startTime={since}")) == [newest, middle]
    assert ids(alice.walk("/chat/threads", f"startTime={since}&maxPageSize=1")) == [newest, middle]
    future = to_wire(int(time.time() * 1000) + 3_600_000)
    assert alice.get("/chat/threads", f"startTime={future}").json() == {"value": []}


@pytest.mark.parametrize(
    "query",
    ["maxPageSize=0", "maxPageSize=-1", "maxPageSize=x", "maxPageSize=", "startTime=soon"]
    + ["syncState=x", "syncState=%00", "syncState=AAAA", "maxPageSize=%C2%B2"],
)
def test_a_query_that_makes_no_sense_is_refused(alice: Person, query: str) -> None:
    assert error_of(alice.get("/chat/threads", query))[:2] == (400, "BadRequest")


def test_a_page_size_over_the_limit_is_clamped(alice: Person, settings: Any) -> None:
    settings.LIMITS = replace(settings.LIMITS, page_size=1)
    make_threads(alice, 2)
    answer = alice.get("/chat/threads", "maxPageSize=100000").json()
    assert len(answer["value"]) == 1 and "nextLink" in answer
