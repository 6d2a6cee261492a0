"""Sends: messages per second and the time that one sender waits."""

import json
from collections.abc import Callable, Iterator, Sequence
from functools import partial

from bench.client import UnexpectedAnswer, ask_once, list_request, send_request
from bench.rounds import Plan, Requests, Results, Stand, build_requests, run_rounds, warm_up

TEXT = "The train leaves at ten past eight, so let us meet at the north entrance 🚆 {number}"


def send_cell(threads: int, clients: int) -> str:
    """The name of a cell of the send table."""
    return f"{threads}/{clients}"


async def measure_sends(stands: Sequence[Stand], plan: Plan) -> Results:
    """Every cell of the plan; raises UnexpectedAnswer if a server lost or doubled a message."""
    cells: dict[str, Callable[[Stand], Requests]] = {
        send_cell(threads, clients): partial(_requests, threads=threads, clients=clients)
        for threads, clients in plan.cells
    }
    work = build_requests(stands, cells)
    await warm_up(stands, work, 201)
    before = [await _stored(stand) for stand in stands]
    results = await run_rounds(
        stands, work, rounds=plan.rounds, seconds=plan.send_seconds, expected=201
    )
    for stand, already in zip(stands, before, strict=True):
        sent, stored = _answers(results, stand.server.name), await _stored(stand) - already
        if stored != sent:
            raise UnexpectedAnswer(f"{stand.server.name}: {sent} messages sent, {stored} stored")
    return results


def _requests(stand: Stand, threads: int, clients: int) -> Requests:
    """What each client sends: to one thread, or to each of `threads` in turn, starting apart."""
    port, busy = stand.server.port, stand.crowd.busy[:threads]

    def own(client: int) -> Iterator[bytes]:
        for step in range(threads):
            thread = busy[(client * threads // clients + step) % threads]
            token = thread.tokens[(client + step) % len(thread.tokens)]
            yield send_request(port, thread.id, token, TEXT.format(number=client))

    return [list(own(client)) for client in range(clients)]


def _answers(results: Results, server: str) -> int:
    return sum(
        one.answers
        for (_, name), series in results.items()
        if name == server
        for one in series.rounds
    )


async def _stored(stand: Stand) -> int:
    """How many messages the busy threads hold, by the sequence number of the newest of each."""
    total, port = 0, stand.server.port
    for thread in stand.crowd.busy:
        page = json.loads(await ask_once(port, list_request(port, thread.id, thread.tokens[0], 1)))
        total += sum(int(message["sequenceId"]) for message in page["value"])
    return total
