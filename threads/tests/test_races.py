"""What happens at the same time happens in some order: nobody writes who is already out."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from events.models import Event
from messaging.models import ChatMessage
from tests.cast import Person
from threads.models import ChatThread, Participant


def together(*works: Callable[[], Any]) -> None:
    """Runs all at once, each in a thread with a connection of its own."""
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
    together(
        lambda: alice.delete(thread),
        lambda: bob.delete(thread),
        lambda: [bob.post(f"{thread}/messages", {"content": "x"}) for _ in range(5)],
    )
    log = list(Event.objects.order_by("sequence").values_list("type", flat=True))
    assert log.count("ChatThreadDeleted") == 1 and log[-1] == "ChatThreadDeleted"
    assert gapless()
