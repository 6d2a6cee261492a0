"""Messages and threads are counted from the event log, exactly."""

from typing import Any

import pytest

from events import following
from events.models import LogPosition
from identity.models import Resource
from monitoring import sweeps, usage
from monitoring.catalogue import METRICS
from monitoring.models import DaySample, HourSample, MinuteSample, ProcessReport, Series
from monitoring.queries import total
from monitoring.tests.samples import DAY, MINUTE, NOON, requests
from tests.cast import Person
from wire.times import now_ms


def counted(metric: str) -> dict[str, int]:
    return {row.dimensions_text: row.count for row in Series.objects.filter(metric=metric)}


def test_messages_are_counted_by_what_happened_and_by_type(alice: Person, bob: Person) -> None:
    thread = alice.create_thread(bob)
    ids = [alice.send(thread) for _ in range(20)]
    alice.send(thread, "<b>hi</b>", type="html")
    assert alice.patch(f"{thread}/messages/{ids[0]}", {"content": "more"}).status_code == 204
    assert alice.delete(f"{thread}/messages/{ids[1]}").status_code == 204
    while usage.count_events(limit=7):
        pass
    assert counted("ChatMessages") == {
        "Action=Sent&MessageType=text": 20,
        "Action=Sent&MessageType=html": 1,
        "Action=Edited&MessageType=text": 1,
        "Action=Deleted&MessageType=text": 1,
    }
    assert counted("ChatThreads") == {"Action=Created": 1}


def test_counting_again_changes_nothing(alice: Person) -> None:
    alice.send(alice.create_thread())
    usage.count_events()
    before = counted("ChatMessages")
    assert usage.count_events() == 0
    assert counted("ChatMessages") == before


def test_a_second_process_at_the_same_place_counts_nothing_twice(
    alice: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    alice.send(alice.create_thread())
    usage.count_events()
    cursor = LogPosition.objects.get(name=usage.NAME).cursor
    alice.send(alice.create_thread())
    read_after = following.read_after

    def overtaken(cursor_: Any, limit: int) -> object:
        """Another process counts the same events between our reading and our counting."""
        monkeypatch.setattr(following, "read_after", read_after)
        usage.count_events()
        return read_after(cursor_, limit)

    monkeypatch.setattr(following, "read_after", overtaken)
    usage.count_events()
    assert LogPosition.objects.get(name=usage.NAME).cursor != cursor
    assert counted("ChatMessages") == {"Action=Sent&MessageType=text": 2}


def test_messages_count_in_the_minute_in_which_they_were_sent(alice: Person) -> None:
    thread = alice.create_thread()
    message = int(alice.send(thread))
    usage.count_events()
    sample = MinuteSample.objects.get(series__metric="ChatMessages")
    assert sample.at_ms == message - message % MINUTE


def test_users_of_a_day_are_counted_once_the_day_goes_on(alice: Person, bob: Person) -> None:
    from monitoring import flusher

    bob.send(alice.create_thread(bob))
    flusher.flush()
    usage.count_active(now_ms())
    usage.count_active(now_ms())
    (found,) = total(
        METRICS["ActiveUsers"],
        resource_id=alice.user.resource_id,
        start_ms=now_ms() - DAY,
        end_ms=now_ms() + DAY,
    ).values()
    assert found.value(METRICS["ActiveUsers"], "Maximum") in (1.0, 2.0)
    assert DaySample.objects.filter(series__metric="ActiveUsers").count() == 1


def test_live_connections_of_all_processes_add_up(resource: Resource) -> None:
    at_ms = now_ms()
    for name, seen in (("a", at_ms), ("b", at_ms), ("gone", at_ms - 10 * MINUTE)):
        ProcessReport.objects.create(name=name, seen_ms=seen, gauges={"RealtimeConnections": 3})
    usage.sample_gauges(at_ms)
    sample = MinuteSample.objects.get(series__metric="RealtimeConnections")
    assert (sample.count, sample.total) == (1, 6)


def test_old_samples_go_and_each_step_has_its_own_time(resource: Resource) -> None:
    for age in (0, 20, 100, 1000):
        requests(resource.id, NOON - age * DAY)
    for sweep in (
        sweeps.prune_minute_samples,
        sweeps.prune_hour_samples,
        sweeps.prune_day_samples,
    ):
        sweep(NOON)
    counts = [model.objects.count() for model in (MinuteSample, HourSample, DaySample)]
    assert counts == [1, 2, 3]
    assert Series.objects.get().count == 4
