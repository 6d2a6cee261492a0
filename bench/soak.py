"""`python -m bench.soak [--sends N] [--seconds S]`: whether memory grows with the number of sends.

Starts a chatsite with the settings of production, sends N messages from several clients, and prints
the memory of the process at intervals. Exits with 1 if it has grown by more than 10 % since 10,000
sends. `--seconds` ends the run earlier.
"""

import argparse
import asyncio
import itertools
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.client import Connection, UnexpectedResponse
from bench.machine import cores, pin
from bench.report import table
from bench.rounds import SystemUnderTest
from bench.seed_data import SMALL_HISTORY, THREADS, SeedData
from bench.sends import send_requests
from bench.servers import Server, chatsite_environment, free_ports, run_module, start_chatsite
from bench.starts import memory_megabytes

BASELINE = 10_000
MOST_GROWTH = 0.10
CLIENTS = 8
STEPS = 10


@dataclass(frozen=True)
class Sample:
    """The memory of the server after a number of sends."""

    sends: int
    seconds: float
    rss: float
    pss: float
    anonymous: float
    """In MB; without files that are mapped, such as the database."""


class Soak:
    """A run: its clients share one count of messages."""

    def __init__(self, server: Server, data: SeedData, sends: int, seconds: float) -> None:
        self._server, self._sends = server, sends
        self._requests = send_requests(SystemUnderTest(server, data, None), THREADS, CLIENTS)
        self._started = time.monotonic()
        self._deadline = self._started + seconds
        self._begun = 0
        self._answered = 0
        steps = {BASELINE, *range(sends // STEPS, sends, max(sends // STEPS, 1))}
        self._due = sorted(step for step in steps if step >= BASELINE)
        self.samples: list[Sample] = []

    async def run(self) -> list[Sample]:
        """The samples: after 10,000 sends, at intervals, and at the end."""
        self._started = time.monotonic()
        async with asyncio.TaskGroup() as group:
            for requests in self._requests:
                group.create_task(self._client(requests))
        self._take()
        return self.samples

    async def _client(self, requests: Sequence[bytes]) -> None:
        connection = await Connection.open(self._server.port)
        for request in itertools.cycle(requests):
            if self._begun >= self._sends or time.monotonic() > self._deadline:
                break
            self._begun += 1
            status, body = await connection.request(request)
            if status != 201:
                raise UnexpectedResponse(f"{status} instead of 201: {body[:300]!r}")
            self._count()
        connection.close()

    def _count(self) -> None:
        self._answered += 1
        if self._due and self._answered >= self._due[0]:
            self._due.pop(0)
            self._take()

    def _take(self) -> None:
        process = self._server.process
        sample = Sample(
            sends=self._answered,
            seconds=time.monotonic() - self._started,
            rss=memory_megabytes(process, "Rss:"),
            pss=memory_megabytes(process, "Pss:"),
            anonymous=memory_megabytes(process, "Pss_Anon:"),
        )
        self.samples.append(sample)
        said = f"... {sample.sends:,} sends, {sample.rss:.0f} MB"
        print(said, file=sys.stderr, flush=True)


def growth(samples: Sequence[Sample]) -> float:
    """The growth of the anonymous memory from the first sample to the last: 0.1 is 10 %.

    Mapped pages of the database belong to the system's cache, which can reclaim them.
    """
    return samples[-1].anonymous / samples[0].anonymous - 1


def soak_table(samples: Sequence[Sample]) -> str:
    """The samples, each with its growth."""
    rows = [
        [
            f"{one.sends:,}",
            f"{one.seconds:.0f}",
            f"{one.sends / one.seconds:,.0f}",
            f"{one.rss:.1f}",
            f"{one.pss:.1f}",
            f"{one.anonymous:.1f}",
            f"{growth([samples[0], one]):+.1%}",
        ]
        for one in samples
    ]
    headers = ["sends", "seconds", "sends/s", "RSS MB", "PSS MB", "anonymous MB", "growth"]
    return table(headers, rows, left=0)


def main() -> None:
    arguments = _parse_arguments()
    server_core, client_core = cores()
    pin(client_core)
    ports = free_ports(2, None)
    with tempfile.TemporaryDirectory(prefix="chatsite-bench-") as name:
        folder = Path(name)
        environment = chatsite_environment(folder / "chatsite", *ports)
        data = SeedData.from_json(run_module("bench.seed", environment, str(SMALL_HISTORY)))
        with start_chatsite(folder, ports[0], server_core, environment) as server:
            soak = Soak(server, data, arguments.sends, arguments.seconds)
            samples = asyncio.run(soak.run())
    print(soak_table(samples), end="\n\n")
    if len(samples) < 2:
        sys.exit(f"The run was too short: fewer than {BASELINE:,} sends.")
    if growth(samples) > MOST_GROWTH:
        sys.exit(f"The memory has grown by {growth(samples):.1%}, more than {MOST_GROWTH:.0%}.")


def _parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.soak", description=__doc__)
    parser.add_argument("--sends", type=int, default=1_000_000, help="default: 1,000,000")
    parser.add_argument("--seconds", type=float, default=float("inf"), help="end earlier")
    arguments = parser.parse_args()
    if arguments.sends <= BASELINE:
        parser.error(f"--sends must be more than {BASELINE}")
    return arguments


if __name__ == "__main__":
    main()
