"""GET /chat/threads/{id}/participants."""

import pytest

from tests.cast import NOT_A_MEMBER, Person, error_of


def names(pages: list[list[dict[str, str]]]) -> list[str]:
    return [item.get("displayName", "?") for page in pages for item in page]


def test_the_creator_comes_first_and_then_whoever_joined(
    alice: Person, bob: Person, carol: Person
) -> None:
    thread = alice.create_thread(bob)
    bob.post(
        f"{thread}/participants/:add",
        {"participants": [carol.as_participant(displayName="Carol")]},
    )
    assert names(carol.walk(f"{thread}/participants")) == ["?", "Bob", "Carol"]


@pytest.mark.parametrize(
    ("query", "pages"),
    [
        ("", [3]),
        ("maxPageSize=2", [2, 1]),
        ("maxPageSize=1", [1, 1, 1]),
        ("maxPageSize=3", [3]),
        ("skip=1&maxPageSize=1", [1, 1]),
        ("skip=2&maxPageSize=1", [1]),
        ("skip=3", [0]),
        ("skip=999999999999999999", [0]),
    ],
)
def test_pages_are_cut_by_skip_and_size(
    alice: Person, bob: Person, carol: Person, query: str, pages: list[int]
) -> None:
    thread = alice.create_thread(bob, carol)
    assert [len(page) for page in alice.walk(f"{thread}/participants", query)] == pages


def test_the_next_link_has_the_form_of_the_real_service(
    alice: Person, bob: Person, carol: Person
) -> None:
    thread = alice.create_thread(bob, carol)
    answer = alice.get(f"{thread}/participants", "maxPageSize=2", version="2021-09-07")
    assert answer.json()["nextLink"] == (
        f"http://testserver{thread}/participants?skip=2&maxPageSize=2&api-version=2021-09-07"
    )


@pytest.mark.parametrize("query", ["skip=-1", "skip=x", "maxPageSize=0", "skip=1.5"])
def test_a_query_that_makes_no_sense_is_refused(alice: Person, query: str) -> None:
    thread = alice.create_thread()
    assert error_of(alice.get(f"{thread}/participants", query))[:2] == (400, "BadRequest")


def test_eve_does_not_learn_who_is_there(alice: Person, bob: Person, eve: Person) -> None:
    thread = alice.create_thread(bob)
    assert error_of(eve.get(f"{thread}/participants")) == NOT_A_MEMBER
