"""POST /chat/threads/{id}/typing."""

from collections.abc import Sequence
from typing import Any

import pytest

from events.catalogue import ThreadEvent, TypingIndicatorReceived
from events.models import Event
from identity.models import Resource
from tests.cast import NOT_A_MEMBER, Person, error_of
from threads.tests.test_add_participants import crowd
from wire.limits import OPEN

heard: list[ThreadEvent] = []


@pytest.fixture
def typing_events(settings: Any) -> list[ThreadEvent]:
    """The typing events that sinks receive."""
    heard.clear()
    settings.EVENT_SINKS = [f"{__name__}.listen"]
    return heard


def listen(events: Sequence[ThreadEvent]) -> None:
    heard.extend(event for event in events if isinstance(event, TypingIndicatorReceived))


@pytest.mark.parametrize(
    ("version", "body", "name"),
    [
        ("2021-03-07", None, ""),
        ("2021-03-07", {"senderDisplayName": "Al"}, ""),
        ("2021-09-07", None, ""),
        ("2021-09-07", {}, ""),
        ("2025-03-15", {"senderDisplayName": "Al"}, "Al"),
        ("2025-03-15", {"senderDisplayName": None}, ""),
    ],
)
def test_typing_is_announced_and_nothing_is_stored(
    alice: Person, bob: Person, typing_events: Any, version: str, body: Any, name: str
) -> None:
    thread = alice.create_thread(bob)
    answer = alice.post(f"{thread}/typing", body, version=version)
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer["Content-Length"] == "0"
    (event,) = typing_events
    assert (event.initiator, event.sender_display_name) == (alice.id, name)
    assert event.thread_id == thread.removeprefix("/chat/threads/")
    assert Event.objects.count() == 1


@pytest.mark.parametrize(("profile", "announced"), [("acs", 1), ("open", 2)])
def test_nobody_hears_typing_in_a_large_thread(
    alice: Person,
    resource: Resource,
    settings: Any,
    typing_events: Any,
    profile: str,
    announced: int,
) -> None:
    if profile == "open":
        settings.LIMITS = OPEN
    people = crowd(resource, 20)
    thread = alice.create_thread(participants=people[:19])
    assert alice.post(f"{thread}/typing").status_code == 200
    alice.post(f"{thread}/participants/:add", {"participants": people[19:]})
    assert alice.post(f"{thread}/typing").status_code == 200
    assert len(typing_events) == announced


@pytest.mark.parametrize("body", [{"senderDisplayName": 5}, {"senderDisplayName": "x" * 257}])
def test_a_name_that_makes_no_sense_is_refused(
    alice: Person, typing_events: Any, body: Any
) -> None:
    thread = alice.create_thread()
    assert error_of(alice.post(f"{thread}/typing", body))[:2] == (400, "BadRequest")
    assert typing_events == []


def test_eve_types_in_vain(alice: Person, eve: Person, typing_events: Any) -> None:
    thread = alice.create_thread()
    assert error_of(eve.post(f"{thread}/typing")) == NOT_A_MEMBER
    assert typing_events == []
