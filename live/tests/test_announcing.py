"""Telling other processes: one message at a time, however slow the channel layer is."""

import asyncio
from typing import Any

import pytest

from events.catalogue import TypingIndicatorReceived
from live import announcing, layer
from live.announcing import Teller
from live.tests.clients import until
from live.tests.test_limits import RESOURCE


def typing(number: int) -> TypingIndicatorReceived:
    """Somebody types."""
    return TypingIndicatorReceived(
        resource_id=RESOURCE,
        thread_id="19:x@thread.v2",
        sequence=1,
        at_ms=number,
        initiator="8:acs:alice",
        sender_display_name="",
    )


class SlowLayer:
    """A channel layer whose messages leave when they may."""

    def __init__(self) -> None:
        self.begun: list[dict[str, Any]] = []
        self.may_leave = asyncio.Event()

    async def group_send(self, group: str, message: dict[str, Any]) -> None:
        """Takes its time."""
        self.begun.append(message)
        await self.may_leave.wait()


@pytest.fixture
async def slow_layer(monkeypatch: pytest.MonkeyPatch) -> SlowLayer:
    made = SlowLayer()
    monkeypatch.setattr(layer, "get_channel_layer", lambda: made)
    return made


def told(message: dict[str, Any]) -> list[int]:
    """Which typing a message tells of."""
    return [one["at_ms"] for one in message["unstored"]]


@pytest.fixture
async def teller(monkeypatch: pytest.MonkeyPatch) -> Teller:
    loop, made = asyncio.get_running_loop(), Teller()
    monkeypatch.setattr(made, "_loop", lambda: loop)
    return made


async def test_what_happens_while_a_message_is_on_its_way_goes_into_the_next(
    slow_layer: SlowLayer, teller: Teller
) -> None:
    for number in range(5):
        teller.tell(typing(number))
        await until(lambda: bool(slow_layer.begun))
    assert [told(message) for message in slow_layer.begun] == [[0]]
    slow_layer.may_leave.set()
    await until(lambda: len(slow_layer.begun) == 2)
    assert told(slow_layer.begun[1]) == [1, 2, 3, 4]
    teller.tell(typing(5))
    await until(lambda: len(slow_layer.begun) == 3)
    assert told(slow_layer.begun[2]) == [5]


async def test_a_layer_that_never_answers_is_given_up_and_tried_again(
    slow_layer: SlowLayer, teller: Teller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(layer, "_PATIENCE", 0.02)
    monkeypatch.setattr(announcing, "_MOST_UNSTORED", 3)
    teller = Teller()
    loop = asyncio.get_running_loop()
    monkeypatch.setattr(teller, "_loop", lambda: loop)
    for number in range(9):
        teller.tell(typing(number))
    await until(lambda: bool(slow_layer.begun))
    # The newest of those that nothing keeps.
    assert told(slow_layer.begun[0]) == [6, 7, 8]
    teller.tell(typing(9))
    await until(lambda: len(slow_layer.begun) == 2)
    assert told(slow_layer.begun[1]) == [9]
