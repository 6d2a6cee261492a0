"""What happens at the same time happens in some order: nobody writes who is already out."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from events.models import Event
from identity.models import CommunicationUser, Resource
from messaging.models import ChatMessage
from tests.cast import Person
from tests.service import call
from threads.models import ChatThread, Participant
from threads.sweeps import end_memberships_of_deleted_users


def together(*works: Callable[[], Any]) -> None:
    """Runs all concurrently, each in a thread with its own database connection."""
    barrier = threading.Barrier(len(works))

    def run(work: Callable[[], Any]) -> None:
        barrier.wait()
        try:
            work()
        finally:
            connection.close()

    workers = [threading.Thread(target=run, args=(work,)) for work in works]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()


def gapless() -> bool:
    sequences = list(Event.objects.order_by("sequence").values_list("sequence", flat=True))
    return sequences == list(range(1, len(sequences) + 1))


@pytest.mark.parametrize("attempt", range(4))
def test_who_is_removed_while_sending_is_either_before_or_refused(
    alice: Person, bob: Person, attempt: int
) -> None:
    thread = alice.create_thread(bob)
    statuses: list[int] = []

    def send() -> None:
        for _ in range(6):
            statuses.append(bob.post(f"{thread}/messages", {"content": "x"}).status_code)

    def remove() -> None:
        alice.post(f"{thread}/participants/:remove", bob.identifier)

    together(send, remove)
    assert statuses == sorted(statuses) and set(statuses) <= {201, 403}
    removed = Event.objects.get(type="ParticipantsRemoved").sequence
    last_sent = Event.objects.filter(type="ChatMessageReceived").order_by("-sequence").first()
    assert last_sent is None or last_sent.sequence < removed
    assert ChatMessage.objects.filter(type="text").count() == statuses.count(201)
    assert gapless()


def test_somebody_added_by_several_joins_once(alice: Person, bob: Person, carol: Person) -> None:
    thread = alice.create_thread(bob)
    body = {"participants": [carol.as_participant()]}
    together(*(lambda p=p: p.post(f"{thread}/participants/:add", body) for p in (alice, bob) * 2))
    assert Participant.objects.filter(user=carol.user).count() == 1
    assert ChatThread.objects.get().participant_count == 3
    assert Event.objects.filter(type="ParticipantsAdded").count() == 1
    assert gapless()


def test_the_limit_of_participants_holds_for_all_adders_together(
    alice: Person, bob: Person, carol: Person, eve: Person, settings: Any
) -> None:
    settings.LIMITS = type(settings.LIMITS)(participants_per_thread=3)
    thread = alice.create_thread(bob)
    together(
        *(
            lambda new=new: alice.post(
                f"{thread}/participants/:add", {"participants": [new.as_participant()]}
            )
            for new in (carol, eve)
        )
    )
    assert Participant.objects.current().count() == ChatThread.objects.get().participant_count == 3
    assert gapless()


def test_a_thread_is_deleted_once_and_nothing_comes_after(alice: Person, bob: Person) -> None:
    thread = alice.create_thread(bob)
    deleted: list[int] = []
    together(
        lambda: deleted.append(alice.delete(thread).status_code),
        lambda: deleted.append(bob.delete(thread).status_code),
        lambda: [bob.post(f"{thread}/messages", {"content": "x"}) for _ in range(5)],
    )
    log = list(Event.objects.order_by("sequence").values_list("type", flat=True))
    assert deleted == [204, 204]
    assert log.count("ChatThreadDeleted") == 1 and log[-1] == "ChatThreadDeleted"
    assert gapless()


@pytest.mark.parametrize("attempt", range(3))
def test_an_identity_that_is_deleted_while_it_is_added_does_not_stay(
    resource: Resource, alice: Person, bob: Person, attempt: int
) -> None:
    thread = alice.create_thread()
    body = {"participants": [bob.as_participant()]}
    together(
        lambda: alice.post(f"{thread}/participants/:add", body),
        lambda: alice.post("/chat/threads", {"topic": "t", **body}),
        lambda: call(resource, "DELETE", f"/identities/{bob.id}"),
    )
    assert not Participant.objects.current().filter(user=bob.user).exists()
    assert ChatThread.objects.get(thread_id=thread.rpartition("/")[2]).participant_count == 1


def test_a_deletion_that_was_cut_short_is_finished_later(alice: Person, bob: Person) -> None:
    threads = [alice.create_thread(bob) for _ in range(3)]
    CommunicationUser.objects.filter(pk=bob.user.pk).update(deleted_at=timezone.now())
    assert end_memberships_of_deleted_users(0) == 1
    assert end_memberships_of_deleted_users(0) == 0
    for thread in threads:
        assert alice.messages(thread)[0]["type"] == "participantRemoved"
