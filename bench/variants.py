"""Sends to several chatsites that differ in one thing: the database, or the subscriptions."""

import asyncio
import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from bench.goals import Goal, postgresql_goals, subscription_goals
from bench.machine import pin
from bench.report import CHATSITE
from bench.rounds import Plan, Results, SystemUnderTest
from bench.seed_data import SMALL_HISTORY, SeedData
from bench.sends import measure_sends, send_cell
from bench.servers import chatsite_environment, free_ports, run_module, start_chatsite
from load_testing import postgresql

CLIENTS = 8
CELL = send_cell(1, CLIENTS)
SUBSCRIPTIONS = (1, 100, 1_000)
# A difference of 3 % shows only in many short rounds.
MORE_ROUNDS = 5

Environments = dict[str, dict[str, str]]
"""By server name."""


def measure_postgresql(
    folder: Path, cores: tuple[int | None, int | None], plan: Plan
) -> list[Goal]:
    """Compares PostgreSQL on the server's core with SQLite; both wait for the disk."""
    server_core, client_core = cores
    with contextlib.ExitStack() as stack:
        # Its processes inherit the CPU affinity of this process when they start.
        pin(server_core)
        try:
            url = stack.enter_context(postgresql.running_server(durable=True))
        finally:
            pin(client_core)
        environments = {
            CHATSITE: _environment(folder / "sqlite"),
            "postgresql": _environment(folder / "postgresql") | {"DATABASE_URL": url},
        }
        results = _measure(folder, environments, server_core, plan)
    return postgresql_goals(results, CELL, "postgresql")


def measure_subscriptions(folder: Path, core: int | None, plan: Plan) -> list[Goal]:
    """Compares servers with 1, 100 and 1,000 subscriptions that no message matches."""
    names = {count: f"subscriptions-{count}" for count in SUBSCRIPTIONS}
    environments = {name: _environment(folder / name) for name in names.values()}
    for count, name in names.items():
        run_module("bench.seed", environments[name], "0")
        run_module("bench.subscription_seed", environments[name], str(count))
    more = replace(plan, rounds=plan.rounds * MORE_ROUNDS, send_seconds=1.0)
    return subscription_goals(_measure(folder, environments, core, more), CELL, names)


def _environment(data: Path) -> dict[str, str]:
    return chatsite_environment(data, *free_ports(2, None))


def _measure(folder: Path, environments: Environments, core: int | None, plan: Plan) -> Results:
    one_cell = replace(plan, cells=((1, CLIENTS),))
    with _running_systems(folder, environments, core) as systems:
        return asyncio.run(measure_sends(systems, one_cell))


@contextlib.contextmanager
def _running_systems(
    folder: Path, environments: Mapping[str, Mapping[str, str]], core: int | None
) -> Iterator[list[SystemUnderTest]]:
    with contextlib.ExitStack() as stack:
        systems = []
        for name, environment in environments.items():
            seeded = run_module("bench.seed", environment, str(SMALL_HISTORY))
            port = int(environment["CHATSITE_PORT"])
            server = stack.enter_context(start_chatsite(folder, port, core, environment, name=name))
            systems.append(SystemUnderTest(server, SeedData.from_json(seeded), core))
        yield systems
