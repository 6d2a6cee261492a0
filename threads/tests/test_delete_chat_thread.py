"""DELETE /chat/threads/{id}."""

from events.models import Event
from tests.cast import NO_SUCH_THREAD, NOT_A_MEMBER, Person, error_of
from threads.models import ChatThread
from threads.services import delete_chat_thread_as_operator


def test_a_deleted_thread_is_gone_but_stays_listed_as_deleted(alice: Person, bob: Person) -> None:
    thread = alice.create_thread(bob)
    message = bob.send(thread)
    answer = alice.delete(thread)
    assert (answer.status_code, answer.content) == (204, b"")
    for person in (alice, bob):
        (item,) = person.get("/chat/threads").json()["value"]
        assert list(item) == ["id", "topic", "deletedOn", "lastMessageReceivedOn"]
        assert item["deletedOn"] >= item["lastMessageReceivedOn"]
    for method, path, body in (
        ("GET", thread, None),
        ("PATCH", thread, {"topic": "x"}),
        ("GET", f"{thread}/messages", None),
        ("POST", f"{thread}/messages", {"content": "x"}),
        ("GET", f"{thread}/messages/{message}", None),
        ("GET", f"{thread}/participants", None),
        ("POST", f"{thread}/participants/:remove", alice.identifier),
        ("POST", f"{thread}/typing", None),
        ("GET", f"{thread}/readReceipts", None),
    ):
        assert error_of(bob.request(method, path, body)) == NO_SUCH_THREAD


def test_deleting_twice_is_fine_and_happens_once(alice: Person, bob: Person) -> None:
    thread = alice.create_thread(bob)
    for person in (alice, bob, alice):
        assert person.delete(thread).status_code == 204
    assert Event.objects.filter(type="ChatThreadDeleted").count() == 1


def test_eve_deletes_nothing_and_learns_nothing_afterwards(alice: Person, eve: Person) -> None:
    thread = alice.create_thread()
    assert error_of(eve.delete(thread)) == NOT_A_MEMBER
    assert alice.get(thread).status_code == 200
    alice.delete(thread)
    assert error_of(eve.delete(thread)) == NO_SUCH_THREAD


def test_an_operator_deletes_by_policy(alice: Person) -> None:
    path = alice.create_thread()
    thread = ChatThread.objects.get()
    delete_chat_thread_as_operator(thread=thread)
    delete_chat_thread_as_operator(thread=thread)
    assert alice.get(path).status_code == 404
    event = Event.objects.get(type="ChatThreadDeleted")
    assert event.data["reason"] == "deletedByPolicy"
    assert event.data["initiator"] is None
