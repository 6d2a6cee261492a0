"""`python -m bench.live [--quick] [--port N]`: live deliveries, latency, memory of idle sockets.

Compares chatsite with a bare ASGI application that writes to its sockets directly. All sockets are
in one chat thread. Measures the native event stream and Trouter, the protocol of the SDKs, with its
acknowledgments and pings.
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
from bench.live_client import Deliveries, LiveClient, handshake, open_socket, timestamped_text
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

PROTOCOLS = ("native", "trouter")
SENDERS = 8
IDLE = 1_000
# Messages per second by number of sockets, far from saturation.
PACE = {20: 20.0, 250: 4.0}


@dataclass(frozen=True)
class BenchThread:
    """A chat thread on a server, and the tokens of its members."""

    server: Server
    core: int | None
    thread_id: str
    tokens: list[str]


@dataclass(frozen=True)
class Result:
    """A measurement of one round."""

    p50: float
    p99: float
    rate: float
    """Deliveries per second at saturation."""
    cpu_us: float
    """Processor time of the server in microseconds per delivery, at saturation."""
    saturated_p50: float
    """Median latency at saturation, in ms."""


async def _open(
    thread: BenchThread, protocol: str, count: int, got: Deliveries
) -> list[LiveClient]:
    clients = []
    for number in range(count):
        token = thread.tokens[number % len(thread.tokens)]
        if thread.server.name == "bare":
            path = "/chat/events" if protocol == "native" else "/socket.io/1/websocket/x"
            target = f"{path}?thread={thread.thread_id}&user=8:acs:{uuid.uuid4()}_{uuid.uuid4()}"
        elif protocol == "native":
            target = "/chat/events"
        else:
            epid = str(uuid.uuid4())
            sid = await handshake(thread.server.port, token, epid)
            target = f"/socket.io/1/websocket/{sid}?v=v4&epid={epid}"
        shown = token if protocol == "native" else ""
        clients.append(
            await open_socket(
                thread.server.port, target, got, token=shown, acknowledges=protocol == "trouter"
            )
        )
    return clients


@contextlib.asynccontextmanager
async def _sockets(thread: BenchThread, protocol: str, count: int) -> AsyncIterator[Deliveries]:
    got = Deliveries()
    clients = await _open(thread, protocol, count, got)
    try:
        yield got
        assert not any(client.ended for client in clients), "a socket was closed"
    finally:
        for client in clients:
            if client.transport is not None:
                client.transport.abort()
        await asyncio.sleep(0.3)


async def _until(got: Deliveries, count: int, seconds: float = 30) -> None:
    async with asyncio.timeout(seconds):
        while len(got.latencies) < count:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    await asyncio.sleep(0.05)
    assert len(got.latencies) == count, f"{len(got.latencies)} deliveries instead of {count}"


async def _paced(
    thread: BenchThread, got: Deliveries, count: int, messages: int
) -> tuple[float, float]:
    connection = await Connection.open(thread.server.port)
    loop = asyncio.get_running_loop()
    due = loop.time()
    for _ in range(messages):
        request = send_request(
            thread.server.port, thread.thread_id, thread.tokens[0], timestamped_text()
        )
        status, _ = await connection.request(request)
        assert status == 201
        due += 1 / PACE[count]
        await asyncio.sleep(max(0.0, due - loop.time()))
    await _until(got, messages * count)
    connection.close()
    latencies = sorted(got.latencies)
    return latencies[len(latencies) // 2] / 1e6, latencies[int(len(latencies) * 0.99)] / 1e6


async def _saturated(
    thread: BenchThread, got: Deliveries, count: int, seconds: float
) -> tuple[float, float, float]:
    got.latencies.clear()
    loop = asyncio.get_running_loop()
    started = loop.time()
    meter = Meter(thread.server.process, thread.core)
    sent = 0

    async def sender(token: str) -> None:
        nonlocal sent
        connection = await Connection.open(thread.server.port)
        while loop.time() - started < seconds:
            request = send_request(thread.server.port, thread.thread_id, token, timestamped_text())
            status, _ = await connection.request(request)
            assert status == 201, status
            sent += 1
        connection.close()

    await asyncio.gather(*(sender(token) for token in thread.tokens[:SENDERS]))
    await _until(got, sent * count)
    took = loop.time() - started
    used = meter.read().server_seconds
    latencies = sorted(got.latencies)
    deliveries = sent * count
    return deliveries / took, used * 1e6 / deliveries, latencies[len(latencies) // 2] / 1e6


async def measure(thread: BenchThread, protocol: str, count: int, seconds: float) -> Result:
    """Measures the latency at a constant rate, and the throughput."""
    async with _sockets(thread, protocol, count) as got:
        # Warm-up.
        await _saturated(thread, got, count, 0.3)
        got.latencies.clear()
        messages = round(PACE[count] * seconds * 2)
        p50, p99 = await _paced(thread, got, count, messages)
        rate, cpu, late = await _saturated(thread, got, count, seconds)
    return Result(p50, p99, rate, cpu, late)


def _memory(process: int) -> int:
    """The proportional set size of a process in bytes."""
    rollup = Path(f"/proc/{process}/smaps_rollup").read_text()
    return next(int(line.split()[1]) for line in rollup.splitlines() if line[:4] == "Pss:") * 1024


async def idle_kilobytes(thread: BenchThread, protocol: str) -> float:
    """The memory of an idle socket in KB."""
    async with _sockets(thread, protocol, 50):
        # The first sockets allocate memory that is shared.
        before = _memory(thread.server.process)
        async with _sockets(thread, protocol, IDLE):
            await asyncio.sleep(1)
            return (_memory(thread.server.process) - before) / IDLE / 1024


@contextlib.contextmanager
def _bench_threads(
    folder: Path, first_port: int | None
) -> Iterator[dict[tuple[str, int], BenchThread]]:
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
        threads_by_size = {
            ("bare", size): BenchThread(bare, core, threads[size], tokens[:size]) for size in SIZES
        }
        for size in SIZES:
            thread, own = seats[str(size)]
            threads_by_size["chatsite", size] = BenchThread(chatsite, core, thread, own)
        yield threads_by_size


@contextlib.contextmanager
def _fresh_bench_threads(port: int | None) -> Iterator[dict[tuple[str, int], BenchThread]]:
    with (
        tempfile.TemporaryDirectory(prefix="chatsite-bench-") as folder,
        _bench_threads(Path(folder), port) as threads_by_size,
    ):
        yield threads_by_size


def _row(results: dict[tuple[str, str, int], list[Result]], protocol: str, size: int) -> list[str]:
    ours, theirs = results["chatsite", protocol, size], results["bare", protocol, size]
    ratios = [a.rate / b.rate for a, b in zip(ours, theirs, strict=True)]
    return [
        f"{protocol}, {size} sockets",
        *(f"{median(getattr(r, name) for r in ours):.1f}" for name in ("p50", "p99")),
        f"{median(r.rate for r in ours):,.0f}",
        f"{median(ratios):.2f}",
        f"{median(r.cpu_us for r in ours):.0f}",
        f"{median(r.saturated_p50 for r in ours):.0f}",
        *(f"{median(getattr(r, name) for r in theirs):.1f}" for name in ("p50", "p99")),
        f"{median(r.rate for r in theirs):,.0f}",
    ]


def targets(
    results: dict[tuple[str, str, int], list[Result]], idle: dict[str, float]
) -> list[Target]:
    """The targets of the project."""
    found = []
    for protocol in PROTOCOLS:
        small, large = results["chatsite", protocol, 20], results["chatsite", protocol, 250]
        for promise, value, most in (
            (f"{protocol}, 20 sockets, paced: p50 below 6 ms", median(r.p50 for r in small), 6),
            (f"{protocol}, 20 sockets, paced: p99 below 15 ms", median(r.p99 for r in small), 15),
            (f"{protocol}, 250 sockets, paced: p50 below 40 ms", median(r.p50 for r in large), 40),
        ):
            found.append(Target(promise, f"{value:.1f} ms", value < most))
    rate = median(r.rate for r in results["chatsite", "trouter", 250])
    promise = "trouter, 250 sockets: at least 4,000 deliveries per second"
    found.append(Target(promise, f"{rate:,.0f}", rate >= 4000))
    for protocol, most in (("native", 45), ("trouter", 60)):
        promise = f"{protocol}, idle: at most {most} KB per socket"
        found.append(Target(promise, f"{idle[protocol]:.0f} KB", idle[protocol] <= most))
    return found


async def _measure(
    threads_by_size: dict[tuple[str, int], BenchThread], rounds: int, seconds: float
) -> dict[tuple[str, str, int], list[Result]]:
    results: dict[tuple[str, str, int], list[Result]] = {}
    for number in range(rounds):
        for protocol in PROTOCOLS:
            for size in SIZES:
                order = ("bare", "chatsite") if number % 2 == 0 else ("chatsite", "bare")
                for name in order:
                    print(f"... {name}, {protocol}, {size} sockets", file=sys.stderr, flush=True)
                    result = await measure(threads_by_size[name, size], protocol, size, seconds)
                    results.setdefault((name, protocol, size), []).append(result)
    return results


def run(*, quick: bool, port: int | None) -> list[Target]:
    """Prints the table; returns the targets."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, 8192)), hard))
    pin(cores()[1])
    rounds, seconds = (1, 1.0) if quick else (3, 2.0)
    with _fresh_bench_threads(port) as threads_by_size:
        results = asyncio.run(_measure(threads_by_size, rounds, seconds))
    idle = {}
    for protocol in PROTOCOLS:
        # In a new process, because a used one may have free memory.
        print(f"... {IDLE} idle sockets, {protocol}", file=sys.stderr, flush=True)
        with _fresh_bench_threads(port) as threads_by_size:
            thread = threads_by_size["chatsite", max(SIZES)]
            idle[protocol] = asyncio.run(idle_kilobytes(thread, protocol))
    headers = ["live", "p50 ms", "p99 ms", "deliveries/s", "x bare", "cpu us", "p50 ms saturated"]
    headers += ["bare p50", "bare p99", "bare deliveries/s"]
    rows = [_row(results, protocol, size) for protocol in PROTOCOLS for size in SIZES]
    print(table(headers, rows), end="\n\n")
    kilobytes = ", ".join(f"{protocol} {value:.1f} KB" for protocol, value in idle.items())
    print(f"Memory of an idle socket among {IDLE:,}: {kilobytes}\n")
    return targets(results, idle)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.live", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one short round")
    parser.add_argument("--port", type=int, help="the first of three ports (default: free ones)")
    arguments = parser.parse_args()
    print(target_table(run(quick=arguments.quick, port=arguments.port)))


if __name__ == "__main__":
    main()
