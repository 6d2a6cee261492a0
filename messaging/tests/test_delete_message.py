"""DELETE /chat/threads/{id}/messages/{id}."""

import pytest

from events.models import Event
from messaging.models import ChatMessage
from messaging.services import delete_message_as_operator
from tests.cast import NOT_A_MEMBER, Person, error_of
from wire.times import to_wire


def test_a_deleted_message_is_empty_and_keeps_its_place(alice: Person, bob: Person) -> None:
    thread = alice.create_thread(bob)
    message = alice.send(thread, "oops", senderDisplayName="Al", metadata={"a": "b"})
    path = f"{thread}/messages/{message}"
    alice.patch(path, {"content": "oops!"})
    answer = alice.delete(path)
    assert (answer.status_code, answer.content) == (204, b"")
    after = bob.get(path).json()
    assert after == {
        "id": message,
        "type": "text",
        "sequenceId": "3",
        "version": after["version"],
        "content": {"message": "", "attachments": []},
        "senderDisplayName": "Al",
        "createdOn": to_wire(int(message)),
        "senderCommunicationIdentifier": alice.identifier,
        "deletedOn": to_wire(int(after["version"])),
    }
    assert after in bob.messages(thread)
    assert not ChatMessage.objects.filter(content__contains="oops").exists()


def test_deleting_twice_is_fine_and_happens_once(alice: Person) -> None:
    thread = alice.create_thread()
    path = f"{thread}/messages/{alice.send(thread)}"
    for _ in range(3):
        assert alice.delete(path).status_code == 204
    assert Event.objects.filter(type="ChatMessageDeleted").count() == 1
    alice.send(thread)
    assert list(Event.objects.order_by("id").values_list("sequence", flat=True)) == [1, 2, 3, 4]


def test_only_the_sender_deletes(alice: Person, bob: Person, eve: Person) -> None:
    thread = alice.create_thread(bob)
    path = f"{thread}/messages/{alice.send(thread, 'mine')}"
    for person in (bob, eve):
        assert error_of(person.delete(path)) == NOT_A_MEMBER
    assert alice.texts(thread) == ["mine"]


def test_nobody_deletes_system_messages(alice: Person) -> None:
    thread = alice.create_thread()
    for message in alice.messages(thread):
        answer = alice.delete(f"{thread}/messages/{message['id']}")
        assert error_of(answer)[:2] == (403, "Forbidden")


@pytest.mark.parametrize(("message_id", "status"), [("1", 404), ("x", 400)])
def test_a_message_that_never_was_is_refused(alice: Person, message_id: str, status: int) -> None:
    thread = alice.create_thread()
    assert error_of(alice.delete(f"{thread}/messages/{message_id}"))[0] == status


def test_an_operator_deletes_anybodys_message_but_no_system_message(
    alice: Person, bob: Person
) -> None:
    thread = alice.create_thread(bob)
    alice.send(thread, "rude")
    for message in ChatMessage.objects.all():
        delete_message_as_operator(message=message)
        delete_message_as_operator(message=message)
    newest, *system = bob.messages(thread)
    assert newest["content"]["message"] == "" and "deletedOn" in newest
    assert all("deletedOn" not in message for message in system)
    event = Event.objects.get(type="ChatMessageDeleted")
    assert (event.data["initiator"], event.data["deleted_by"]) == (alice.id, None)
