"""azure-communication-chat, asynchronous, unmodified, over https: every operation."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from inspect import isawaitable
from typing import Any

import pytest
import pytest_asyncio
from azure.communication.chat import ChatMessageType, ChatParticipant
from azure.communication.identity import CommunicationIdentityClient
from azure.core.exceptions import (
    ClientAuthenticationError,
    HttpResponseError,
    ResourceNotFoundError,
)

from tests.sdk.operations import THREAD_OPERATIONS, Intrusion, Operation
from tests.sdk.pagers import page_sizes_aio, texts
from tests.sdk.people import Person, stranger
from tests.sdk.people_aio import AsyncPerson, Connect, connections
from tests.server import Server
from tests.waiting import wait_for_the_next_second

pytestmark = [pytest.mark.sdk, pytest.mark.asyncio]


@pytest_asyncio.fixture
async def connect(server: Server) -> AsyncIterator[Connect]:
    """Trust by ``connection_verify``, the documented way inside a running process."""
    async with connections(endpoint=server.https_url, ca_file=str(server.ca_file)) as connect:
        yield connect


@pytest_asyncio.fixture
async def anna(connect: Connect, alice: Person) -> AsyncPerson:
    """alice, awaited."""
    return await connect(alice)


@pytest_asyncio.fixture
async def ben(connect: Connect, bob: Person) -> AsyncPerson:
    """bob, awaited."""
    return await connect(bob)


async def every(pager: Any) -> list[Any]:
    """All items of a pager."""
    return [item async for item in pager]


# Threads ---------------------------------------------------------------------------------


async def test_create_chat_thread_returns_the_properties(anna: AsyncPerson) -> None:
    token = str(uuid.uuid4())
    result = await anna.chat.create_chat_thread("Lunch", idempotency_token=token)
    assert result.errors == []
    assert result.chat_thread.topic == "Lunch"
    assert result.chat_thread.created_by.raw_id == anna.id
    again = await anna.chat.create_chat_thread("Lunch", idempotency_token=token)
    assert again.chat_thread.id == result.chat_thread.id
    properties = await (await anna.thread(result.chat_thread.id)).get_properties()
    assert properties.created_on == result.chat_thread.created_on


async def test_create_chat_thread_takes_participants(anna: AsyncPerson, bob: Person) -> None:
    since = datetime(2024, 5, 6, 7, 8, 9, 123456, tzinfo=UTC)
    invited = ChatParticipant(
        identifier=bob.identifier, display_name="Bob 🐻", share_history_time=since
    )
    thread = await anna.create_thread(invited)
    first, second = await every(thread.list_participants())
    assert first.identifier.raw_id == anna.id
    assert (second.identifier.raw_id, second.display_name) == (bob.id, "Bob 🐻")
    assert second.share_history_time == since.replace(microsecond=0)


async def test_create_chat_thread_reports_a_foreign_user(anna: AsyncPerson) -> None:
    foreign = stranger()
    result = await anna.chat.create_chat_thread("Lunch", thread_participants=[foreign])
    [(participant, error)] = result.errors
    assert participant is foreign
    assert (error.code, error.target) == ("403", foreign.identifier.raw_id)


async def test_update_topic_changes_the_topic_and_leaves_a_message(
    anna: AsyncPerson, ben: AsyncPerson, bob: Person
) -> None:
    thread = await anna.create_thread(bob.as_participant())
    await (await ben.thread(thread.thread_id)).update_topic("Dîner 🍝")
    assert (await thread.get_properties()).topic == "Dîner 🍝"
    newest, *_ = await every(thread.list_messages())
    assert newest.type == ChatMessageType.TOPIC_UPDATED
    assert newest.content.initiator.raw_id == ben.id


async def test_list_chat_threads_pages_from_newest_to_oldest(anna: AsyncPerson) -> None:
    assert await every(anna.chat.list_chat_threads()) == []
    created = [(await anna.create_thread()).thread_id for _ in range(5)]
    listed = await every(anna.chat.list_chat_threads(results_per_page=2))
    assert [item.id for item in listed] == created[::-1]
    assert await page_sizes_aio(anna.chat.list_chat_threads(results_per_page=2)) == [2, 2, 1]


async def test_list_chat_threads_from_a_start_time(anna: AsyncPerson) -> None:
    await anna.create_thread()
    await asyncio.to_thread(wait_for_the_next_second)
    new = await anna.create_thread()
    start_time = (await new.get_properties()).created_on
    listed = await every(anna.chat.list_chat_threads(start_time=start_time))
    assert [item.id for item in listed] == [new.thread_id]


async def test_delete_chat_thread_leaves_a_deleted_item_in_the_list(anna: AsyncPerson) -> None:
    thread = await anna.create_thread()
    await anna.chat.delete_chat_thread(thread.thread_id)
    [item] = await every(anna.chat.list_chat_threads())
    assert item.id == thread.thread_id
    assert item.deleted_on is not None
    with pytest.raises(ResourceNotFoundError):
        await thread.get_properties()


# Messages --------------------------------------------------------------------------------


@pytest.mark.parametrize("content", ["Hello!", "שלום e\u0301 👩‍👩‍👧‍👦 🏴󠁧󠁢󠁷󠁬󠁳󠁿 𝔘 \U0010fffd", "<b>&\n\t"])
async def test_send_message_keeps_text_as_it_is(
    anna: AsyncPerson, ben: AsyncPerson, bob: Person, content: str
) -> None:
    thread = await anna.create_thread(bob.as_participant())
    sent = await thread.send_message(
        content, sender_display_name="Alice 🦊", metadata={"priority": "high"}
    )
    received = await (await ben.thread(thread.thread_id)).get_message(sent.id)
    assert received.content.message == content
    assert received.type == ChatMessageType.TEXT
    assert received.sender.raw_id == anna.id
    assert received.sender_display_name == "Alice 🦊"
    assert received.metadata["priority"] == "high"


async def test_send_message_takes_html_and_drops_scripts(anna: AsyncPerson) -> None:
    thread = await anna.create_thread()
    sent = await thread.send_message(
        "<b>hi</b><script>steal()</script>", chat_message_type=ChatMessageType.HTML
    )
    received = await thread.get_message(sent.id)
    assert (received.type, received.content.message) == (ChatMessageType.HTML, "<b>hi</b>")


@pytest.mark.parametrize(("size", "pages"), [(1, [1] * 5), (2, [2, 2, 1]), (3, [3, 2])])
async def test_list_messages_pages_from_newest_to_oldest(
    anna: AsyncPerson, size: int, pages: list[int]
) -> None:
    thread = await anna.create_thread()
    for n in range(3):
        await thread.send_message(f"Message {n}")
    assert await page_sizes_aio(thread.list_messages(results_per_page=size)) == pages
    listed = await every(thread.list_messages(results_per_page=size))
    assert [m.sequence_id for m in listed] == ["5", "4", "3", "2", "1"]
    assert texts(listed) == ["Message 2", "Message 1", "Message 0"]


async def test_list_messages_from_a_start_time(anna: AsyncPerson) -> None:
    thread = await anna.create_thread()
    await thread.send_message("Before")
    await asyncio.to_thread(wait_for_the_next_second)
    after = await thread.send_message("After")
    start_time = (await thread.get_message(after.id)).created_on
    listed = await every(thread.list_messages(start_time=start_time, results_per_page=1))
    assert texts(listed) == ["After"]
    assert await every(thread.list_messages(start_time=start_time + timedelta(hours=1))) == []


async def test_update_message_changes_content_and_metadata(anna: AsyncPerson) -> None:
    thread = await anna.create_thread()
    sent = await thread.send_message("Helo", metadata={"kept": "yes", "gone": "soon"})
    await thread.update_message(sent.id, "Hello 👋")
    await thread.update_message(sent.id, metadata={"gone": "", "new": "1"})
    edited = await thread.get_message(sent.id)
    assert edited.content.message == "Hello 👋"
    assert edited.metadata == {"kept": "yes", "new": "1"}
    assert edited.edited_on == datetime.fromtimestamp(int(edited.version) // 1000, UTC)


async def test_delete_message_empties_it(anna: AsyncPerson) -> None:
    thread = await anna.create_thread()
    sent = await thread.send_message("Oops")
    await thread.delete_message(sent.id)
    deleted = await thread.get_message(sent.id)
    assert deleted.content.message == ""
    assert deleted.deleted_on is not None


# Read receipts and typing ----------------------------------------------------------------


async def test_read_receipts_are_listed_latest_per_reader(
    anna: AsyncPerson, ben: AsyncPerson, bob: Person
) -> None:
    thread = await anna.create_thread(bob.as_participant())
    first = (await thread.send_message("One")).id
    second = (await thread.send_message("Two")).id
    await thread.send_read_receipt(first)
    his = await ben.thread(thread.thread_id)
    await his.send_read_receipt(first)
    await his.send_read_receipt(second)
    receipts = await every(thread.list_read_receipts())
    assert len(receipts) == 2
    assert {r.sender.raw_id: r.chat_message_id for r in receipts} == {
        anna.id: first,
        ben.id: second,
    }
    assert sum(await page_sizes_aio(thread.list_read_receipts(results_per_page=1))) == 2
    assert len(await every(thread.list_read_receipts(skip=1))) == 1


async def test_send_typing_notification_with_and_without_a_name(anna: AsyncPerson) -> None:
    thread = await anna.create_thread()
    await thread.send_typing_notification()
    await thread.send_typing_notification(sender_display_name="Alice 🦊")
    assert len(await every(thread.list_messages())) == 2


# Participants ----------------------------------------------------------------------------


async def test_add_participants_lets_them_in_and_reports_foreign_users(
    anna: AsyncPerson, ben: AsyncPerson, bob: Person
) -> None:
    thread = await anna.create_thread()
    foreign = stranger()
    [(participant, error)] = await thread.add_participants([bob.as_participant("Bob"), foreign])
    assert participant is foreign
    assert (error.code, error.target) == ("403", foreign.identifier.raw_id)
    newest, *_ = await every((await ben.thread(thread.thread_id)).list_messages())
    assert newest.type == ChatMessageType.PARTICIPANT_ADDED
    [added] = newest.content.participants
    assert (added.identifier.raw_id, added.display_name) == (bob.id, "Bob")


async def test_share_history_time_hides_what_was_said_before(
    anna: AsyncPerson, ben: AsyncPerson, bob: Person
) -> None:
    thread = await anna.create_thread()
    before = await thread.send_message("Before")
    await asyncio.to_thread(wait_for_the_next_second)
    newcomer = ChatParticipant(identifier=bob.identifier, share_history_time=datetime.now(UTC))
    assert await thread.add_participants([newcomer]) == []
    await thread.send_message("After")
    his = await ben.thread(thread.thread_id)
    assert texts(await every(his.list_messages())) == ["After"]
    with pytest.raises(ResourceNotFoundError):
        await his.get_message(before.id)


async def test_list_participants_skips_and_pages(
    anna: AsyncPerson, bob: Person, eve: Person
) -> None:
    thread = await anna.create_thread(bob.as_participant(), eve.as_participant())
    everyone = [p.identifier.raw_id for p in await every(thread.list_participants())]
    assert sorted(everyone) == sorted([anna.id, bob.id, eve.id])
    skipped = await every(thread.list_participants(skip=1, results_per_page=1))
    assert [p.identifier.raw_id for p in skipped] == everyone[1:]
    assert await page_sizes_aio(thread.list_participants(results_per_page=2)) == [2, 1]


async def test_remove_participant_shuts_the_door(
    anna: AsyncPerson, ben: AsyncPerson, bob: Person
) -> None:
    thread = await anna.create_thread(bob.as_participant("Bob"))
    await thread.remove_participant(bob.identifier)
    with pytest.raises(HttpResponseError) as caught:
        await (await ben.thread(thread.thread_id)).send_message("Still here?")
    assert (caught.value.status_code, caught.value.error.code) == (403, "Forbidden")
    newest, *_ = await every(thread.list_messages())
    assert newest.type == ChatMessageType.PARTICIPANT_REMOVED
    assert [p.identifier.raw_id for p in newest.content.participants] == [bob.id]


# Refusals --------------------------------------------------------------------------------


@pytest.mark.parametrize("operation", THREAD_OPERATIONS.values(), ids=THREAD_OPERATIONS.keys())
async def test_an_outsider_is_refused(
    anna: AsyncPerson, connect: Connect, eve: Person, operation: Operation
) -> None:
    thread = await anna.create_thread()
    secret = await thread.send_message("Secret")
    outsider = await connect(eve)
    hers = await outsider.thread(thread.thread_id)
    intrusion = Intrusion(outsider.chat, hers, secret.id, eve.as_participant())
    with pytest.raises(HttpResponseError) as caught:
        result = operation(intrusion)
        await (result if isawaitable(result) else every(result))
    assert (caught.value.status_code, caught.value.error.code) == (403, "Forbidden")
    assert "Secret" not in str(caught.value)
    assert await every(outsider.chat.list_chat_threads()) == []
    assert texts(await every(thread.list_messages())) == ["Secret"]


async def test_a_revoked_token_is_refused_at_once(
    identity: CommunicationIdentityClient, anna: AsyncPerson, alice: Person
) -> None:
    thread = await anna.create_thread()
    await asyncio.to_thread(identity.revoke_tokens, alice.identifier)
    with pytest.raises(ClientAuthenticationError) as caught:
        await thread.send_message("Hi")
    assert caught.value.status_code == 401
    with pytest.raises(ClientAuthenticationError):
        await every(anna.chat.list_chat_threads())


async def test_what_does_not_exist_is_not_found(anna: AsyncPerson) -> None:
    existing = await anna.create_thread()
    nowhere = await anna.thread("19:acsV1_" + "a" * 43 + "1@thread.v2")
    with pytest.raises(ResourceNotFoundError):
        await nowhere.get_properties()
    with pytest.raises(ResourceNotFoundError) as caught:
        await existing.get_message("1000000000000")
    assert caught.value.error.code == "NotFound"
