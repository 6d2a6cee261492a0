"""Interleaved rounds: alternates between the servers, so that a slow minute affects both."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

from bench.client import Sample, run_closed_loop
from bench.machine import Meter, Usage
from bench.seed_data import SeedData
from bench.servers import Server

WARM_UP_SECONDS = 0.2


@dataclass(frozen=True)
class SystemUnderTest:
    """A running server and its seed data."""

    server: Server
    data: SeedData
    core: int | None


@dataclass(frozen=True)
class Plan:
    """The extent of a run."""

    rounds: int
    send_seconds: float
    list_seconds: float
    cells: tuple[tuple[int, int], ...]
    """Pairs (number of threads, number of clients)."""
    history: int
    """Messages in the long thread."""


FULL = Plan(3, 2.0, 1.0, ((1, 1), (1, 8), (1, 32), (50, 1), (50, 8), (50, 32)), 100_000)
QUICK = Plan(1, 1.0, 0.5, ((1, 1), (1, 8), (1, 32), (50, 8)), 100_000)


@dataclass(frozen=True)
class Measurement:
    """The result of one cell in one round on one server."""

    responses: int
    rate: float
    p50: float
    p99: float
    usage: Usage

    @classmethod
    def of(cls, sample: Sample, usage: Usage) -> "Measurement":
        """Combines the results of a closed loop and a meter."""
        return cls(
            responses=len(sample.latencies),
            rate=sample.rate,
            p50=sample.percentile(50),
            p99=sample.percentile(99),
            usage=usage,
        )

    @property
    def cpu_ms(self) -> float:
        """CPU time of the server in milliseconds per response."""
        return self.usage.server_seconds * 1000 / self.responses


@dataclass(frozen=True)
class Series:
    """The rounds of one cell on one server."""

    rounds: list[Measurement]

    def median(self, value: Callable[[Measurement], float]) -> float:
        """The median over the rounds."""
        return median(value(one) for one in self.rounds)

    def ratios(self, other: "Series", value: Callable[[Measurement], float]) -> list[float]:
        """This series' value over the other's, round by round."""
        pairs = zip(self.rounds, other.rounds, strict=True)
        return [value(mine) / value(theirs) for mine, theirs in pairs]


Requests = Sequence[Sequence[bytes]]
"""The requests of each client."""
Work = dict[tuple[str, str], Requests]
"""By cell and server name."""
Results = dict[tuple[str, str], Series]
"""By cell and server name."""


def build_requests(
    systems: Sequence[SystemUnderTest], cells: dict[str, Callable[[SystemUnderTest], Requests]]
) -> Work:
    """The requests for each cell and server."""
    return {
        (name, system.server.name): make(system)
        for name, make in cells.items()
        for system in systems
    }


async def warm_up(systems: Sequence[SystemUnderTest], work: Work, expected: int) -> None:
    """Runs every cell briefly, so that connections are open and caches are filled."""
    for system in systems:
        for name, server in work:
            if server == system.server.name:
                await run_closed_loop(
                    system.server.port, work[name, server], expected, WARM_UP_SECONDS
                )


async def run_rounds(
    systems: Sequence[SystemUnderTest], work: Work, *, rounds: int, seconds: float, expected: int
) -> Results:
    """Measures every cell on every server once per round, in alternating order."""
    results: Results = {key: Series([]) for key in work}
    for number in range(rounds):
        for name in dict.fromkeys(name for name, _ in work):
            for system in systems if number % 2 == 0 else reversed(systems):
                key = (name, system.server.name)
                meter = Meter(system.server.process, system.core)
                sample = await run_closed_loop(system.server.port, work[key], expected, seconds)
                results[key].rounds.append(Measurement.of(sample, meter.read()))
    return results
