"""The priority of a message: given and shown as a member and as a metadata key."""

from typing import Any

import pytest

from messaging.models import ChatMessage
from tests.cast import Person, error_of


def read(person: Person, thread: str, message: str, **options: Any) -> Any:
    return person.get(f"{thread}/messages/{message}", **options).json()


@pytest.mark.parametrize("value", ["high", "High", "HIGH", "normal", "Normal"])
@pytest.mark.parametrize("form", ["member", "metadata", "both"])
def test_either_form_is_shown_in_both(alice: Person, bob: Person, value: str, form: str) -> None:
    members: dict[str, Any] = {"metadata": {"a": "b"}}
    if form != "metadata":
        members["priority"] = value
    if form != "member":
        members["metadata"]["priority"] = value
    thread = alice.create_thread(bob)
    message = read(bob, thread, alice.send(thread, **members))
    assert message["priority"] == value.lower()
    assert message["metadata"] == {"a": "b", "priority": value.lower()}
    assert bob.messages(thread)[0] == message
    stored = ChatMessage.objects.get(type="text")
    assert stored.metadata == {"a": "b"} and stored.priority == int(value.lower() == "high")


def test_a_message_without_priority_shows_none(alice: Person) -> None:
    thread = alice.create_thread()
    message = read(alice, thread, alice.send(thread))
    assert "priority" not in message and "metadata" not in message


@pytest.mark.parametrize(
    "members",
    [
        {"priority": "urgent"},
        {"priority": 1},
        {"priority": ""},
        {"priority": ["high"]},
        {"metadata": {"priority": "urgent"}},
        {"priority": "high", "metadata": {"priority": "normal"}},
    ],
)
def test_anything_else_is_refused(alice: Person, members: Any) -> None:
    thread = alice.create_thread()
    answer = alice.post(f"{thread}/messages", {"content": "x", **members})
    assert error_of(answer)[:2] == (400, "BadRequest")
    assert alice.texts(thread) == []


def test_priority_can_be_changed_and_removed(alice: Person) -> None:
    thread = alice.create_thread()
    message = alice.send(thread, metadata={"a": "b"})
    path = f"{thread}/messages/{message}"
    steps: list[tuple[Any, str | None]] = [
        ({"priority": "high"}, "high"),
        ({"content": "edited"}, "high"),
        ({"metadata": {"x": "y"}}, "high"),
        ({"metadata": {"priority": "Normal"}}, "normal"),
        ({"metadata": {"priority": ""}}, None),
        ({"metadata": {"priority": "high"}}, "high"),
        ({"metadata": {"priority": None}}, None),
    ]
    for patch, priority in steps:
        assert alice.patch(path, patch).status_code == 204
        after = read(alice, thread, message)
        assert after.get("priority") == priority
        assert after["metadata"].get("priority") == priority
        assert after["metadata"]["a"] == "b"


def test_callers_without_metadata_have_the_member(alice: Person) -> None:
    thread = alice.create_thread()
    answer = alice.post(
        f"{thread}/messages", {"content": "x", "priority": "high"}, version="2021-03-07"
    )
    message = read(alice, thread, answer.json()["id"], version="2021-03-07")
    assert message["priority"] == "high" and "metadata" not in message


def test_a_deleted_message_has_no_priority(alice: Person) -> None:
    thread = alice.create_thread()
    message = alice.send(thread, priority="high")
    alice.delete(f"{thread}/messages/{message}")
    assert "priority" not in read(alice, thread, message)
