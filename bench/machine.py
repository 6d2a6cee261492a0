"""Pins processes to cores, and measures CPU time.

Only on Linux; elsewhere nothing is pinned and the shares are 0.
"""

import ctypes
import os
import signal
import sys
import time
from dataclasses import dataclass
from pathlib import Path

_SET_PARENT_DEATH_SIGNAL = 1
TICK = os.sysconf("SC_CLK_TCK")


def cores() -> tuple[int | None, int | None]:
    """The core for the server and the core for the client; both None if there is only one."""
    if not hasattr(os, "sched_setaffinity"):
        return None, None
    usable = sorted(os.sched_getaffinity(0))
    return (usable[0], usable[1]) if len(usable) > 1 else (None, None)


def pin(core: int | None) -> None:
    """Pins this process and its future child processes to a core."""
    if core is not None:
        os.sched_setaffinity(0, {core})


def end_with_parent() -> None:
    """Makes the kernel kill this process when its parent exits."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_SET_PARENT_DEATH_SIGNAL, signal.SIGKILL)


def processor_seconds(process: int) -> float:
    """The CPU time of a process, all threads."""
    try:
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / TICK


def core_seconds(core: int | None) -> float:
    """The CPU time that all processes have used on a core."""
    try:
        lines = Path("/proc/stat").read_text().splitlines()
    except OSError:
        return 0.0
    for name, user, nice, system, *_ in (
        line.split(maxsplit=4) for line in lines if line[:3] == "cpu"
    ):
        if name == f"cpu{core}":
            return (int(user) + int(nice) + int(system)) / TICK
    return 0.0


@dataclass(frozen=True)
class Usage:
    """The CPU usage during a measurement."""

    server_seconds: float
    """CPU time of the measured server."""
    client_share: float
    """The client's share of its core: near 1, the client was the bottleneck."""
    foreign_share: float
    """The share of the server's core that other processes used."""


class Meter:
    """Measures usage from its creation to `read`."""

    def __init__(self, process: int, core: int | None) -> None:
        self._process, self._core = process, core
        self._started = time.perf_counter()
        self._before = self._now()

    def _now(self) -> tuple[float, float, float]:
        return processor_seconds(self._process), core_seconds(self._core), time.process_time()

    def read(self) -> Usage:
        """The usage since the meter was created."""
        seconds = time.perf_counter() - self._started
        server, core, client = (
            after - before for after, before in zip(self._now(), self._before, strict=True)
        )
        return Usage(
            server_seconds=server,
            client_share=client / seconds,
            foreign_share=max(0.0, core - server) / seconds if self._core is not None else 0.0,
        )
