"""Notifying other processes: one message at a time, however slow the channel layer is."""

import asyncio
from typing import Any

import pytest

from events.catalogue import TypingIndicatorReceived
from live import layer, notifier
from live.notifier import PeerNotifier
from live.tests.clients import until
from live.tests.test_limits import RESOURCE


def typing(number: int) -> TypingIndicatorReceived:
    return TypingIndicatorReceived(
        resource_id=RESOURCE,
        thread_id="19:x@thread.v2",
        sequence=1,
        at_ms=number,
        initiator="8:acs:alice",
        sender_display_name="",
    )


class SlowLayer:
    """A channel layer whose messages are sent once `may_leave` is set."""

    def __init__(self) -> None:
        self.begun: list[dict[str, Any]] = []
        self.may_leave = asyncio.Event()

    async def group_send(self, group: str, message: dict[str, Any]) -> None:
        self.begun.append(message)
        await self.may_leave.wait()


@pytest.fixture
async def slow_layer(monkeypatch: pytest.MonkeyPatch) -> SlowLayer:
    made = SlowLayer()
    monkeypatch.setattr(layer, "get_channel_layer", lambda: made)
    return made


def numbers(message: dict[str, Any]) -> list[int]:
    """The numbers of the typing indicators in a message."""
    return [one["at_ms"] for one in message["unstored"]]


@pytest.fixture
async def peers(monkeypatch: pytest.MonkeyPatch) -> PeerNotifier:
    loop, made = asyncio.get_running_loop(), PeerNotifier()
    monkeypatch.setattr(made, "_loop", lambda: loop)
    return made


async def test_what_happens_while_a_message_is_on_its_way_goes_into_the_next(
    slow_layer: SlowLayer, peers: PeerNotifier
) -> None:
    for number in range(5):
        peers.notify(typing(number))
        await until(lambda: bool(slow_layer.begun))
    assert [numbers(message) for message in slow_layer.begun] == [[0]]
    slow_layer.may_leave.set()
    await until(lambda: len(slow_layer.begun) == 2)
    assert numbers(slow_layer.begun[1]) == [1, 2, 3, 4]
    peers.notify(typing(5))
    await until(lambda: len(slow_layer.begun) == 3)
    assert numbers(slow_layer.begun[2]) == [5]


async def test_a_send_that_never_ends_times_out_and_the_next_one_is_tried(
    slow_layer: SlowLayer, peers: PeerNotifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(layer, "_SEND_TIMEOUT_SECONDS", 0.02)
    monkeypatch.setattr(notifier, "_MAX_EPHEMERAL", 3)
    peers = PeerNotifier()
    loop = asyncio.get_running_loop()
    monkeypatch.setattr(peers, "_loop", lambda: loop)
    for number in range(9):
        peers.notify(typing(number))
    await until(lambda: bool(slow_layer.begun))
    # The newest of those that the log does not keep.
    assert numbers(slow_layer.begun[0]) == [6, 7, 8]
    peers.notify(typing(9))
    await until(lambda: len(slow_layer.begun) == 2)
    assert numbers(slow_layer.begun[1]) == [9]
