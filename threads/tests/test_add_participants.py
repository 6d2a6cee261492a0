"""POST /chat/threads/{id}/participants/:add."""

from typing import Any

import pytest
from django.test import Client

from events.models import Event
from identity.models import CommunicationUser, Resource
from tests.cast import NOT_A_MEMBER, Person, error_of
from threads.models import ChatThread, Participant


def add(person: Person, thread: str, *others: Person, **members: Any) -> Any:
    participants = [other.as_participant(displayName=other.name, **members) for other in others]
    return person.post(f"{thread}/participants/:add", {"participants": participants})


def crowd(resource: Resource, count: int) -> list[dict[str, Any]]:
    """`count` new users as participants."""
    users = [
        CommunicationUser(
            resource=resource,
            raw_id=f"8:acs:{resource.id}_{number:08x}-0000-4000-8000-000000000000",
        )
        for number in range(count)
    ]
    CommunicationUser.objects.bulk_create(users)
    return [{"communicationIdentifier": {"rawId": user.raw_id}} for user in users]


def test_who_is_added_takes_part_and_all_are_told(
    alice: Person, bob: Person, carol: Person
) -> None:
    thread = alice.create_thread(bob)
    answer = add(bob, thread, carol)
    assert (answer.status_code, answer.content) == (201, b"{}")
    assert "Location" not in answer
    newest = carol.messages(thread)[0]
    assert newest["type"] == "participantAdded"
    assert newest["content"] == {
        "participants": [
            {
                "communicationIdentifier": carol.identifier,
                "displayName": "Carol",
                "shareHistoryTime": "1970-01-01T00:00:00Z",
            }
        ],
        "initiatorCommunicationIdentifier": bob.identifier,
    }


def test_several_who_are_added_share_one_message(alice: Person, bob: Person, carol: Person) -> None:
    thread = alice.create_thread()
    add(alice, thread, bob, carol)
    newest, topic, first = alice.messages(thread)
    assert len(newest["content"]["participants"]) == 2
    assert newest["sequenceId"] == "3"


def test_an_encoded_colon_is_the_same_operation(alice: Person, bob: Person) -> None:
    thread = alice.create_thread()
    answer = alice.post(f"{thread}/participants/%3Aadd", {"participants": [bob.as_participant()]})
    assert answer.status_code == 201
    assert bob.get(thread).status_code == 200


def test_who_is_there_already_stays_as_they_are(alice: Person, bob: Person) -> None:
    thread = alice.create_thread(bob)
    before = alice.messages(thread)
    bob.name = "Robert"
    answer = add(alice, thread, bob, alice)
    assert (answer.status_code, answer.content) == (201, b"{}")
    assert alice.messages(thread) == before
    assert alice.get(f"{thread}/participants").json()["value"][1]["displayName"] == "Bob"
    assert list(Event.objects.values_list("sequence", flat=True)) == [1]


def test_who_cannot_join_is_named_and_the_others_join(
    alice: Person, bob: Person, mallory: Person
) -> None:
    thread = alice.create_thread()
    answer = add(alice, thread, mallory, bob)
    assert answer.status_code == 201
    assert answer.json() == {
        "invalidParticipants": [
            {"code": "403", "message": "Permissions check failed", "target": mallory.id}
        ]
    }
    assert bob.get(thread).status_code == 200


def test_who_left_can_come_back(alice: Person, bob: Person) -> None:
    thread = alice.create_thread(bob)
    bob.post(f"{thread}/participants/:remove", bob.identifier)
    assert bob.get(thread).status_code == 403
    add(alice, thread, bob)
    assert bob.get(thread).status_code == 200
    memberships = Participant.objects.filter(user=bob.user).order_by("id")
    assert [membership.removed_ms is None for membership in memberships] == [False, True]


@pytest.mark.parametrize(
    "body",
    [{}, {"participants": []}, {"participants": {}}, {"participants": [None]}]
    + [{"participants": [{"communicationIdentifier": {"rawId": "x"}}]}],
)
def test_a_request_that_makes_no_sense_adds_nobody(alice: Person, body: Any) -> None:
    thread = alice.create_thread()
    answer = alice.post(f"{thread}/participants/:add", body)
    assert error_of(answer)[:2] == (400, "BadRequest")
    assert Participant.objects.count() == 1


def test_a_thread_holds_250_and_not_one_more(
    resource: Resource, alice: Person, bob: Person, carol: Person
) -> None:
    people = crowd(resource, 249)
    thread = alice.create_thread(participants=people[:199])
    path = f"{thread}/participants/:add"
    assert alice.post(path, {"participants": people[199:248]}).content == b"{}"
    refused = alice.post(path, {"participants": [people[248], bob.as_participant()]})
    assert error_of(refused)[:2] == (400, "BadRequest")
    assert ChatThread.objects.get().participant_count == 249
    assert alice.post(path, {"participants": people[248:]}).status_code == 201
    assert Participant.objects.current().count() == 250
    assert len(alice.get(f"{thread}/participants").json()["value"]) == 250
    assert error_of(add(alice, thread, carol))[:2] == (400, "BadRequest")


def test_more_than_200_at_once_are_refused(resource: Resource, alice: Person) -> None:
    thread = alice.create_thread()
    answer = alice.post(f"{thread}/participants/:add", {"participants": crowd(resource, 201)})
    assert error_of(answer) == (400, "BadRequest", None)
    assert Participant.objects.count() == 1


def test_eve_adds_nobody_and_not_herself(alice: Person, eve: Person) -> None:
    thread = alice.create_thread()
    assert error_of(add(eve, thread, eve)) == NOT_A_MEMBER
    assert Participant.objects.count() == 1


def test_without_a_token_nobody_is_added(alice: Person) -> None:
    thread = alice.create_thread()
    answer = Client().post(f"{thread}/participants/:add?api-version=2025-03-15")
    assert answer.status_code == 401
