"""GET /chat/threads/{id}/messages/{id}."""

import pytest

from tests.cast import NOT_A_MEMBER, Person, error_of


def test_system_messages_can_be_fetched_too(alice: Person) -> None:
    thread = alice.create_thread()
    for message in alice.messages(thread):
        assert alice.get(f"{thread}/messages/{message['id']}").json() == message


@pytest.mark.parametrize("message_id", ["x", "-1", "1.5", "1x", "9" * 19, "²", "%20"])
def test_an_id_that_is_no_number_is_refused(alice: Person, message_id: str) -> None:
    thread = alice.create_thread()
    answer = alice.get(f"{thread}/messages/{message_id}")
    shown = " " if message_id == "%20" else message_id
    assert error_of(answer) == (400, "BadRequest", f"Value for MessageId ({shown}) is not valid.")


def test_an_unknown_message_is_not_found(alice: Person) -> None:
    thread = alice.create_thread()
    assert error_of(alice.get(f"{thread}/messages/1")) == (404, "NotFound", None)


def test_a_message_is_found_in_its_own_thread_only(alice: Person) -> None:
    one, other = alice.create_thread(), alice.create_thread()
    message = alice.send(one)
    assert error_of(alice.get(f"{other}/messages/{message}")) == (404, "NotFound", None)


def test_eve_reads_nothing(alice: Person, bob: Person, eve: Person) -> None:
    thread = alice.create_thread(bob)
    message = alice.send(thread, "secret")
    answer = eve.get(f"{thread}/messages/{message}")
    assert error_of(answer) == NOT_A_MEMBER
    assert b"secret" not in answer.content
