"""What `asgi_server.interface` promises, for every implementation."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from asgi_server.interface import MAX_UNSENT_BYTES
from asgi_server.tests.contract_application import FRAME_BYTES, MAX_FRAMES
from asgi_server.tests.implementations import (
    SECONDS,
    Closed,
    Implementation,
    Socket,
    daphne,
    generic,
)


@pytest.fixture(params=[daphne, generic], ids=["daphne", "generic"])
async def server(request: pytest.FixtureRequest) -> AsyncIterator[Implementation]:
    async with request.param() as running:
        yield running


async def state_with(server: Implementation, name: str) -> dict[str, int]:
    """The application's counts, once the one with this name is not 0."""
    async with asyncio.timeout(SECONDS):
        while not (state := await server.state())[name]:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    return state


async def received_until_closed(socket: Socket) -> tuple[list[str], int]:
    """All frames, and the close code."""
    frames: list[str] = []
    while True:
        try:
            frames.append(await socket.receive())
        except Closed as closed:
            return frames, closed.code


async def test_frames_arrive_in_order(server: Implementation) -> None:
    async with server.socket() as socket:
        await socket.send("write 500")
        assert [await socket.receive() for _ in range(500)] == [f"{n}" for n in range(500)]


async def test_messages_handled_as_they_arrive_are_answered_in_order(
    server: Implementation,
) -> None:
    async with server.socket() as socket:
        await socket.send("direct")
        assert await socket.receive() == "directly"
        for number in range(200):
            await socket.send(f"echo {number}")
        assert [await socket.receive() for _ in range(200)] == [f"{n}" for n in range(200)]


async def test_frames_of_a_response_arrive_in_order_and_it_ends(server: Implementation) -> None:
    async with server.response("/frames") as response:
        assert (await response.read()).split() == [b"%d" % n for n in range(10)]


@pytest.mark.parametrize("code", [1000, 4401])
async def test_the_client_sees_the_close_code_after_the_last_frame(
    server: Implementation, code: int
) -> None:
    async with server.socket() as socket:
        await socket.send(f"close {code}")
        assert await received_until_closed(socket) == (["last"], code)


async def test_a_client_that_reads_nothing_is_reported_as_behind_and_loses_no_frame(
    server: Implementation,
) -> None:
    async with server.socket() as socket:
        await socket.send("fill")
        state = await state_with(server, "refused")
        assert MAX_UNSENT_BYTES < state["unsent"] < MAX_UNSENT_BYTES + 3 * FRAME_BYTES
        assert 0 < state["written"] < MAX_FRAMES
        for number in range(state["written"]):
            assert (await socket.receive()).startswith(f"{number} ")
        assert await socket.receive() == "drained"


async def test_a_response_that_is_not_read_is_reported_as_behind_and_loses_no_frame(
    server: Implementation,
) -> None:
    async with server.response("/fill") as response:
        state = await state_with(server, "refused")
        assert state["unsent"] > MAX_UNSENT_BYTES
        lines = (await response.read()).splitlines()
    assert [line.split()[0] for line in lines] == [b"%d" % n for n in range(state["written"])]


async def test_aborting_discards_what_has_not_been_sent(server: Implementation) -> None:
    async with server.socket() as socket:
        await socket.send("abort")
        state = await state_with(server, "refused")
        frames, _ = await received_until_closed(socket)
        unsent_frames = MAX_UNSENT_BYTES // FRAME_BYTES
        assert len(frames) <= state["written"] - unsent_frames + 1


async def test_a_client_has_to_wait_while_reading_is_paused(server: Implementation) -> None:
    async with server.socket() as socket:
        await socket.send("pause")
        await state_with(server, "paused")
        sending = asyncio.create_task(_send_many(socket))
        await _until_stalled(sending, socket)
        assert not sending.done()
        assert (await server.state())["received"] == 0
        await server.resume()
        await asyncio.wait_for(sending, SECONDS)
        async with asyncio.timeout(SECONDS):
            while (await server.state())["received"] < MAX_FRAMES:  # noqa: ASYNC110
                await asyncio.sleep(0.01)


_progress: dict[Socket, int] = {}


async def _send_many(socket: Socket) -> None:
    for number in range(MAX_FRAMES):
        _progress[socket] = number
        await socket.send("x" * FRAME_BYTES)


async def _until_stalled(sending: "asyncio.Task[None]", socket: Socket) -> None:
    """Return when the sender has made no progress in several looks, or has finished."""
    last, unchanged = -1, 0
    while unchanged < 10 and not sending.done():
        await asyncio.sleep(0.05)
        now = _progress.get(socket, 0)
        last, unchanged = now, unchanged + 1 if now == last else 0
