"""Retention policies, and the answers that no repeated request gets any more."""

import uuid
from datetime import timedelta

import pytest

from events.models import Event
from tests.cast import Person
from threads import sweeps
from threads.models import ChatThread, RepeatableRequest
from threads.sweeps import DAY_MS, delete_threads_past_retention, forget_repeatable_requests
from wire.times import now_ms


def policy(days: int) -> dict[str, object]:
    return {"kind": "threadCreationDate", "deleteThreadAfterDays": days}


def test_a_thread_is_deleted_when_its_policy_says_so_and_members_see_why(
    alice: Person, bob: Person
) -> None:
    short = alice.create_thread(bob, retentionPolicy=policy(30))
    long = alice.create_thread(bob, retentionPolicy=policy(90))
    none = alice.create_thread(bob, retentionPolicy={"kind": "none"})
    without = alice.create_thread(bob)
    created = now_ms()
    assert delete_threads_past_retention(created + 30 * DAY_MS - 60_000) == 0
    assert delete_threads_past_retention(created + 30 * DAY_MS) == 1
    assert delete_threads_past_retention(created + 30 * DAY_MS) == 0
    assert bob.get(short).status_code == 404
    assert [bob.get(path).status_code for path in (long, none, without)] == [200] * 3
    deletion = Event.objects.get(type="ChatThreadDeleted")
    assert deletion.data["reason"] == "deletedByPolicy"
    assert deletion.data["initiator"] is None
    assert delete_threads_past_retention(created + 90 * DAY_MS) == 1
    assert bob.get(long).status_code == 404


def test_many_threads_are_deleted_slice_by_slice(
    alice: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweeps, "SLICE", 2)
    for _ in range(3):
        alice.create_thread(retentionPolicy=policy(30))
    later = now_ms() + 31 * DAY_MS
    assert [delete_threads_past_retention(later) for _ in range(3)] == [2, 1, 0]
    assert not ChatThread.objects.filter(deleted_ms=None).exists()


def test_answers_to_repeated_requests_are_forgotten_after_a_day(alice: Person) -> None:
    for _ in range(2):
        headers = {"repeatability-request-id": str(uuid.uuid4())}
        assert alice.post("/chat/threads", {"topic": "x"}, headers=headers).status_code == 201
    old, young = RepeatableRequest.objects.order_by("pk")
    RepeatableRequest.objects.filter(pk=old.pk).update(
        created_at=old.created_at - timedelta(hours=24, minutes=1)
    )
    assert forget_repeatable_requests(now_ms()) == 1
    assert list(RepeatableRequest.objects.all()) == [young]
    assert ChatThread.objects.count() == 2
