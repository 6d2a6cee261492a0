"""The interleaved rounds: the same on every server in turn, so that a slow minute hits all."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

from bench.client import Sample, drive
from bench.crowd import Crowd
from bench.machine import Meter, Usage
from bench.servers import Server

WARM_UP_SECONDS = 0.2


@dataclass(frozen=True)
class Stand:
    """A running server and who takes part on it."""

    server: Server
    crowd: Crowd
    core: int | None


@dataclass(frozen=True)
class Plan:
    """How much is measured."""

    rounds: int
    send_seconds: float
    list_seconds: float
    cells: tuple[tuple[int, int], ...]
    """Pairs of threads and clients."""
    history: int
    """Messages in the long thread."""


FULL = Plan(3, 2.0, 1.0, ((1, 1), (1, 8), (1, 32), (50, 1), (50, 8), (50, 32)), 100_000)
QUICK = Plan(1, 1.0, 0.5, ((1, 1), (1, 8), (1, 32), (50, 8)), 100_000)


@dataclass(frozen=True)
class Measurement:
    """One cell of one round on one server."""

    answers: int
    rate: float
    p50: float
    p99: float
    usage: Usage

    @classmethod
    def of(cls, sample: Sample, usage: Usage) -> "Measurement":
        """What a closed loop and a meter saw."""
        return cls(
            answers=len(sample.latencies),
            rate=sample.rate,
            p50=sample.percentile(50),
            p99=sample.percentile(99),
            usage=usage,
        )

    @property
    def cpu_ms(self) -> float:
        """Processor time of the server in milliseconds per answer."""
        return self.usage.server_seconds * 1000 / self.answers


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
"""One sequence of requests per client."""
Work = dict[tuple[str, str], Requests]
"""By name of the cell and name of the server."""
Results = dict[tuple[str, str], Series]
"""By name of the cell and name of the server."""


def build_requests(stands: Sequence[Stand], cells: dict[str, Callable[[Stand], Requests]]) -> Work:
    """What each client of each cell asks of each server."""
    return {
        (name, stand.server.name): make(stand) for name, make in cells.items() for stand in stands
    }


async def warm_up(stands: Sequence[Stand], work: Work, expected: int) -> None:
    """Lets every server open its connections and fill its caches before anything is measured."""
    for stand in stands:
        for name, server in work:
            if server == stand.server.name:
                await drive(stand.server.port, work[name, server], expected, WARM_UP_SECONDS)


async def run_rounds(
    stands: Sequence[Stand], work: Work, *, rounds: int, seconds: float, expected: int
) -> Results:
    """Measures every cell on every server once per round; who goes first changes by the round."""
    results: Results = {key: Series([]) for key in work}
    for number in range(rounds):
        for name in dict.fromkeys(name for name, _ in work):
            for stand in stands if number % 2 == 0 else reversed(stands):
                key = (name, stand.server.name)
                meter = Meter(stand.server.process, stand.core)
                sample = await drive(stand.server.port, work[key], expected, seconds)
                results[key].rounds.append(Measurement.of(sample, meter.read()))
    return results
