"""GET /chat/threads/{id}."""

from urllib.parse import quote

import pytest

from tests.cast import NO_SUCH_THREAD, NOT_A_MEMBER, Person, error_of


def test_a_participant_sees_the_properties(alice: Person, bob: Person) -> None:
    created = alice.post(
        "/chat/threads", {"topic": "Lunch", "participants": [bob.as_participant()]}
    ).json()["chatThread"]
    answer = bob.get(f"/chat/threads/{created['id']}")
    assert answer.status_code == 200
    assert answer.json() == created


def test_the_id_may_be_encoded_or_raw(alice: Person) -> None:
    thread = alice.create_thread()
    thread_id = thread.removeprefix("/chat/threads/")
    for spelling in (thread_id, quote(thread_id, safe=""), quote(thread_id, safe="@")):
        assert alice.get(f"/chat/threads/{spelling}").json()["id"] == thread_id


def test_eve_is_refused(alice: Person, bob: Person, eve: Person) -> None:
    assert error_of(eve.get(alice.create_thread(bob))) == NOT_A_MEMBER


def test_a_thread_that_never_was_is_not_found(alice: Person) -> None:
    missing = "/chat/threads/19:" + "0" * 32 + "@thread.v2"
    assert error_of(alice.get(missing)) == NO_SUCH_THREAD


@pytest.mark.parametrize("thread_id", ["x", "19:@thread.v2", "19:a b@thread.v2", "19:a@other"])
def test_a_malformed_id_is_not_found_either(alice: Person, thread_id: str) -> None:
    answer = alice.get(f"/chat/threads/{quote(thread_id)}")
    assert error_of(answer) == (404, "NotFound", None)
