"""PATCH /chat/threads/{id}."""

from typing import Any

import pytest

from events.models import Event
from tests.cast import NOT_A_MEMBER, Person, error_of


def test_a_new_topic_is_seen_and_recorded(alice: Person, bob: Person) -> None:
    thread = alice.create_thread(bob)
    answer = bob.patch(thread, {"topic": "Dinner"})
    assert (answer.status_code, answer.content) == (204, b"")
    assert "Content-Type" not in answer
    assert alice.get(thread).json()["topic"] == "Dinner"
    newest = alice.messages(thread)[0]
    assert newest["type"] == "topicUpdated"
    assert newest["content"] == {
        "topic": "Dinner",
        "initiatorCommunicationIdentifier": bob.identifier,
    }


def test_plain_json_is_taken_as_well(alice: Person) -> None:
    thread = alice.create_thread()
    answer = alice.client.generic(
        "PATCH",
        f"{thread}?api-version=2021-03-07",
        b'{"topic": "Dinner"}',
        "application/json",
        headers={"authorization": f"Bearer {alice.token}"},
    )
    assert answer.status_code == 204
    assert alice.get(thread).json()["topic"] == "Dinner"


def test_metadata_is_merged_and_makes_no_message(alice: Person) -> None:
    thread = alice.create_thread(metadata={"keep": "1", "change": "1", "empty": "1", "null": "1"})
    before = alice.messages(thread)
    patch = {"metadata": {"change": "2", "empty": "", "null": None, "new": "3"}}
    assert alice.patch(thread, patch).status_code == 204
    assert alice.get(thread).json()["metadata"] == {"keep": "1", "change": "2", "new": "3"}
    assert alice.messages(thread) == before
    assert alice.get(thread).json()["topic"] == "Lunch"


def test_the_retention_policy_can_be_changed_and_lifted(alice: Person) -> None:
    thread = alice.create_thread()
    for policy in (
        {"kind": "threadCreationDate", "deleteThreadAfterDays": 40},
        {"kind": "none"},
    ):
        assert alice.patch(thread, {"retentionPolicy": policy}).status_code == 204
        assert alice.get(thread).json()["retentionPolicy"] == policy


def test_an_empty_patch_changes_nothing(alice: Person) -> None:
    thread = alice.create_thread()
    before = alice.get(thread).json()
    for body in ({}, {"unknown": 1}, {"topic": None}):
        assert alice.patch(thread, body).status_code == 204
    assert alice.get(thread).json() == before
    assert Event.objects.count() == 1


@pytest.mark.parametrize(
    "body",
    [
        {"topic": ""},
        {"topic": 1},
        {"topic": "x" * 251},
        {"metadata": {"a": []}},
        {"retentionPolicy": {"kind": "threadCreationDate", "deleteThreadAfterDays": 5}},
        {"topic": "good", "metadata": "bad"},
    ],
)
def test_a_bad_patch_changes_nothing(alice: Person, body: Any) -> None:
    thread = alice.create_thread()
    before = alice.get(thread).json()
    assert error_of(alice.patch(thread, body))[:2] == (400, "BadRequest")
    assert alice.get(thread).json() == before


def test_metadata_that_grows_over_the_limit_is_refused(alice: Person) -> None:
    thread = alice.create_thread(metadata={"a": "x" * 600})
    answer = alice.patch(thread, {"topic": "new", "metadata": {"b": "x" * 600}})
    assert error_of(answer)[:2] == (400, "BadRequest")
    assert alice.get(thread).json()["metadata"] == {"a": "x" * 600}
    assert alice.get(thread).json()["topic"] == "Lunch"
    assert Event.objects.count() == 1


def test_eve_changes_nothing(alice: Person, eve: Person) -> None:
    thread = alice.create_thread()
    assert error_of(eve.patch(thread, {"topic": "Eve was here"})) == NOT_A_MEMBER
    assert alice.get(thread).json()["topic"] == "Lunch"
