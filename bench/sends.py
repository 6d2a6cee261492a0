"""Sends messages: throughput and latency."""

import json
from collections.abc import Callable, Iterator, Sequence
from functools import partial

from bench.client import UnexpectedResponse, list_request, request_once, send_request
from bench.rounds import (
    Plan,
    Requests,
    Results,
    SystemUnderTest,
    build_requests,
    run_rounds,
    warm_up,
)

TEXT = "The train leaves at ten past eight, so let us meet at the north entrance 🚆 {number}"


def send_cell(threads: int, clients: int) -> str:
    """The name of a cell of the send table."""
    return f"{threads}/{clients}"


async def measure_sends(systems: Sequence[SystemUnderTest], plan: Plan) -> Results:
    """Measures every cell; raises UnexpectedResponse if a message was lost or stored twice."""
    cells: dict[str, Callable[[SystemUnderTest], Requests]] = {
        send_cell(threads, clients): partial(send_requests, threads=threads, clients=clients)
        for threads, clients in plan.cells
    }
    work = build_requests(systems, cells)
    await warm_up(systems, work, 201)
    before = [await _stored(system) for system in systems]
    results = await run_rounds(
        systems, work, rounds=plan.rounds, seconds=plan.send_seconds, expected=201
    )
    for system, already in zip(systems, before, strict=True):
        sent, stored = _sent(results, system.server.name), await _stored(system) - already
        if stored != sent:
            raise UnexpectedResponse(f"{system.server.name}: {sent} messages sent, {stored} stored")
    return results


def send_requests(system: SystemUnderTest, threads: int, clients: int) -> Requests:
    """The requests of each client, to each of `threads` threads with different starts."""
    port, busy = system.server.port, system.data.busy[:threads]

    def own(client: int) -> Iterator[bytes]:
        for step in range(threads):
            thread = busy[(client * threads // clients + step) % threads]
            token = thread.tokens[(client + step) % len(thread.tokens)]
            yield send_request(port, thread.id, token, TEXT.format(number=client))

    return [list(own(client)) for client in range(clients)]


def _sent(results: Results, server: str) -> int:
    return sum(
        one.responses
        for (_, name), series in results.items()
        if name == server
        for one in series.rounds
    )


async def _stored(system: SystemUnderTest) -> int:
    """The number of messages in the threads, by the sequence numbers of their newest messages."""
    total, port = 0, system.server.port
    for thread in system.data.busy:
        page = json.loads(
            await request_once(port, list_request(port, thread.id, thread.tokens[0], 1))
        )
        total += sum(int(message["sequenceId"]) for message in page["value"])
    return total
