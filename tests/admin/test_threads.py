"""Threads in the admin: found, looked at, emptied and deleted so that their members see it."""

from datetime import timedelta

import time_machine
from django.contrib.admin.models import LogEntry
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from admin_toolkit.display import address_of
from events.models import Event
from tests.admin.conftest import MakeOperator, row_of
from tests.cast import NOT_A_MEMBER, Person, error_of
from threads.models import ChatThread, Participant

LIST = "/admin/threads/chatthread/"


def listed(client: Client, query: str = "") -> list[str]:
    """The topics in the list."""
    answer = client.get(f"{LIST}?{query}")
    assert answer.status_code == 200, answer["location"]
    return [thread.topic for thread in answer.context["cl"].result_list]


def participant_of(person: Person, thread: ChatThread) -> Participant:
    return Participant.objects.get(user=person.user, thread=thread)


def removal(participant: Participant) -> str:
    return address_of(Participant, "operation", participant.pk, "remove")


def deletion(thread: ChatThread) -> str:
    return address_of(ChatThread, "operation", thread.pk, "delete")


def test_threads_are_found_by_topic_id_and_participant(
    olga: Client, alice: Person, bob: Person, carol: Person
) -> None:
    lunch = alice.create_thread(bob, topic="Lunch on Friday")
    bob.create_thread(carol, topic="Printer on fire")
    assert listed(olga, "q=friday") == ["Lunch on Friday"]
    assert listed(olga, "q=on+fire") == ["Printer on fire"]
    assert listed(olga, f"q={lunch.rpartition('/')[2].replace('@', '%40')}") == ["Lunch on Friday"]
    assert listed(olga, f"q={alice.id}") == ["Lunch on Friday"]
    assert listed(olga, f"q={carol.id[-12:]}") == ["Printer on fire"]
    assert set(listed(olga, f"q={bob.id}")) == {"Lunch on Friday", "Printer on fire"}
    assert listed(olga, "q=8:acs:nobody") == []


def test_a_thread_is_found_once_by_a_participant_who_left_and_returned(
    olga: Client, alice: Person, bob: Person, thread: str
) -> None:
    alice.post(f"{thread}/participants/:remove", bob.identifier)
    alice.post(f"{thread}/participants/:add", {"participants": [bob.as_participant()]})
    assert Participant.objects.filter(user=bob.user).count() == 2
    assert listed(olga, f"q={bob.id}") == ["Lunch"]


def test_threads_are_filtered_by_resource_state_and_time(
    olga: Client, alice: Person, mallory: Person
) -> None:
    with time_machine.travel(timezone.now() - timedelta(days=3)):
        alice.create_thread(topic="old")
    alice.delete(alice.create_thread(topic="gone"))
    mallory.create_thread(topic="theirs")
    assert listed(olga, f"resource__id__exact={mallory.user.resource_id}") == ["theirs"]
    assert listed(olga, "state=deleted") == ["gone"]
    assert listed(olga, "state=open") == ["theirs", "old"]
    assert listed(olga, "active=day") == ["theirs", "gone"]
    assert listed(olga, "active=week") == ["theirs", "gone", "old"]
    assert listed(olga, "created=day&state=open") == ["theirs"]


def test_the_list_takes_a_fixed_number_of_statements(
    olga: Client, alice: Person, bob: Person, thread: str
) -> None:
    olga.get(LIST)
    with CaptureQueriesContext(connection) as few:
        olga.get(LIST)
    for number in range(20):
        alice.create_thread(bob, topic=f"thread {number}")
    with CaptureQueriesContext(connection) as many:
        olga.get(LIST)
    assert len(many) == len(few)


def test_a_threads_page_shows_current_and_former_participants(
    olga: Client, alice: Person, bob: Person, carol: Person
) -> None:
    path = alice.create_thread(bob, carol, topic="Lunch")
    alice.post(f"{path}/participants/:remove", carol.identifier)
    row = row_of(path)
    answer = olga.get(address_of(ChatThread, "change", row.pk))
    current, former = answer.context["panels"]
    assert current.title == "Participants (2)"
    assert ["Bob" in r.cells[0] for r in current.rows] == [False, True]
    assert [len(r.tools) for r in current.rows] == [1, 1]
    assert ["Carol" in r.cells[0] for r in former.rows] == [True]
    assert [len(r.tools) for r in former.rows] == [0]
    assert f"/admin/messaging/chatmessage/?thread={row.pk}" in answer.content.decode()


def test_removing_a_participant_asks_first_and_is_seen_by_everybody(
    olga: Client, alice: Person, bob: Person, thread: str, thread_row: ChatThread
) -> None:
    participant = participant_of(bob, thread_row)
    page = olga.get(removal(participant)).content.decode()
    assert f"Bob ({bob.id}), in “Lunch”" in page
    assert bob.get(thread).status_code == 200

    answer = olga.post(removal(participant), {"confirmed": "yes"})

    assert answer["location"] == address_of(ChatThread, "change", thread_row.pk)
    assert error_of(bob.get(thread)) == NOT_A_MEMBER
    newest = alice.messages(thread)[0]
    assert newest["type"] == "participantRemoved"
    [named] = newest["content"]["participants"]
    assert named["communicationIdentifier"]["rawId"] == bob.id
    assert Event.objects.order_by("-id")[0].type == "ParticipantsRemoved"
    assert LogEntry.objects.get().get_change_message() == "Removed from the thread."


