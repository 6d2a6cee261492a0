"""azure-communication-chat, synchronous, unmodified, over https: messages, receipts, typing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from azure.communication.chat import ChatMessageType
from azure.core.exceptions import HttpResponseError

from tests.sdk.pagers import page_sizes, texts
from tests.sdk.people import Person
from tests.waiting import wait_for_the_next_second

pytestmark = pytest.mark.sdk


@pytest.mark.parametrize(
    "content",
    [
        "Hello!",
        "Grüße, 你好, שלום, e\u0301",
        "👋🏽 👩‍👩‍👧‍👦 🏴󠁧󠁢󠁷󠁬󠁳󠁿 𝔘𝔫𝔦𝔠𝔬𝔡𝔢 \U0010fffd",
        '<b>not html</b> & "quotes" \\ \n\ttabs ',
    ],
)
def test_send_message_keeps_text_as_it_is(alice: Person, bob: Person, content: str) -> None:
    thread_id = alice.create_thread(bob.as_participant())
    sent = alice.thread(thread_id).send_message(content, sender_display_name="Alice 🦊")
    received = bob.thread(thread_id).get_message(sent.id)
    assert received.content.message == content
    assert received.type == ChatMessageType.TEXT
    assert received.sender.raw_id == alice.id
    assert received.sender_display_name == "Alice 🦊"
    assert received.sequence_id == "3"
    assert received.version == received.id == sent.id
    assert received.created_on == datetime.fromtimestamp(int(sent.id) // 1000, UTC)
    assert (received.edited_on, received.deleted_on, received.metadata) == (None, None, None)


def test_send_message_takes_html_and_drops_scripts(alice: Person) -> None:
    thread = alice.thread(alice.create_thread())
    harmless = thread.send_message("<div>test</div>", chat_message_type=ChatMessageType.HTML)
    harmful = thread.send_message(
        "<b>hi</b><script>steal()</script>", chat_message_type=ChatMessageType.HTML
    )
    assert thread.get_message(harmless.id).content.message == "<div>test</div>"
    assert thread.get_message(harmless.id).type == ChatMessageType.HTML
    assert thread.get_message(harmful.id).content.message == "<b>hi</b>"


def test_message_metadata_is_sent_changed_and_removed(alice: Person) -> None:
    thread = alice.thread(alice.create_thread())
    metadata = {"tags": "🏷️", "deliveryMode": "async", "empty": ""}
    sent = thread.send_message("Hi", metadata=metadata)
    assert thread.get_message(sent.id).metadata == metadata
    thread.update_message(sent.id, metadata={"tags": "new", "deliveryMode": ""})
    changed = thread.get_message(sent.id)
    assert changed.metadata == {"tags": "new", "empty": ""}
    assert changed.content.message == "Hi"


def test_priority_travels_in_message_metadata(alice: Person, bob: Person) -> None:
    thread_id = alice.create_thread(bob.as_participant())
    sent = alice.thread(thread_id).send_message("Fire!", metadata={"priority": "high"})
    assert bob.thread(thread_id).get_message(sent.id).metadata["priority"] == "high"
    with pytest.raises(HttpResponseError) as caught:
        alice.thread(thread_id).send_message("Fire!", metadata={"priority": "urgent"})
    assert (caught.value.status_code, caught.value.error.code) == (400, "BadRequest")


@pytest.mark.parametrize(("size", "pages"), [(1, [1] * 5), (2, [2, 2, 1]), (3, [3, 2]), (9, [5])])
def test_list_messages_pages_from_newest_to_oldest(
    alice: Person, size: int, pages: list[int]
) -> None:
    thread = alice.thread(alice.create_thread())
    for n in range(3):
        thread.send_message(f"Message {n}")
    assert page_sizes(thread.list_messages(results_per_page=size)) == pages
    listed = list(thread.list_messages(results_per_page=size))
    assert [m.sequence_id for m in listed] == ["5", "4", "3", "2", "1"]
    assert texts(listed) == ["Message 2", "Message 1", "Message 0"]


def test_list_messages_is_not_disturbed_by_what_happens_during_the_walk(alice: Person) -> None:
    thread = alice.thread(alice.create_thread())
    sent = [thread.send_message(f"Message {n}").id for n in range(4)]
    pages = thread.list_messages(results_per_page=2).by_page()
    walked = [message.id for message in next(pages)]
    thread.send_message("Too late")
    thread.update_message(sent[0], "Edited before its page")
    thread.update_message(sent[3], "Edited after its page")
    resumed = thread.list_messages(results_per_page=2).by_page(pages.continuation_token)
    for page in resumed:
        walked += [message.id for message in page]
    assert walked[:4] == sent[::-1]
    assert len(walked) == len(set(walked)) == 6


def test_list_messages_from_a_start_time(alice: Person) -> None:
    thread = alice.thread(alice.create_thread())
    thread.send_message("Before")
    wait_for_the_next_second()
    after = thread.send_message("After")
    start_time = thread.get_message(after.id).created_on
    assert texts(thread.list_messages(start_time=start_time, results_per_page=1)) == ["After"]
    assert list(thread.list_messages(start_time=start_time + timedelta(hours=1))) == []


def test_update_message_changes_content_and_version(alice: Person, bob: Person) -> None:
    thread_id = alice.create_thread(bob.as_participant())
    sent = alice.thread(thread_id).send_message("Helo", metadata={"kept": "yes"})
    original = bob.thread(thread_id).get_message(sent.id)
    alice.thread(thread_id).update_message(sent.id, "Hello 👋")
    edited = bob.thread(thread_id).get_message(sent.id)
    assert edited.content.message == "Hello 👋"
    assert edited.metadata == {"kept": "yes"}
    assert (edited.id, edited.created_on) == (original.id, original.created_on)
    assert int(edited.version) > int(original.version)
    assert edited.edited_on == datetime.fromtimestamp(int(edited.version) // 1000, UTC)


def test_delete_message_empties_it(alice: Person, bob: Person) -> None:
    thread_id = alice.create_thread(bob.as_participant())
    sent = alice.thread(thread_id).send_message("Oops")
    alice.thread(thread_id).delete_message(sent.id)
    deleted = bob.thread(thread_id).get_message(sent.id)
    assert deleted.content.message == ""
    assert deleted.deleted_on == datetime.fromtimestamp(int(deleted.version) // 1000, UTC)
    assert deleted.edited_on is None
    assert deleted.sender.raw_id == alice.id


def test_only_the_sender_may_update_or_delete_a_message(alice: Person, bob: Person) -> None:
    thread_id = alice.create_thread(bob.as_participant())
    sent = alice.thread(thread_id).send_message("Mine")
    for attempt in (
        lambda: bob.thread(thread_id).update_message(sent.id, "Not yours"),
        lambda: bob.thread(thread_id).delete_message(sent.id),
    ):
        with pytest.raises(HttpResponseError) as caught:
            attempt()
        assert (caught.value.status_code, caught.value.error.code) == (403, "Forbidden")
    assert alice.thread(thread_id).get_message(sent.id).content.message == "Mine"


# Read receipts and typing ----------------------------------------------------------------


def test_read_receipts_are_listed_latest_per_reader(alice: Person, bob: Person) -> None:
    thread_id = alice.create_thread(bob.as_participant())
    first, second = (alice.thread(thread_id).send_message(text).id for text in ("One", "Two"))
    assert list(alice.thread(thread_id).list_read_receipts()) == []
    alice.thread(thread_id).send_read_receipt(first)
    bob.thread(thread_id).send_read_receipt(first)
    bob.thread(thread_id).send_read_receipt(second)
    receipts = list(alice.thread(thread_id).list_read_receipts())
    assert {r.sender.raw_id: r.chat_message_id for r in receipts} == {
        alice.id: first,
        bob.id: second,
    }
    assert len(receipts) == 2
    assert all(r.read_on <= datetime.now(UTC) for r in receipts)
    bob.thread(thread_id).send_read_receipt(first)
    assert second in [r.chat_message_id for r in alice.thread(thread_id).list_read_receipts()]
    assert sum(page_sizes(alice.thread(thread_id).list_read_receipts(results_per_page=1))) == 2
    assert len(list(alice.thread(thread_id).list_read_receipts(skip=1))) == 1


def test_send_typing_notification_with_and_without_a_name(alice: Person, bob: Person) -> None:
    thread_id = alice.create_thread(bob.as_participant())
    alice.thread(thread_id).send_typing_notification()
    bob.thread(thread_id).send_typing_notification(sender_display_name="Bob 🐻")
    assert len(list(alice.thread(thread_id).list_messages())) == 2
