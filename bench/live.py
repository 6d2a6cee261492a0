"""`python -m bench.live [--quick] [--port N]`: live deliveries, latency, memory of idle sockets.

Chatsite against a bare ASGI application that pushes to its sockets directly, in turn, each with its
sockets in one thread; both dialects of chatsite, the SDKs' with answers and pings.
"""

import argparse
import asyncio
import contextlib
import json
import resource
import sys
import tempfile
import uuid
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from bench.bare import issue_token
from bench.bare_store import create_database
from bench.client import Connection, send_request
from bench.live_client import Deliveries, LiveClient, handshake, open_socket, stamped
from bench.live_seed import SIZES
from bench.machine import Meter, cores, pin
from bench.report import Target, table, target_table
from bench.servers import (
    Server,
    chatsite_environment,
    free_ports,
    run_module,
    start_bare_live,
    start_chatsite,
)

DIALECTS = ("native", "trouter")
SENDERS = 8
IDLE = 1_000
# Messages a second, by the number of sockets: far from saturation.
PACE = {20: 20.0, 250: 4.0}


@dataclass(frozen=True)
class Room:
    """A thread on a server, and its members' tokens."""

    server: Server
    core: int | None
    thread: str
    tokens: list[str]


@dataclass(frozen=True)
class Result:
    """One cell of one round."""

    p50: float
    p99: float
    rate: float
    """Deliveries per second at saturation."""
    cpu_us: float
    """Processor time of the server in microseconds per delivery, at saturation."""
    late_p50: float
    """Median latency at saturation, in ms."""


async def _open(room: Room, dialect: str, count: int, got: Deliveries) -> list[LiveClient]:
    clients = []
    for number in range(count):
        token = room.tokens[number % len(room.tokens)]
        if room.server.name == "bare":
            path = "/chat/events" if dialect == "native" else "/socket.io/1/websocket/x"
            target = f"{path}?thread={room.thread}&user=8:acs:{uuid.uuid4()}_{uuid.uuid4()}"
        elif dialect == "native":
            target = "/chat/events"
        else:
            epid = str(uuid.uuid4())
            sid = await handshake(room.server.port, token, epid)
            target = f"/socket.io/1/websocket/{sid}?v=v4&epid={epid}"
        shown = token if dialect == "native" else ""
        clients.append(
            await open_socket(
                room.server.port, target, got, token=shown, answers=dialect == "trouter"
            )
        )
    return clients


@contextlib.asynccontextmanager
async def _sockets(room: Room, dialect: str, count: int) -> AsyncIterator[Deliveries]:
    got = Deliveries()
    clients = await _open(room, dialect, count, got)
    try:
        yield got
        assert not any(client.ended for client in clients), "a socket was closed meanwhile"
    finally:
        for client in clients:
            if client.transport is not None:
                client.transport.abort()
        await asyncio.sleep(0.3)


async def _until(got: Deliveries, count: int, seconds: float = 30) -> None:
    async with asyncio.timeout(seconds):
        while len(got.waits) < count:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    await asyncio.sleep(0.05)
    assert len(got.waits) == count, f"{len(got.waits)} deliveries instead of {count}"


