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
from bench.client import UnexpectedAnswer
from bench.crowd import SMALL_HISTORY, Crowd, seed_bare
from bench.lists import measure_lists
from bench.machine import cores, pin
from bench.rounds import FULL, QUICK, Plan, Stand
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
"""Seconds after which a run is given up, whatever holds it."""
TABLES = ("send", "list", "live", "statements")
# Measured on demand: these need the engines of `make cognitive`.
OPTIONAL = ("cognitive",)


def main() -> None:
    """Measures, prints, and leaves nothing behind."""
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
        except UnexpectedAnswer as problem:
            sys.exit(f"The run failed: {problem}")
    print(report.target_table(targets), end="\n\n")
    print(f"{time.monotonic() - started:.0f} seconds.")


def _parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measures chatsite.")
    parser.add_argument("--quick", action="store_true", help="one short round, half a minute")
    parser.add_argument("--only", choices=TABLES + OPTIONAL, help="one of the tables")
    parser.add_argument("--port", type=int, help="the first of three ports (default: free ones)")
    return parser.parse_args()


def _stop(number: int, frame: FrameType | None) -> None:
    # An exception, so that servers are stopped and folders removed on the way out.
    sys.exit(f"Stopped by {signal.Signals(number).name}.")


def _measure(
    folder: Path, ports: Sequence[int], plan: Plan, wanted: Sequence[str]
) -> list[report.Target]:
    """Prints the wanted tables; returns their targets."""
    if "cognitive" in wanted:
        return cognitive.run(quick=plan.rounds == 1, ports=ports[1:])
    server_core, client_core = cores()
    pin(client_core)
    targets: list[report.Target] = []
    if "send" in wanted or "list" in wanted:
        with _stands(folder, ports, server_core, plan.history) as stands:
            gc.collect()
            gc.freeze()
            targets += _load(stands, plan, wanted)
    if "live" in wanted:
        targets += live.run(quick=plan.rounds == 1, port=ports[0])
    if "statements" in wanted:
        _progress("counting statements")
        counts = count_statements(chatsite_environment(folder / "statements", *ports[1:]))
        print(report.statement_table(counts), end="\n\n")
        targets += report.statement_targets(counts)
    return targets


@contextlib.contextmanager
def _stands(
    folder: Path, ports: Sequence[int], core: int | None, history: int
) -> Iterator[list[Stand]]:
    """Both servers, filled and running."""
    _progress(f"filling two databases, with a thread of {history:,} messages")
    environment = chatsite_environment(folder / "chatsite", *ports[1:])
    crowd = Crowd.from_json(run_module("bench.seed", environment, str(history)))
    bare_crowd = seed_bare(folder / "bare.sqlite3", history, crowd.pragmas)
    with (
        start_bare(folder, ports[0], core, crowd.pragmas) as bare,
        start_chatsite(folder, ports[1], core, environment) as chatsite,
    ):
        yield [Stand(bare, bare_crowd, core), Stand(chatsite, crowd, core)]


def _load(stands: Sequence[Stand], plan: Plan, wanted: Sequence[str]) -> list[report.Target]:
    targets: list[report.Target] = []
    doubts: list[str] = []
    if "send" in wanted:
        _progress("sending")
        sends = asyncio.run(measure_sends(stands, plan))
        print(report.send_table(sends, plan), end="\n\n")
        targets += report.send_targets(sends)
        doubts += report.doubts(sends)
    if "list" in wanted:
        _progress("listing")
        lists = asyncio.run(measure_lists(stands, plan))
        print(report.list_table(lists, plan), end="\n\n")
        targets += report.list_targets(lists, plan)
        doubts += report.doubts(lists)
    for doubt in dict.fromkeys(doubts):
        print(f"Note: {doubt}\n")
    return targets


def _progress(text: str) -> None:
    print(f"... {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
