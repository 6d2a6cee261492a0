"""The metrics of live connections."""

from collections import Counter
from typing import Any

import pytest
from pytest_django import Settings

from identity.services import revoke_access_tokens
from live import hub
from live.tests.clients import act, stream_of
from tests.cast import Person

COUNTED: Counter[tuple[str, str]] = Counter()


def record(
    metric: str,
    dimensions: tuple[tuple[str, str], ...],
    resource: Any,
    value: float,
    is_duration: bool,
    times: int,
) -> None:
    COUNTED.update({(metric, spelling): times for _, spelling in dimensions})


@pytest.fixture(autouse=True)
def _counting(settings: Settings) -> None:
    settings.METRIC_SINKS = [f"{__name__}.record"]
    COUNTED.clear()


async def test_an_event_is_counted_once_for_each_connection_that_takes_it(
    alice: Person, bob: Person, eve: Person
) -> None:
    thread = await act(alice.create_thread, bob)
    streams = [stream_of(person) for person in (alice, bob, bob, eve)]
    for stream in streams:
        await stream.start()
    await act(alice.send, thread, "hello")
    for stream in streams[:3]:
        await stream.events(1)
    assert COUNTED == {("RealtimeEvents", "ChatMessageReceived"): 3}
    for stream in streams:
        await stream.close()


async def test_a_connection_that_the_server_ends_is_counted_with_its_reason(
    bob: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub, "TICK_SECONDS", 0.02)
    monkeypatch.setattr(hub, "REVOCATION_CHECK_SECONDS", 0.0)
    stream, other = stream_of(bob), stream_of(bob)
    await stream.start()
    await other.start()
    # A client that leaves is not counted as disconnected by the server.
    await other.close()
    await act(revoke_access_tokens, user=bob.user)
    assert await stream.code() == 4403
    assert COUNTED == {("RealtimeConnectionsEnded", "Revoked"): 1}
    await stream.close()
