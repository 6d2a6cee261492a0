"""Formats the tables and checks the targets."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median

from bench.lists import DEEP, NEWEST, NEWEST_LARGE_PAGE, NEWEST_OF_SMALL, SECOND
from bench.rounds import Measurement, Plan, Results, Series
from bench.sends import send_cell
from bench.statements import OPERATIONS, Counts

BARE, CHATSITE = "bare", "chatsite"
BUSY_CLIENT, BUSY_CORE = 0.9, 0.15


def rate(one: Measurement) -> float:
    """Responses per second."""
    return one.rate


def p50(one: Measurement) -> float:
    """Median latency in ms."""
    return one.p50


def p99(one: Measurement) -> float:
    """99th percentile of the latency in ms."""
    return one.p99


def cpu(one: Measurement) -> float:
    """CPU time of the server in ms per response."""
    return one.cpu_ms


# --- tables --------------------------------------------------------------------------------------


def table(headers: Sequence[str], rows: Iterable[Sequence[str]], *, left: int = 1) -> str:
    """A table with a rule below the headers; the first `left` columns are left-aligned."""
    lines = [list(headers), *(list(row) for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(headers))]
    text = [
        "  ".join(
            cell.ljust(width) if column < left else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    ]
    return "\n".join([text[0], "-" * len(text[0]), *text[1:]])


def _range(values: Sequence[float], digits: int) -> str:
    """The median, with minimum and maximum if there are several values."""
    middle = f"{median(values):,.{digits}f}"
    if len(values) == 1:
        return middle
    return f"{middle} [{min(values):,.{digits}f}-{max(values):,.{digits}f}]"


def _row(title: str, server: str, series: Series, ratios: Sequence[float]) -> list[str]:
    return [
        title,
        server,
        _range([one.rate for one in series.rounds], 0),
        f"{series.median(p50):.2f}",
        f"{series.median(p99):.1f}",
        f"{series.median(cpu):.2f}",
        _range(ratios, 2) if ratios else "",
    ]


def _comparison(results: Results, titles: dict[str, str], unit: str) -> str:
    headers = ["", "server", f"{unit}/s", "p50 ms", "p99 ms", "cpu ms/response", "x bare"]
    rows = []
    for name, title in titles.items():
        bare, chatsite = results[name, BARE], results[name, CHATSITE]
        rows.append(_row(title, BARE, bare, []))
        rows.append(_row("", CHATSITE, chatsite, chatsite.ratios(bare, rate)))
    return table(headers, rows, left=2)


def send_table(results: Results, plan: Plan) -> str:
    """Sends per second and their latency, by number of threads and clients."""
    titles = {
        send_cell(threads, clients): f"{_plural(threads, 'thread')}, {_plural(clients, 'client')}"
        for threads, clients in plan.cells
    }
    return "Send (threads of 20 members)\n\n" + _comparison(results, titles, "sends")


def list_table(results: Results, plan: Plan) -> str:
    """Pages per second and their latency, with one client."""
    of = f" of {plan.history:,}"
    titles = {
        NEWEST_OF_SMALL: NEWEST_OF_SMALL,
        NEWEST: NEWEST + of,
        NEWEST_LARGE_PAGE: NEWEST_LARGE_PAGE + of,
        SECOND: SECOND + of,
        DEEP: DEEP + of,
    }
    return "List messages (1 client)\n\n" + _comparison(results, titles, "pages")


def statement_table(counts: Counts) -> str:
    """SQL statements of each operation, by number of members."""
    sizes = sorted(counts)
    headers = ["operation", *(f"{size} members" for size in sizes), "BEGIN/COMMIT among them", ""]
    rows = []
    for name in OPERATIONS:
        found = [counts[size][name] for size in sizes]
        same = len({count.total for count in found}) == 1
        control = str(found[0].control)
        rows.append([name, *(str(one.total) for one in found), control, "" if same else "grows"])
    return "SQL statements per operation\n\n" + table(headers, rows)


def _plural(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


# --- targets -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Target:
    """A target, the measured value, and whether it meets the target."""

    name: str
    measured: str
    is_met: bool


def target_table(targets: Sequence[Target]) -> str:
    """The targets, each with ok or MISSED."""
    rows = [
        [target.name, target.measured, "ok" if target.is_met else "MISSED"] for target in targets
    ]
    return table(["target", "measured", ""], rows, left=3)


# --- caveats -------------------------------------------------------------------------------------


def caveats(results: Results) -> list[str]:
    """Reasons why some of the results may not be reliable."""
    measurements = [one for series in results.values() for one in series.rounds]
    found = []
    client = max(one.usage.client_share for one in measurements)
    if client > BUSY_CLIENT:
        found.append(f"The client used up to {client:.0%} of its core and limited the results.")
    foreign = median(one.usage.foreign_share for one in measurements)
    if foreign > BUSY_CORE:
        found.append(
            f"Other processes used {foreign:.0%} of the server's core: "
            "only the ratios are reliable."
        )
    return found
