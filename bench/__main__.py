"""`python -m bench [--quick] [--only send|list|live|statements|cognitive] [--port N]`."""

import argparse
import asyncio
import contextlib
import gc
import signal
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from types import FrameType

from bench import cognitive, live, report
from bench.client import UnexpectedResponse
from bench.lists import measure_lists
from bench.machine import cores, pin
from bench.rounds import FULL, QUICK, Plan, SystemUnderTest
from bench.seed_data import SMALL_HISTORY, SeedData, seed_bare
from bench.sends import measure_sends
from bench.servers import (
    chatsite_environment,
    free_ports,
    run_module,
    start_bare,
    start_chatsite,
)
from bench.statements import count_statements

TIME_LIMIT = 600
"""Seconds after which a run is aborted."""
TABLES = ("send", "list", "live", "statements")
# Only on request: this table needs the engines of `make cognitive`.
OPTIONAL = ("cognitive",)


def main() -> None:
    arguments = _parse_arguments()
    for sign in (signal.SIGTERM, signal.SIGALRM):
        signal.signal(sign, _stop)
    signal.alarm(TIME_LIMIT)
    started = time.monotonic()
    wanted = (arguments.only,) if arguments.only else TABLES
    plan = QUICK if arguments.quick else FULL
    if "list" not in wanted:
        plan = replace(plan, history=SMALL_HISTORY)
    ports = free_ports(3, arguments.port)
    with tempfile.TemporaryDirectory(prefix="chatsite-bench-") as folder:
        try:
            targets = _measure(Path(folder), ports, plan, wanted)
        except UnexpectedResponse as problem:
            sys.exit(f"The run failed: {problem}")
    print(report.target_table(targets), end="\n\n")
    print(f"{time.monotonic() - started:.0f} seconds.")


def _parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measures chatsite.")
    parser.add_argument("--quick", action="store_true", help="one short round")
    parser.add_argument("--only", choices=TABLES + OPTIONAL, help="only this table")
    parser.add_argument("--port", type=int, help="the first of three ports (default: free ones)")
    return parser.parse_args()


def _stop(number: int, frame: FrameType | None) -> None:
    # Raises SystemExit, so that servers are stopped and folders are removed.
    sys.exit(f"Stopped by {signal.Signals(number).name}.")


def _measure(
    folder: Path, ports: Sequence[int], plan: Plan, wanted: Sequence[str]
) -> list[report.Target]:
    """Prints the selected tables; returns their targets."""
    if "cognitive" in wanted:
        return cognitive.run(quick=plan.rounds == 1, ports=ports[1:])
    server_core, client_core = cores()
    pin(client_core)
    targets: list[report.Target] = []
    if "send" in wanted or "list" in wanted:
        with _running_systems(folder, ports, server_core, plan.history) as systems:
            gc.collect()
            gc.freeze()
            targets += _load(systems, plan, wanted)
    if "live" in wanted:
        targets += live.run(quick=plan.rounds == 1, port=ports[0])
    if "statements" in wanted:
        _progress("counting statements")
        counts = count_statements(chatsite_environment(folder / "statements", *ports[1:]))
        print(report.statement_table(counts), end="\n\n")
        targets += report.statement_targets(counts)
    return targets


@contextlib.contextmanager
def _running_systems(
    folder: Path, ports: Sequence[int], core: int | None, history: int
) -> Iterator[list[SystemUnderTest]]:
    """Both servers, running with seeded databases."""
    _progress(f"seeding two databases with a thread of {history:,} messages")
    environment = chatsite_environment(folder / "chatsite", *ports[1:])
    data = SeedData.from_json(run_module("bench.seed", environment, str(history)))
    bare_data = seed_bare(folder / "bare.sqlite3", history, data.pragmas)
    with (
        start_bare(folder, ports[0], core, data.pragmas) as bare,
        start_chatsite(folder, ports[1], core, environment) as chatsite,
    ):
        yield [SystemUnderTest(bare, bare_data, core), SystemUnderTest(chatsite, data, core)]


def _load(
    systems: Sequence[SystemUnderTest], plan: Plan, wanted: Sequence[str]
) -> list[report.Target]:
    targets: list[report.Target] = []
    caveats: list[str] = []
    if "send" in wanted:
        _progress("measuring sends")
        sends = asyncio.run(measure_sends(systems, plan))
        print(report.send_table(sends, plan), end="\n\n")
        targets += report.send_targets(sends)
        caveats += report.caveats(sends)
    if "list" in wanted:
        _progress("measuring lists")
        lists = asyncio.run(measure_lists(systems, plan))
        print(report.list_table(lists, plan), end="\n\n")
        targets += report.list_targets(lists, plan)
        caveats += report.caveats(lists)
    for caveat in dict.fromkeys(caveats):
        print(f"Note: {caveat}\n")
    return targets


def _progress(text: str) -> None:
    print(f"... {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
