"""The time from a start to the first answer, and the memory before the first client."""

import asyncio
import time
from collections.abc import Mapping
from pathlib import Path
from statistics import median

from bench.client import list_request, request_once
from bench.goals import Goal
from bench.machine import processor_seconds
from bench.seed_data import Thread
from bench.servers import start_chatsite

QUIET_SECONDS = 1.0
"""A server that uses no CPU time for this long has finished starting."""
QUIET_SHARE = 0.02


def resident_megabytes(process: int) -> float:
    """The resident memory of a process."""
    return memory_megabytes(process, "Rss:")


def memory_megabytes(process: int, name: str) -> float:
    """A line of /proc/PID/smaps_rollup: `Rss:`, `Pss:`, or `Pss_Anon:` without mapped files."""
    lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name)) / 1024


def measure_starts(
    folder: Path,
    port: int,
    core: int | None,
    environment: Mapping[str, str],
    thread: Thread,
    rounds: int,
) -> list[Goal]:
    """Starts chatsite on existing data: its first answer is a page of `thread`."""
    with start_chatsite(folder, port, core, environment):
        # The first start compiles modules and collects static files.
        pass
    request = list_request(port, thread.id, thread.tokens[0], 20)
    seconds, megabytes = [], []
    for _ in range(rounds):
        started = time.monotonic()
        with start_chatsite(folder, port, core, environment):
            asyncio.run(request_once(port, request))
            seconds.append(time.monotonic() - started)
        with start_chatsite(folder, port, core, environment) as server:
            _wait_until_idle(server.process)
            megabytes.append(resident_megabytes(server.process))
    memory = f"{median(megabytes):.0f} MB"
    return [
        Goal("start until the first answer, s", f"{median(seconds):.2f} s", seconds, 2),
        Goal("memory (RSS) before the first client, MB", memory, megabytes, 100, digits=0),
    ]


def _wait_until_idle(process: int) -> None:
    used = -1.0
    while (now := processor_seconds(process)) - used > QUIET_SECONDS * QUIET_SHARE:
        used = now
        time.sleep(QUIET_SECONDS)
