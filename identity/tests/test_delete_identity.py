"""DELETE /identities/{id}."""

from typing import Any

from identity.models import CommunicationUser, Resource
from tests.cast import Person
from tests.service import call, error_of
from threads.sweeps import end_memberships_of_deleted_users


def delete(resource: Resource, person: Person) -> Any:
    return call(resource, "DELETE", f"/identities/{person.id}")


def test_a_deleted_user_is_unknown_from_then_on(resource: Resource, alice: Person) -> None:
    answer = delete(resource, alice)
    assert (answer.status_code, answer.content) == (204, b"")
    assert alice.get("/chat/threads").status_code == 401
    again = call(
        resource, "POST", f"/identities/{alice.id}/:issueAccessToken", {"scopes": ["chat"]}
    )
    assert error_of(again) == (404, "IdentityNotFound")
    assert error_of(delete(resource, alice)) == (404, "IdentityNotFound")


def test_a_deleted_user_leaves_the_threads_and_the_messages_stay(
    resource: Resource, alice: Person, bob: Person
) -> None:
    first, second = alice.create_thread(bob), bob.create_thread(alice)
    bob.send(first, "remember me")
    delete(resource, bob)
    participants = alice.get(f"{first}/participants").json()["value"]
    assert [item["communicationIdentifier"]["rawId"] for item in participants] == [alice.id]
    removed, message = alice.messages(first)[:2]
    assert removed["type"] == "participantRemoved"
    assert message["content"]["message"] == "remember me"
    assert message["senderCommunicationIdentifier"] == bob.identifier
    assert alice.get(second).json()["createdByCommunicationIdentifier"] == bob.identifier


def test_a_deleted_user_cannot_be_added(resource: Resource, alice: Person, bob: Person) -> None:
    thread = alice.create_thread()
    delete(resource, bob)
    answer = alice.post(f"{thread}/participants/:add", {"participants": [bob.as_participant()]})
    assert answer.json()["invalidParticipants"][0]["target"] == bob.id


def test_a_user_of_another_resource_cannot_be_deleted(resource: Resource, mallory: Person) -> None:
    assert error_of(delete(resource, mallory)) == (404, "IdentityNotFound")
    assert mallory.get("/chat/threads").status_code == 200


def fail(user: CommunicationUser) -> None:
    raise RuntimeError(f"no time for {user}")


def test_what_a_failing_handler_leaves_is_finished_later(
    resource: Resource, alice: Person, bob: Person, settings: Any, caplog: Any
) -> None:
    thread = alice.create_thread(bob)
    settings.IDENTITY_DELETED_HANDLERS = [f"{__name__}.fail"]
    assert delete(resource, bob).status_code == 204
    assert "no time for" in caplog.text
    assert bob.get(thread).status_code == 401
    assert end_memberships_of_deleted_users(0) == 1
    assert alice.messages(thread)[0]["type"] == "participantRemoved"
