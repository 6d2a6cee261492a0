"""`python -m bench [--quick] [--only TABLE] [--port N]`: chatsite and a bare application.

The tables are send, list, live, statements, start, postgresql and subscriptions; and cognitive.
"""

import argparse
import asyncio
import gc
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from types import FrameType

from bench import cognitive, report
from bench.client import UnexpectedResponse
from bench.goals import Goal, goal_table, list_goals, send_goals, statement_goals
from bench.lists import DEEP, NEWEST, measure_lists
from bench.machine import cores, pin
from bench.rounds import FULL, QUICK, Plan, SystemUnderTest
from bench.seed_data import SMALL_HISTORY, SeedData, seed_bare
from bench.sends import measure_sends
from bench.servers import (
    chatsite_environment,
    development_environment,
    free_ports,
    run_module,
    start_bare,
    start_chatsite,
)
from bench.sockets import measure_sockets
from bench.starts import measure_starts
from bench.statements import count_statements
from bench.variants import measure_postgresql, measure_subscriptions
from load_testing.postgresql import ProgramMissing

TIME_LIMIT = 1200
"""Seconds after which a run is aborted."""
TABLES = ("send", "list", "live", "statements", "start", "postgresql", "subscriptions")
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
    try:
        if arguments.only == "cognitive":
            targets = cognitive.run(quick=arguments.quick, ports=ports[1:])
            print(report.target_table(targets), end="\n\n")
        else:
            goals = _measure(ports, plan, wanted, first_port=arguments.port)
            print(goal_table(goals, plan.rounds), end="\n\n")
    except UnexpectedResponse as problem:
        sys.exit(f"The run failed: {problem}")
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
    ports: Sequence[int], plan: Plan, wanted: Sequence[str], *, first_port: int | None
) -> list[Goal]:
    """Prints the selected tables; returns their goals."""
    server_core, client_core = cores()
    pin(client_core)
    goals: list[Goal] = []
    with tempfile.TemporaryDirectory(prefix="chatsite-bench-") as name:
        folder = Path(name)
        if {"send", "list", "start"} & set(wanted):
            goals += _measure_requests(folder, ports, server_core, plan, wanted)
        if "postgresql" in wanted:
            goals += _measure_postgresql(folder, (server_core, client_core), plan)
        if "live" in wanted:
            _progress("measuring sockets")
            seconds = 2.0 if plan.rounds > 1 else 1.0
            goals += measure_sockets(rounds=plan.rounds, seconds=seconds, port=first_port)
        if "statements" in wanted:
            goals += _count_statements(folder, ports)
        if "subscriptions" in wanted:
            _progress("measuring sends with subscriptions")
            goals += measure_subscriptions(folder, server_core, plan)
    return goals


def _measure_requests(
    folder: Path, ports: Sequence[int], core: int | None, plan: Plan, wanted: Sequence[str]
) -> list[Goal]:
    _progress(f"seeding two databases with a thread of {plan.history:,} messages")
    environment = chatsite_environment(folder / "chatsite", *ports[1:])
    data = SeedData.from_json(run_module("bench.seed", environment, str(plan.history)))
    bare_data = seed_bare(folder / "bare.sqlite3", plan.history, data.pragmas)
    goals: list[Goal] = []
    if "start" in wanted:
        _progress("measuring starts")
        goals += measure_starts(folder, ports[1], core, environment, data.large, plan.rounds)
    if not {"send", "list"} & set(wanted):
        return goals
    with (
        start_bare(folder, ports[0], core, data.pragmas) as bare,
        start_chatsite(folder, ports[1], core, environment) as chatsite,
    ):
        gc.collect()
        gc.freeze()
        systems = [SystemUnderTest(bare, bare_data, core), SystemUnderTest(chatsite, data, core)]
        return _load(systems, plan, wanted) + goals


def _load(systems: Sequence[SystemUnderTest], plan: Plan, wanted: Sequence[str]) -> list[Goal]:
    goals: list[Goal] = []
    caveats: list[str] = []
    if "send" in wanted:
        _progress("measuring sends")
        sends = asyncio.run(measure_sends(systems, plan))
        print(report.send_table(sends, plan), end="\n\n")
        goals += send_goals(sends)
        caveats += report.caveats(sends)
    if "list" in wanted:
        _progress("measuring lists")
        lists = asyncio.run(measure_lists(systems, plan))
        print(report.list_table(lists, plan), end="\n\n")
        goals += list_goals(lists, NEWEST, DEEP)
        caveats += report.caveats(lists)
    for caveat in dict.fromkeys(caveats):
        print(f"Note: {caveat}\n")
    return goals


def _measure_postgresql(
    folder: Path, both_cores: tuple[int | None, int | None], plan: Plan
) -> list[Goal]:
    _progress("measuring sends on PostgreSQL")
    try:
        return measure_postgresql(folder, both_cores, plan)
    except ProgramMissing as problem:
        print(f"Note: PostgreSQL was not measured: {problem}\n")
        return []


def _count_statements(folder: Path, ports: Sequence[int]) -> list[Goal]:
    """Counts the statements with the short path, and those of the ordinary views.

    Messages are sent over the short path, so only that has a goal.
    """
    goals: list[Goal] = []
    for path, flag in (("short path", "1"), ("ordinary view", "0")):
        _progress(f"counting statements, {path}")
        environment = development_environment(folder / f"statements-{flag}", *ports[1:])
        settings = {"CHATSITE_REQUEST_LOG": "off", "CHATSITE_SHORT_PATH": flag}
        counts = count_statements(environment | settings)
        print(f"{report.statement_table(counts)}\n({path})", end="\n\n")
        if flag == "1":
            goals += statement_goals(counts, path)
    return goals


def _progress(text: str) -> None:
    print(f"... {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
