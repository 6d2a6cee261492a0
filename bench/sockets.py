"""The goals of live delivery, measured with `bench.live` and the protocol of the SDKs."""

import asyncio
import resource
import time
from statistics import median

from bench.goals import Goal
from bench.live import IDLE, SENDERS, BenchThread, Result, _fresh_bench_threads, _sockets, measure
from bench.live_seed import SIZES
from bench.machine import processor_seconds
from bench.report import BARE, CHATSITE

PROTOCOL = "trouter"
CONNECTIONS = 200
SMALL, LARGE = 20, 250

Threads = dict[tuple[str, int], BenchThread]
Results = dict[tuple[str, int], list[Result]]


def measure_sockets(*, rounds: int, seconds: float, port: int | None) -> list[Goal]:
    """Measures connections, idle sockets and deliveries."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, 8192)), hard))
    with _fresh_bench_threads(port) as threads:
        connecting = asyncio.run(_connect_ms(threads, rounds))
        idle = asyncio.run(_idle_percent(threads[CHATSITE, max(SIZES)], rounds, seconds * 5))
        results = asyncio.run(_deliveries(threads, rounds, seconds))
    bare = f"bare {median(connecting[BARE]):.1f}"
    shown = f"{median(connecting[CHATSITE]):.1f} ms ({bare})"
    return [
        Goal("CPU per connection, ms", shown, connecting[CHATSITE], 3.5, 2.5, digits=1),
        Goal(f"idle CPU of {IDLE:,} sockets, %", f"{median(idle):.2f} %", idle, 0.6, 0.3),
        *delivery_goals(results),
    ]


async def _connect_ms(threads: Threads, rounds: int) -> dict[str, list[float]]:
    """CPU time per connection in ms, by server; the first connections fill caches."""
    found: dict[str, list[float]] = {BARE: [], CHATSITE: []}
    for name in found:
        async with _sockets(threads[name, max(SIZES)], PROTOCOL, 20):
            pass
    for number in range(rounds):
        for name in found if number % 2 == 0 else reversed(found):
            thread = threads[name, max(SIZES)]
            before = processor_seconds(thread.server.process)
            async with _sockets(thread, PROTOCOL, CONNECTIONS):
                await asyncio.sleep(0.2)
                used = processor_seconds(thread.server.process) - before
            found[name].append(used * 1000 / CONNECTIONS)
    return found


async def _idle_percent(thread: BenchThread, rounds: int, seconds: float) -> list[float]:
    """The share of a core that a server with idle sockets uses, for several periods."""
    found = []
    async with _sockets(thread, PROTOCOL, IDLE):
        await asyncio.sleep(2)
        for _ in range(rounds):
            started, before = time.perf_counter(), processor_seconds(thread.server.process)
            await asyncio.sleep(seconds)
            used = processor_seconds(thread.server.process) - before
            found.append(used * 100 / (time.perf_counter() - started))
    return found


async def _deliveries(threads: Threads, rounds: int, seconds: float) -> Results:
    results: Results = {}
    for number in range(rounds):
        for size in (SMALL, LARGE):
            order = (BARE, CHATSITE) if number % 2 == 0 else (CHATSITE, BARE)
            for name in order:
                result = await measure(threads[name, size], PROTOCOL, size, seconds)
                results.setdefault((name, size), []).append(result)
    return results


def delivery_goals(results: Results) -> list[Goal]:
    """Latency of paced messages, and deliveries per second while all send."""
    goals = []
    small, bare = results[CHATSITE, SMALL], results[BARE, SMALL]
    for name, must, aim in (("p50", 1.5, 1.1), ("p99", 2, 1.5)):
        ratios = [getattr(a, name) / getattr(b, name) for a, b in zip(small, bare, strict=True)]
        shown = f"{median(getattr(one, name) for one in small):.1f} ms"
        title = f"{SMALL} sockets paced, {name} / bare"
        goals.append(Goal(title, shown, ratios, must, aim, is_ratio=True))
    for size, must, aim in ((SMALL, 0.6, 0.9), (LARGE, 0.8, 1.0)):
        ours, theirs = results[CHATSITE, size], results[BARE, size]
        ratios = [a.rate / b.rate for a, b in zip(ours, theirs, strict=True)]
        shown = f"{median(one.rate for one in ours):,.0f}/s"
        title = f"deliveries/s, {size} sockets, {SENDERS} senders / bare"
        goals.append(Goal(title, shown, ratios, must, aim, at_least=True, is_ratio=True))
    return goals
