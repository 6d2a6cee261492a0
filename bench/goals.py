"""The goals of the project: what is measured, what must be reached, and what is aimed at."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from bench.report import BARE, CHATSITE, cpu, p50, p99, rate, table
from bench.rounds import Results
from bench.sends import send_cell
from bench.statements import Counts

SETTINGS = """\
chatsite: CHATSITE_ENV=production behind a proxy that terminates TLS (plain http with
X-Forwarded-Proto: https), the request log as in production (off), the embedded worker on,
SQLite with synchronous=FULL, CHATSITE_LIMITS=open. Bare application: the same daphne, SQLite with
synchronous=NORMAL, each send committed in the event loop."""


@dataclass(frozen=True)
class Goal:
    """One row of the table.

    `judged` are the values that are compared with `must` and `aim`, one for each round: ratios to
    the bare application, or the measured values themselves. `shown` is the measured value. A goal
    is reached if the median is at least (`at_least`), or else at most, the limit.
    """

    name: str
    shown: str
    judged: Sequence[float]
    must: float
    aim: float | None = None
    at_least: bool = False
    is_ratio: bool = False
    digits: int = 2

    @property
    def is_met(self) -> bool:
        value = median(self.judged)
        return value >= self.must if self.at_least else value <= self.must

    def row(self) -> list[str]:
        """The cells of the table."""
        bound = ">=" if self.at_least else "<="
        middle = f"{median(self.judged):,.{self.digits}f}"
        low, high = (f"{end:,.{self.digits}f}" for end in (min(self.judged), max(self.judged)))
        return [
            self.name,
            self.shown,
            middle if self.is_ratio else "",
            f"{low}-{high}" if len(self.judged) > 1 else "",
            f"{bound} {self.must:g}",
            f"{self.aim:g}" if self.aim is not None else "",
            "ok" if self.is_met else "MISSED",
        ]


def goal_table(goals: Sequence[Goal], rounds: int) -> str:
    """The table of the goals, and above it the conditions of the measurement."""
    headers = ["measure", "measured", "ratio", "min-max", "must", "aim", ""]
    times = "One round" if rounds == 1 else f"Medians of {rounds} interleaved rounds"
    what = f"{times}; min-max is the range of the values that are compared with `must`."
    rows = table(headers, [goal.row() for goal in goals])
    return f"Goals\n\n{SETTINGS}\n{what}\n\n{rows}"


def send_goals(results: Results) -> list[Goal]:
    """Sends per second and their latency."""
    goals = []
    for clients, must, aim in ((1, 0.45, 0.7), (8, 0.6, 0.9), (32, 0.8, 1.3)):
        cell = send_cell(1, clients)
        ours, theirs = results[cell, CHATSITE], results[cell, BARE]
        noun = "client" if clients == 1 else "clients"
        name = f"sends/s, {clients} {noun} / bare"
        ratios = ours.ratios(theirs, rate)
        shown = f"{ours.median(rate):,.0f}/s"
        goals.append(Goal(name, shown, ratios, must, aim, at_least=True, is_ratio=True))
    waits = [p50(one) for one in results[send_cell(1, 1), CHATSITE].rounds]
    late = [p99(one) for one in results[send_cell(1, 32), CHATSITE].rounds]
    goals.append(Goal("send p50, 1 client, ms", f"{median(waits):.2f} ms", waits, 1.5, 0.7))
    shown = f"{median(late):.1f} ms"
    goals.append(Goal("send p99, 32 clients, ms", shown, late, 80, 30, digits=1))
    return goals


def list_goals(results: Results, newest: str, deep: str) -> list[Goal]:
    """The time of pages: of the cells `newest` and `deep`."""
    goals = []
    for title, cell in (("newest 20, p50 / bare", newest), ("200 per page deep, p50 / bare", deep)):
        ours, theirs = results[cell, CHATSITE], results[cell, BARE]
        shown, ratios = f"{ours.median(p50):.2f} ms", ours.ratios(theirs, p50)
        goals.append(Goal(title, shown, ratios, 2.5, 1.5, is_ratio=True))
    return goals


def statement_goals(counts: Counts, path: str) -> list[Goal]:
    """The statements of a send, besides BEGIN and COMMIT. `path` names how it was answered."""
    sends = [by_name["send message"] for by_name in counts.values()]
    worst = max(sends, key=lambda one: one.total)
    shown = f"{worst.total - worst.control} + {worst.control} BEGIN/COMMIT"
    judged = [worst.total - worst.control]
    return [Goal(f"SQL per send, {path}", shown, judged, 4, 3, digits=0)]


def postgresql_goals(results: Results, cell: str, name: str) -> list[Goal]:
    """Sends per second on PostgreSQL (server `name`), in comparison with SQLite."""
    ours, sqlite = results[cell, name], results[cell, CHATSITE]
    shown, ratios = f"{ours.median(rate):,.0f}/s", ours.ratios(sqlite, rate)
    title = "PostgreSQL / SQLite, sends/s, 8 clients"
    return [Goal(title, shown, ratios, 0.5, 0.8, at_least=True, is_ratio=True)]


def subscription_goals(results: Results, cell: str, servers: dict[int, str]) -> list[Goal]:
    """Sends per second with subscriptions that do not match, by their number.

    The CPU time per send is shown as well, because other processes on the machine affect it less.
    """
    (_, fewest), *more = sorted(servers.items())
    goals = []
    for count, name in more:
        ours, least = results[cell, name], results[cell, fewest]
        ratios = ours.ratios(least, rate)
        change = median(ours.ratios(least, cpu)) - 1
        shown = f"{ours.median(rate):,.0f}/s, {change:+.1%} CPU"
        title = f"sends/s, {count:,} subscriptions / 1"
        goals.append(Goal(title, shown, ratios, 0.97, at_least=True, is_ratio=True))
    return goals
