"""PATCH /chat/threads/{id}/messages/{id}."""

from typing import Any

import pytest

from events.models import Event
from tests.cast import NOT_A_MEMBER, Person, error_of
from wire.times import to_wire


def test_an_edit_changes_the_content_and_says_when(alice: Person, bob: Person) -> None:
    thread = alice.create_thread(bob)
    message = alice.send(thread, "helo", senderDisplayName="Al")
    before = bob.get(f"{thread}/messages/{message}").json()
    answer = alice.patch(f"{thread}/messages/{message}", {"content": "hello"})
    assert (answer.status_code, answer.content) == (204, b"")
    after = bob.get(f"{thread}/messages/{message}").json()
    assert int(after["version"]) > int(before["version"])
    assert after == {
        **before,
        "version": after["version"],
        "content": {"message": "hello", "attachments": []},
        "editedOn": to_wire(int(after["version"])),
    }


def test_content_and_metadata_are_changed_apart(alice: Person) -> None:
    thread = alice.create_thread()
    message = alice.send(thread, "one", metadata={"keep": "1", "empty": "1", "null": "1"})
    path = f"{thread}/messages/{message}"
    alice.patch(path, {"content": "two"})
    assert alice.get(path).json()["metadata"] == {"keep": "1", "empty": "1", "null": "1"}
    alice.patch(path, {"metadata": {"empty": "", "null": None, "new": "2"}})
    after = alice.get(path).json()
    assert after["metadata"] == {"keep": "1", "new": "2"}
    assert after["content"]["message"] == "two"


def test_html_is_sanitized_again(alice: Person) -> None:
    thread = alice.create_thread()
    path = f"{thread}/messages/{alice.send(thread, '<b>x</b>', type='html')}"
    alice.patch(path, {"content": "<b>y</b><script>z</script>"})
    assert alice.get(path).json()["content"]["message"] == "<b>y</b>"


def test_an_empty_patch_is_no_edit(alice: Person) -> None:
    thread = alice.create_thread()
    path = f"{thread}/messages/{alice.send(thread)}"
    before = alice.get(path).json()
    for body in ({}, {"content": None}, {"type": "html"}):
        assert alice.patch(path, body).status_code == 204
    assert alice.get(path).json() == before
    assert Event.objects.filter(type="ChatMessageEdited").count() == 0


@pytest.mark.parametrize(
    "body",
    [{"content": ""}, {"content": 1}, {"metadata": {"a": 1}}, {"content": "x" * 30_000}]
    + [{"content": "x", "metadata": {"a": "x" * 2000}}, {"priority": "urgent"}],
)
def test_a_bad_patch_changes_nothing(alice: Person, body: Any) -> None:
    thread = alice.create_thread()
    path = f"{thread}/messages/{alice.send(thread)}"
    before = alice.get(path).json()
    assert error_of(alice.patch(path, body))[:2] == (400, "BadRequest")
    assert alice.get(path).json() == before


def test_only_the_sender_edits(alice: Person, bob: Person, eve: Person) -> None:
    thread = alice.create_thread(bob)
    path = f"{thread}/messages/{alice.send(thread, 'mine')}"
    for person in (bob, eve):
        assert error_of(person.patch(path, {"content": "theirs"})) == NOT_A_MEMBER
    assert alice.texts(thread) == ["mine"]


def test_nobody_edits_system_messages(alice: Person) -> None:
    thread = alice.create_thread()
    for message in alice.messages(thread):
        answer = alice.patch(f"{thread}/messages/{message['id']}", {"content": "x"})
        assert error_of(answer)[:2] == (403, "Forbidden")


def test_a_deleted_or_unknown_message_is_not_found(alice: Person) -> None:
    thread = alice.create_thread()
    message = alice.send(thread)
    alice.delete(f"{thread}/messages/{message}")
    for message_id in (message, "1"):
        answer = alice.patch(f"{thread}/messages/{message_id}", {"content": "x"})
        assert error_of(answer) == (404, "NotFound", None)
    assert error_of(alice.patch(f"{thread}/messages/x", {"content": "x"}))[:2] == (
        400,
        "BadRequest",
    )