async def _paced(room: Room, got: Deliveries, count: int, messages: int) -> tuple[float, float]:
    connection = await Connection.open(room.server.port)
    loop = asyncio.get_running_loop()
    due = loop.time()
    for _ in range(messages):
        request = send_request(room.server.port, room.thread, room.tokens[0], stamped())
        status, _ = await connection.ask(request)
        assert status == 201
        due += 1 / PACE[count]
        await asyncio.sleep(max(0.0, due - loop.time()))
    await _until(got, messages * count)
    connection.close()
    waits = sorted(got.waits)
    return waits[len(waits) // 2] / 1e6, waits[int(len(waits) * 0.99)] / 1e6


async def _saturated(
    room: Room, got: Deliveries, count: int, seconds: float
) -> tuple[float, float, float]:
    got.waits.clear()
    loop = asyncio.get_running_loop()
    started = loop.time()
    meter = Meter(room.server.process, room.core)
    sent = 0

    async def sender(token: str) -> None:
        nonlocal sent
        connection = await Connection.open(room.server.port)
        while loop.time() - started < seconds:
            request = send_request(room.server.port, room.thread, token, stamped())
            status, _ = await connection.ask(request)
            assert status == 201, status
            sent += 1
        connection.close()

    await asyncio.gather(*(sender(token) for token in room.tokens[:SENDERS]))
    await _until(got, sent * count)
    took = loop.time() - started
    used = meter.read().server_seconds
    waits = sorted(got.waits)
    deliveries = sent * count
    return deliveries / took, used * 1e6 / deliveries, waits[len(waits) // 2] / 1e6


async def measure(room: Room, dialect: str, count: int, seconds: float) -> Result:
    """Latency when there is time, and what is possible."""
    async with _sockets(room, dialect, count) as got:
        # The first messages warm everything up.
        await _saturated(room, got, count, 0.3)
        got.waits.clear()
        messages = round(PACE[count] * seconds * 2)
        p50, p99 = await _paced(room, got, count, messages)
        rate, cpu, late = await _saturated(room, got, count, seconds)
    return Result(p50, p99, rate, cpu, late)


def _memory(process: int) -> int:
    """The proportional set size in bytes."""
    rollup = Path(f"/proc/{process}/smaps_rollup").read_text()
    return next(int(line.split()[1]) for line in rollup.splitlines() if line[:4] == "Pss:") * 1024


async def idle_kilobytes(room: Room, dialect: str) -> float:
    """What an idle socket takes."""
    async with _sockets(room, dialect, 50):
        # What the first sockets bring along is not theirs.
        before = _memory(room.server.process)
        async with _sockets(room, dialect, IDLE):
            await asyncio.sleep(1)
            return (_memory(room.server.process) - before) / IDLE / 1024


@contextlib.contextmanager
def _rooms(folder: Path, first_port: int | None) -> Iterator[dict[tuple[str, int], Room]]:
    ports = free_ports(3, first_port)
    core, _ = cores()
    environment = chatsite_environment(folder / "chatsite", *ports[1:])
    seats = json.loads(run_module("bench.live_seed", environment))
    owner = uuid.uuid4()
    users = [f"8:acs:{owner}_{uuid.uuid4()}" for _ in range(max(SIZES))]
    threads = {size: f"19:{uuid.uuid4().hex}@thread.v2" for size in SIZES}
    members = {thread: users[:size] for size, thread in threads.items()}
    create_database(folder / "bare.sqlite3", members, {})
    pragmas = ["PRAGMA journal_mode=WAL", "PRAGMA synchronous=NORMAL"]
    with (
        start_bare_live(folder, ports[0], core, pragmas) as bare,
        start_chatsite(folder, ports[1], core, environment) as chatsite,
    ):
        tokens = [issue_token(user) for user in users]
        rooms = {("bare", size): Room(bare, core, threads[size], tokens[:size]) for size in SIZES}
        for size in SIZES:
            thread, own = seats[str(size)]
            rooms["chatsite", size] = Room(chatsite, core, thread, own)
        yield rooms


@contextlib.contextmanager
def _fresh_rooms(port: int | None) -> Iterator[dict[tuple[str, int], Room]]:
    with (
        tempfile.TemporaryDirectory(prefix="chatsite-bench-") as folder,
        _rooms(Path(folder), port) as rooms,
    ):
        yield rooms


def _row(results: dict[tuple[str, str, int], list[Result]], dialect: str, size: int) -> list[str]:
    ours, theirs = results["chatsite", dialect, size], results["bare", dialect, size]
    ratios = [a.rate / b.rate for a, b in zip(ours, theirs, strict=True)]
    return [
        f"{dialect}, {size} sockets",
        *(f"{median(getattr(r, name) for r in ours):.1f}" for name in ("p50", "p99")),
        f"{median(r.rate for r in ours):,.0f}",
        f"{median(ratios):.2f}",
        f"{median(r.cpu_us for r in ours):.0f}",
        f"{median(r.late_p50 for r in ours):.0f}",
        *(f"{median(getattr(r, name) for r in theirs):.1f}" for name in ("p50", "p99")),
        f"{median(r.rate for r in theirs):,.0f}",
    ]


def targets(
    results: dict[tuple[str, str, int], list[Result]], idle: dict[str, float]
) -> list[Target]:
    """What the project promises."""
    found = []
    for dialect in DIALECTS:
        small, large = results["chatsite", dialect, 20], results["chatsite", dialect, 250]
        for promise, value, most in (
            (f"{dialect}, 20 sockets, paced: p50 below 6 ms", median(r.p50 for r in small), 6),
            (f"{dialect}, 20 sockets, paced: p99 below 15 ms", median(r.p99 for r in small), 15),
            (f"{dialect}, 250 sockets, paced: p50 below 40 ms", median(r.p50 for r in large), 40),
        ):
            found.append(Target(promise, f"{value:.1f} ms", value < most))
    rate = median(r.rate for r in results["chatsite", "trouter", 250])
    promise = "trouter, 250 sockets: at least 4,000 deliveries per second"
    found.append(Target(promise, f"{rate:,.0f}", rate >= 4000))
    for dialect, most in (("native", 45), ("trouter", 60)):
        promise = f"{dialect}, idle: at most {most} KB a socket"
        found.append(Target(promise, f"{idle[dialect]:.0f} KB", idle[dialect] <= most))
    return found


async def _measure(
    rooms: dict[tuple[str, int], Room], rounds: int, seconds: float
) -> dict[tuple[str, str, int], list[Result]]:
    results: dict[tuple[str, str, int], list[Result]] = {}
    for number in range(rounds):
        for dialect in DIALECTS:
            for size in SIZES:
                order = ("bare", "chatsite") if number % 2 == 0 else ("chatsite", "bare")
                for name in order:
                    print(f"... {name}, {dialect}, {size} sockets", file=sys.stderr, flush=True)
                    result = await measure(rooms[name, size], dialect, size, seconds)
                    results.setdefault((name, dialect, size), []).append(result)
    return results


def run(*, quick: bool, port: int | None) -> list[Target]:
    """Measures, prints the table, returns the targets."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, 8192)), hard))
    pin(cores()[1])
    rounds, seconds = (1, 1.0) if quick else (3, 2.0)
    with _fresh_rooms(port) as rooms:
        results = asyncio.run(_measure(rooms, rounds, seconds))
    idle = {}
    for dialect in DIALECTS:
        # A process that has done something else before would have memory to spare.
        print(f"... {IDLE} idle sockets, {dialect}", file=sys.stderr, flush=True)
        with _fresh_rooms(port) as rooms:
            room = rooms["chatsite", max(SIZES)]
            idle[dialect] = asyncio.run(idle_kilobytes(room, dialect))
    heads = ["live", "p50 ms", "p99 ms", "deliveries/s", "x bare", "cpu us", "p50 ms full"]
    heads += ["bare p50", "bare p99", "bare deliveries/s"]
    rows = [_row(results, dialect, size) for dialect in DIALECTS for size in SIZES]
    print(table(heads, rows), end="\n\n")
    kilobytes = ", ".join(f"{dialect} {value:.1f} KB" for dialect, value in idle.items())
    print(f"Memory of an idle socket among {IDLE:,}: {kilobytes}\n")
    return targets(results, idle)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.live", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one short round")
    parser.add_argument("--port", type=int, help="the first of three ports (default: free ones)")
    arguments = parser.parse_args()
    print(target_table(run(quick=arguments.quick, port=arguments.port)))


if __name__ == "__main__":
    main()
