"""azure-communication-chat, synchronous, unmodified, over https: threads and participants."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta

import pytest
from azure.communication.chat import (
    ChatMessageType,
    ChatParticipant,
    CommunicationUserIdentifier,
)
from azure.communication.identity import CommunicationIdentityClient
from azure.core.exceptions import (
    ClientAuthenticationError,
    HttpResponseError,
    ResourceNotFoundError,
)

from tests.sdk.operations import THREAD_OPERATIONS, Intrusion, Operation
from tests.sdk.pagers import page_sizes, texts
from tests.sdk.people import Person, stranger
from tests.waiting import wait_for_the_next_second

pytestmark = pytest.mark.sdk

BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)


# Threads ---------------------------------------------------------------------------------


def test_create_chat_thread_returns_the_properties(alice: Person) -> None:
    before = datetime.now(UTC) - timedelta(seconds=2)
    result = alice.chat.create_chat_thread("Lunch")
    assert result.errors == []
    assert result.chat_thread.topic == "Lunch"
    assert result.chat_thread.id.startswith("19:")
    assert result.chat_thread.id.endswith("@thread.v2")
    assert before < result.chat_thread.created_on <= datetime.now(UTC)
    assert result.chat_thread.created_by.raw_id == alice.id


def test_create_chat_thread_takes_participants(alice: Person, bob: Person) -> None:
    since = datetime(2024, 5, 6, 7, 8, 9, 123456, tzinfo=UTC)
    invited = ChatParticipant(
        identifier=bob.identifier, display_name="Bob 🐻", share_history_time=since
    )
    thread = alice.thread(alice.create_thread(invited))
    first, second = thread.list_participants()
    assert (first.identifier.raw_id, first.display_name) == (alice.id, None)
    assert first.share_history_time == BEGINNING
    assert (second.identifier.raw_id, second.display_name) == (bob.id, "Bob 🐻")
    assert second.share_history_time == since.replace(microsecond=0)


def test_create_chat_thread_starts_with_two_system_messages(alice: Person, bob: Person) -> None:
    thread = alice.thread(alice.create_thread(bob.as_participant("Bob")))
    topic_updated, participant_added = thread.list_messages()
    assert topic_updated.type == ChatMessageType.TOPIC_UPDATED
    assert topic_updated.content.topic == "Lunch"
    assert topic_updated.content.initiator.raw_id == alice.id
    assert topic_updated.sequence_id == "2"
    assert participant_added.type == ChatMessageType.PARTICIPANT_ADDED
    assert {p.identifier.raw_id for p in participant_added.content.participants} == {
        alice.id,
        bob.id,
    }
    assert participant_added.sender is None


def test_create_chat_thread_with_the_same_idempotency_token_is_one_thread(alice: Person) -> None:
    token = str(uuid.uuid4())
    first = alice.chat.create_chat_thread("Lunch", idempotency_token=token)
    again = alice.chat.create_chat_thread("Lunch", idempotency_token=token)
    other = alice.chat.create_chat_thread("Lunch")
    assert again.chat_thread.id == first.chat_thread.id
    assert again.chat_thread.created_on == first.chat_thread.created_on
    assert other.chat_thread.id != first.chat_thread.id
    assert len(list(alice.thread(first.chat_thread.id).list_messages())) == 2


def test_create_chat_thread_reports_a_foreign_user(alice: Person, bob: Person) -> None:
    foreign = stranger()
    result = alice.chat.create_chat_thread(
        "Lunch", thread_participants=[foreign, bob.as_participant()]
    )
    [(participant, error)] = result.errors
    assert participant is foreign
    assert error.code == "403"
    assert error.target == foreign.identifier.raw_id
    members = alice.thread(result.chat_thread.id).list_participants()
    assert [p.identifier.raw_id for p in members] == [alice.id, bob.id]


def test_get_properties_is_the_same_for_every_participant(alice: Person, bob: Person) -> None:
    thread_id = alice.create_thread(bob.as_participant())
    mine = alice.thread(thread_id).get_properties()
    his = bob.thread(thread_id).get_properties()
    assert vars(mine) | {"created_by": None} == vars(his) | {"created_by": None}
    assert (his.id, his.topic, his.created_by.raw_id) == (thread_id, "Lunch", alice.id)


def test_update_topic_changes_the_topic_and_leaves_a_message(alice: Person, bob: Person) -> None:
    thread_id = alice.create_thread(bob.as_participant())
    bob.thread(thread_id).update_topic("Dîner 🍝")
    assert alice.thread(thread_id).get_properties().topic == "Dîner 🍝"
    newest = next(iter(alice.thread(thread_id).list_messages()))
    assert newest.type == ChatMessageType.TOPIC_UPDATED
    assert newest.content.topic == "Dîner 🍝"
    assert newest.content.initiator.raw_id == bob.id


def test_list_chat_threads_pages_from_newest_to_oldest(alice: Person) -> None:
    assert list(alice.chat.list_chat_threads()) == []
    created = [alice.create_thread(topic=f"Topic {n}") for n in range(5)]
    listed = list(alice.chat.list_chat_threads(results_per_page=2))
    assert [item.id for item in listed] == created[::-1]
    assert [item.topic for item in listed] == [f"Topic {n}" for n in range(4, -1, -1)]
    assert all(item.deleted_on is None for item in listed)
    assert page_sizes(alice.chat.list_chat_threads(results_per_page=2)) == [2, 2, 1]


def test_list_chat_threads_from_a_start_time(alice: Person) -> None:
    alice.create_thread(topic="Old")
    wait_for_the_next_second()
    new = alice.create_thread(topic="New")
    start_time = alice.thread(new).get_properties().created_on
    listed = alice.chat.list_chat_threads(start_time=start_time)
    assert [item.topic for item in listed] == ["New"]
    later = start_time + timedelta(hours=1)
    assert list(alice.chat.list_chat_threads(start_time=later)) == []


def test_delete_chat_thread_leaves_a_deleted_item_in_the_list(alice: Person, bob: Person) -> None:
    thread_id = alice.create_thread(bob.as_participant())
    alice.chat.delete_chat_thread(thread_id)
    [item] = alice.chat.list_chat_threads()
    assert (item.id, item.topic) == (thread_id, "Lunch")
    assert item.deleted_on is not None
    for person in (alice, bob):
        with pytest.raises(ResourceNotFoundError) as caught:
            person.thread(thread_id).get_properties()
        assert caught.value.error.code == "NotFound"
    alice.chat.delete_chat_thread(thread_id)


# Participants ----------------------------------------------------------------------------


def test_add_participants_lets_them_in_and_leaves_a_message(alice: Person, bob: Person) -> None:
    thread_id = alice.create_thread()
    failed = alice.thread(thread_id).add_participants([bob.as_participant("Bob")])
    assert failed == []
    assert bob.thread(thread_id).get_properties().topic == "Lunch"
    newest = next(iter(bob.thread(thread_id).list_messages()))
    assert newest.type == ChatMessageType.PARTICIPANT_ADDED
    assert newest.content.initiator.raw_id == alice.id
    [added] = newest.content.participants
    assert (added.identifier.raw_id, added.display_name) == (bob.id, "Bob")


def test_add_participants_reports_foreign_users(alice: Person, bob: Person) -> None:
    thread_id = alice.create_thread()
    foreign = stranger()
    [(participant, error)] = alice.thread(thread_id).add_participants(
        [bob.as_participant(), foreign]
    )
    assert participant is foreign
    assert (error.code, error.target) == ("403", foreign.identifier.raw_id)
    assert error.message == "Permissions check failed"
    members = alice.thread(thread_id).list_participants()
    assert [p.identifier.raw_id for p in members] == [alice.id, bob.id]


def test_share_history_time_hides_what_was_said_before(alice: Person, bob: Person) -> None:
    thread_id = alice.create_thread()
    before = alice.thread(thread_id).send_message("Before")
    wait_for_the_next_second()
    newcomer = ChatParticipant(identifier=bob.identifier, share_history_time=datetime.now(UTC))
    assert alice.thread(thread_id).add_participants([newcomer]) == []
    alice.thread(thread_id).send_message("After")
    assert texts(bob.thread(thread_id).list_messages()) == ["After"]
    with pytest.raises(ResourceNotFoundError):
        bob.thread(thread_id).get_message(before.id)
    assert texts(alice.thread(thread_id).list_messages()) == ["After", "Before"]


def test_list_participants_skips_and_pages(alice: Person, bob: Person, eve: Person) -> None:
    thread = alice.thread(alice.create_thread(bob.as_participant(), eve.as_participant()))
    everyone = [p.identifier.raw_id for p in thread.list_participants()]
    assert everyone[0] == alice.id
    assert sorted(everyone) == sorted([alice.id, bob.id, eve.id])
    skipped = thread.list_participants(skip=1, results_per_page=1)
    assert [p.identifier.raw_id for p in skipped] == everyone[1:]
    assert page_sizes(thread.list_participants(results_per_page=2)) == [2, 1]
    assert page_sizes(thread.list_participants(skip=2, results_per_page=1)) == [1]


def test_remove_participant_shuts_the_door(alice: Person, bob: Person) -> None:
    thread_id = alice.create_thread(bob.as_participant("Bob"))
    alice.thread(thread_id).remove_participant(bob.identifier)
    with pytest.raises(HttpResponseError) as caught:
        bob.thread(thread_id).send_message("Still here?")
    assert (caught.value.status_code, caught.value.error.code) == (403, "Forbidden")
    newest = next(iter(alice.thread(thread_id).list_messages()))
    assert newest.type == ChatMessageType.PARTICIPANT_REMOVED
    [removed] = newest.content.participants
    assert (removed.identifier.raw_id, removed.display_name) == (bob.id, "Bob")


def test_a_participant_may_leave(alice: Person, bob: Person) -> None:
    thread_id = alice.create_thread(bob.as_participant())
    bob.thread(thread_id).remove_participant(bob.identifier)
    assert len(list(alice.thread(thread_id).list_participants())) == 1
    assert list(bob.chat.list_chat_threads()) == []


# Refusals --------------------------------------------------------------------------------


@pytest.mark.parametrize("operation", THREAD_OPERATIONS.values(), ids=THREAD_OPERATIONS.keys())
def test_an_outsider_is_refused(alice: Person, eve: Person, operation: Operation) -> None:
    thread_id = alice.create_thread()
    secret = alice.thread(thread_id).send_message("Secret")
    intrusion = Intrusion(eve.chat, eve.thread(thread_id), secret.id, eve.as_participant())
    with pytest.raises(HttpResponseError) as caught:
        list(operation(intrusion) or [])
    assert caught.value.status_code == 403
    assert caught.value.error.code == "Forbidden"
    assert caught.value.error.message
    assert "Secret" not in str(caught.value)
    assert list(eve.chat.list_chat_threads()) == []
    assert alice.thread(thread_id).get_properties().topic == "Lunch"
    assert texts(alice.thread(thread_id).list_messages()) == ["Secret"]
    assert len(list(alice.thread(thread_id).list_participants())) == 1


def test_a_revoked_token_is_refused_at_once(
    identity: CommunicationIdentityClient, alice: Person, bob: Person
) -> None:
    thread_id = alice.create_thread(bob.as_participant())
    identity.revoke_tokens(alice.identifier)
    for attempt in (
        lambda: alice.chat.create_chat_thread("Lunch"),
        lambda: list(alice.chat.list_chat_threads()),
        lambda: alice.thread(thread_id).send_message("Hi"),
    ):
        with pytest.raises(ClientAuthenticationError) as caught:
            attempt()
        assert caught.value.status_code == 401
    assert bob.thread(thread_id).get_properties().topic == "Lunch"


def test_what_does_not_exist_is_not_found(alice: Person) -> None:
    existing = alice.thread(alice.create_thread())
    nowhere = alice.thread("19:acsV1_" + "a" * 43 + "1@thread.v2")
    for attempt in (
        lambda: nowhere.get_properties(),
        lambda: existing.get_message("1000000000000"),
        lambda: existing.send_read_receipt("1000000000000"),
    ):
        with pytest.raises(ResourceNotFoundError) as caught:
            attempt()
        assert caught.value.error.code == "NotFound"


def test_a_malformed_request_is_a_bad_request(alice: Person) -> None:
    thread = alice.thread(alice.create_thread())
    malformed = CommunicationUserIdentifier("8:acs:nonsense", raw_id="8:acs:nonsense")
    for attempt in (
        lambda: thread.add_participants([ChatParticipant(identifier=malformed)]),
        lambda: thread.remove_participant(malformed),
        lambda: thread.get_message("not-a-number"),
        lambda: alice.chat.create_chat_thread(
            "Lunch", thread_participants=[ChatParticipant(identifier=malformed)]
        ),
    ):
        with pytest.raises(HttpResponseError) as caught:
            attempt()
        assert (caught.value.status_code, caught.value.error.code) == (400, "BadRequest")
