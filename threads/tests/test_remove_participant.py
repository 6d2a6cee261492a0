"""POST /chat/threads/{id}/participants/:remove."""

from typing import Any

import pytest

from events.models import Event
from tests.cast import NOT_A_MEMBER, Person, error_of
from threads.models import ChatThread, Participant
from threads.services import remove_participant_as_operator


def remove(person: Person, thread: str, other: Person) -> Any:
    return person.post(f"{thread}/participants/:remove", other.identifier)


def test_who_is_removed_is_out_at_once_and_the_others_are_told(alice: Person, bob: Person) -> None:
    thread = alice.create_thread(bob)
    answer = remove(alice, thread, bob)
    assert (answer.status_code, answer.content) == (204, b"")
    newest = alice.messages(thread)[0]
    assert newest["type"] == "participantRemoved"
    assert newest["content"] == {
        "participants": [
            {
                "communicationIdentifier": bob.identifier,
                "displayName": "Bob",
                "shareHistoryTime": "1970-01-01T00:00:00Z",
            }
        ],
        "initiatorCommunicationIdentifier": alice.identifier,
    }
    for method, path, body in (
        ("GET", thread, None),
        ("GET", f"{thread}/messages", None),
        ("POST", f"{thread}/messages", {"content": "x"}),
        ("POST", f"{thread}/typing", None),
    ):
        assert error_of(bob.request(method, path, body)) == NOT_A_MEMBER


def test_anybody_may_remove_the_creator(alice: Person, bob: Person) -> None:
    thread = alice.create_thread(bob)
    assert remove(bob, thread, alice).status_code == 204
    assert alice.get(thread).status_code == 403
    assert bob.get(thread).json()["createdByCommunicationIdentifier"] == alice.identifier


def test_the_last_participant_may_leave_and_cannot_leave_twice(alice: Person) -> None:
    thread = alice.create_thread()
    assert remove(alice, thread, alice).status_code == 204
    thread_id = thread.removeprefix("/chat/threads/")
    assert error_of(remove(alice, thread, alice)) == (
        403,
        "Forbidden",
        f"User {alice.id} is not a member of the thread {thread_id}",
    )


def test_removing_somebody_who_is_not_there_changes_nothing(
    alice: Person, eve: Person, mallory: Person
) -> None:
    thread = alice.create_thread()
    before = alice.messages(thread)
    for other in (eve, mallory):
        assert remove(alice, thread, other).status_code == 204
    assert alice.messages(thread) == before
    assert list(Event.objects.values_list("sequence", flat=True)) == [1]


@pytest.mark.parametrize(
    "identifier", [lambda bob: {"rawId": bob.id}, lambda bob: {"communicationUser": {"id": bob.id}}]
)
def test_a_user_may_be_named_in_every_way_of_the_sdks(
    alice: Person, bob: Person, identifier: Any
) -> None:
    thread = alice.create_thread(bob)
    answer = alice.post(f"{thread}/participants/%3Aremove", identifier(bob))
    assert answer.status_code == 204
    assert bob.get(thread).status_code == 403


@pytest.mark.parametrize("body", [{}, {"rawId": 5}, {"communicationUser": {}}, {"rawId": ""}])
def test_a_request_that_names_nobody_removes_nobody(alice: Person, body: Any) -> None:
    thread = alice.create_thread()
    answer = alice.post(f"{thread}/participants/:remove", body)
    assert error_of(answer)[:2] == (400, "BadRequest")
    assert Participant.objects.current().count() == 1


def test_a_malformed_id_is_named(alice: Person) -> None:
    thread = alice.create_thread()
    answer = alice.post(f"{thread}/participants/:remove", {"rawId": "8:acs:…"})
    assert error_of(answer) == (400, "BadRequest", "Identifier format is invalid (8:acs:…).")


def test_eve_removes_nobody(alice: Person, bob: Person, eve: Person) -> None:
    thread = alice.create_thread(bob)
    assert error_of(remove(eve, thread, bob))[:2] == (403, "Forbidden")
    assert bob.get(thread).status_code == 200


def test_the_stay_ends_with_the_event_of_the_removal(alice: Person, bob: Person) -> None:
    thread = alice.create_thread(bob)
    alice.send(thread)
    remove(alice, thread, bob)
    participant = Participant.objects.get(user=bob.user)
    event = Event.objects.get(type="ParticipantsRemoved")
    assert (participant.joined_sequence, participant.removed_sequence) == (1, event.sequence)
    assert ChatThread.objects.get().participant_count == 1


def test_an_operator_removes_in_nobodys_name(alice: Person, bob: Person) -> None:
    thread = alice.create_thread(bob)
    participant = Participant.objects.get(user=bob.user)
    remove_participant_as_operator(participant=participant)
    remove_participant_as_operator(participant=participant)
    assert bob.get(thread).status_code == 403
    newest = alice.messages(thread)[0]
    assert "initiatorCommunicationIdentifier" not in newest["content"]
    assert Event.objects.filter(type="ParticipantsRemoved").count() == 1