def test_deleting_a_thread_asks_first_and_ends_it_for_everybody(
    olga: Client, alice: Person, bob: Person, thread: str, thread_row: ChatThread
) -> None:
    assert (
        "Participants can no longer read or send messages in it."
        in olga.get(deletion(thread_row)).content.decode()
    )
    assert bob.get(thread).status_code == 200
    olga.post(deletion(thread_row), {"confirmed": "yes"})
    assert [p.get(thread).status_code for p in (alice, bob)] == [404, 404]
    [item] = alice.get("/chat/threads").json()["value"]
    assert item["deletedOn"]
    event = Event.objects.order_by("-id")[0]
    assert event.type == "ChatThreadDeleted"
    assert event.data["initiator"] is None


def test_operations_are_repeated_without_effect(
    olga: Client, alice: Person, bob: Person, thread_row: ChatThread
) -> None:
    participant = participant_of(bob, thread_row)
    for address in (removal(participant), deletion(thread_row)):
        olga.post(address, {"confirmed": "yes"})
        events = Event.objects.count()
        assert "There is nothing to do" in olga.get(address).content.decode()
        assert olga.post(address, {"confirmed": "yes"}).status_code == 302
        assert Event.objects.count() == events
    assert LogEntry.objects.count() == 2


def test_participants_of_a_deleted_thread_are_not_to_be_removed(
    olga: Client, alice: Person, bob: Person, thread_row: ChatThread
) -> None:
    olga.post(deletion(thread_row), {"confirmed": "yes"})
    page = olga.get(address_of(ChatThread, "change", thread_row.pk)).content.decode()
    assert "Remove from thread" not in page
    assert (
        "There is nothing to do"
        in olga.get(removal(participant_of(bob, thread_row))).content.decode()
    )


def test_a_selection_of_threads_is_deleted_after_one_question(
    olga: Client, alice: Person, bob: Person
) -> None:
    paths = [alice.create_thread(bob, topic=topic) for topic in ("one", "two", "three")]
    alice.delete(paths[0])
    selection = {"action": "delete", "_selected_action": [row_of(p).pk for p in paths[:2]]}
    question = olga.post(LIST, {**selection, "index": "0"}).content.decode()
    assert "1 thread" in question and "Not included" in question
    answer = olga.post(LIST, {**selection, "confirmed": "yes"}, follow=True)
    assert "1 thread: deleted. Unchanged: 1." in answer.content.decode()
    assert [alice.get(path).status_code for path in paths] == [404, 404, 200]


def test_more_than_200_at_once_are_refused(
    olga: Client, alice: Person, thread_row: ChatThread
) -> None:
    copies = [
        ChatThread(
            resource_id=thread_row.resource_id,
            thread_id=f"19:{number:032x}@thread.v2",
            topic="copy",
            created_ms=1,
            created_by=alice.user,
            last_version=1,
            last_message_ms=1,
        )
        for number in range(201)
    ]
    ChatThread.objects.bulk_create(copies)
    keys = list(ChatThread.objects.filter(topic="copy").values_list("pk", flat=True))
    selection = {"action": "delete", "_selected_action": keys, "confirmed": "yes"}
    answer = olga.post(LIST, selection, follow=True)
    assert "Select at most 200 objects" in answer.content.decode()
    assert not ChatThread.objects.exclude(deleted_ms=None).exists()


def test_who_may_only_look_at_threads_can_do_nothing_to_them(
    make_operator: MakeOperator, alice: Person, bob: Person, thread: str, thread_row: ChatThread
) -> None:
    looker = make_operator("threads.view_chatthread", "threads.view_participant")
    page = looker.get(address_of(ChatThread, "change", thread_row.pk))
    assert page.status_code == 200
    text = page.content.decode()
    assert "Delete thread" not in text and "Remove from thread" not in text
    assert "/admin/messaging/" not in text
    for address in (deletion(thread_row), removal(participant_of(bob, thread_row))):
        assert looker.get(address).status_code == 403
        assert looker.post(address, {"confirmed": "yes"}).status_code == 403
    selection = {"action": "delete", "_selected_action": [thread_row.pk], "confirmed": "yes"}
    looker.post(LIST, selection)
    assert bob.get(thread).status_code == 200


def test_the_permission_to_remove_participants_is_not_that_to_delete_threads(
    make_operator: MakeOperator, alice: Person, bob: Person, thread: str, thread_row: ChatThread
) -> None:
    steward = make_operator(
        "threads.view_chatthread", "threads.view_participant", "threads.delete_participant"
    )
    assert steward.post(deletion(thread_row), {"confirmed": "yes"}).status_code == 403
    answer = steward.post(removal(participant_of(bob, thread_row)), {"confirmed": "yes"})
    assert answer.status_code == 302
    assert alice.get(thread).status_code == 200
    assert error_of(bob.get(thread)) == NOT_A_MEMBER


def test_threads_and_participants_cannot_be_written_through_djangos_own_forms(
    olga: Client, alice: Person, bob: Person, thread: str, thread_row: ChatThread
) -> None:
    participant = participant_of(bob, thread_row)
    for row in (thread_row, participant):
        assert olga.get(address_of(type(row), "add")).status_code == 403
        assert olga.post(address_of(type(row), "add"), {"topic": "x"}).status_code == 403
        change = address_of(type(row), "change", row.pk)
        assert olga.post(change, {"topic": "x", "display_name": "x"}).status_code == 403
        delete = address_of(type(row), "delete", row.pk)
        assert olga.post(delete, {"post": "yes"}).status_code == 403
    assert bob.get(thread).json()["topic"] == "Lunch"


def test_unknown_operations_are_404(olga: Client, thread_row: ChatThread) -> None:
    address = address_of(ChatThread, "operation", thread_row.pk, "explode")
    assert olga.post(address, {"confirmed": "yes"}).status_code == 404
