"""`python -m bench.webhooks [--events N]`: how many events per second one worker delivers.

The event log is filled first; then `manage.py worker` delivers it to an endpoint on loopback that
responds at once. The time is measured from the arrival of the first event to that of the last.
"""

import argparse
import asyncio
import contextlib
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
from psycopg import sql

from bench.client import HOST
from bench.machine import cores, end_with_parent, pin, processor_seconds
from bench.servers import CHECKOUT, development_environment, free_ports, run_module
from load_testing import postgresql

_TARGET = 500
_TIMEOUT_S = 180.0
_OTHER_SUBSCRIPTIONS = (0, 1000)


@dataclass
class Endpoint(asyncio.Protocol):
    """Responds to every POST with 200 and records its arrival."""

    arrivals: list[float]
    _buffer: bytes = b""
    _transport: asyncio.Transport | None = field(default=None)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while (end := self._buffer.find(b"\r\n\r\n")) >= 0:
            head = self._buffer[:end].lower()
            length = int(head.partition(b"content-length: ")[2].partition(b"\r\n")[0])
            if len(self._buffer) < end + 4 + length:
                return
            self._buffer = self._buffer[end + 4 + length :]
            self.arrivals.append(time.monotonic())
            assert self._transport
            self._transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")


@dataclass(frozen=True)
class Figure:
    """A row of the table."""

    database: str
    others: int
    rate: float
    cpu_ms: float


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.webhooks", description=__doc__)
    parser.add_argument("--events", type=int, default=3000)
    events = parser.parse_args().events
    figures = [figure for url in ("", "postgresql") for figure in _measure_database(url, events)]
    print("| database | other subscriptions | events per second | worker's cpu ms per event |")
    print("|---|---|---|---|")
    for one in figures:
        print(f"| {one.database} | {one.others:,} | {one.rate:,.0f} | {one.cpu_ms:.2f} |")
    met = "met" if all(one.rate >= _TARGET for one in figures) else "MISSED"
    print(f"\nTarget: at least {_TARGET} per second in every row: {met}.")


def _measure_database(engine: str, events: int) -> list[Figure]:
    with contextlib.ExitStack() as stack:
        url = ""
        if engine:
            try:
                url = stack.enter_context(postgresql.running_server())
            except postgresql.ProgramMissing as problem:
                print(f"PostgreSQL is skipped: {problem}", file=sys.stderr)
                return []
        found = []
        for number, others in enumerate(_OTHER_SUBSCRIPTIONS):
            folder = Path(
                stack.enter_context(tempfile.TemporaryDirectory(prefix="chatsite-bench-"))
            )
            own = {"DATABASE_URL": _new_database(url, number)} if url else {}
            found.append(asyncio.run(_measure(folder, own, others, events)))
        return found


def _new_database(url: str, number: int) -> str:
    name = f"bench{number}"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    return f"{url.rpartition('/')[0]}/{name}"


async def _measure(folder: Path, database: dict[str, str], others: int, events: int) -> Figure:
    name = "PostgreSQL" if database else "SQLite"
    print(f"... {name}, {others:,} other subscriptions", file=sys.stderr, flush=True)
    environment = development_environment(folder, *free_ports(2, None)) | database
    arrivals: list[float] = []
    async with _listening(arrivals) as url:
        await asyncio.to_thread(
            run_module, "bench.webhook_seed", environment, str(events), str(others), url
        )
        worker_core, own_core = cores()
        pin(own_core)
        worker = _start_worker(environment, worker_core)
        try:
            deadline = time.monotonic() + _TIMEOUT_S
            while len(arrivals) < events:
                await asyncio.sleep(0.02)
                if time.monotonic() > deadline or worker.poll() is not None:
                    sys.exit(f"The run failed: {len(arrivals)} of {events} events arrived.")
            used = processor_seconds(worker.pid)
        finally:
            worker.terminate()
            worker.wait(20)
    if len(arrivals) != events:
        sys.exit(f"The run failed: {len(arrivals)} instead of {events} events arrived.")
    rate = (events - 1) / (arrivals[-1] - arrivals[0])
    return Figure(name, others, rate, used * 1000 / events)


def _start_worker(environment: dict[str, str], core: int | None) -> "subprocess.Popen[bytes]":
    def prepare_process() -> None:
        pin(core)
        end_with_parent()

    return subprocess.Popen(
        [sys.executable, "manage.py", "worker"],
        cwd=CHECKOUT,
        env=environment,
        stdout=subprocess.DEVNULL,
        preexec_fn=prepare_process,  # noqa: PLW1509
    )


@contextlib.asynccontextmanager
async def _listening(arrivals: list[float]) -> AsyncIterator[str]:
    server = await asyncio.get_running_loop().create_server(lambda: Endpoint(arrivals), HOST, 0)
    async with server:
        yield f"http://{HOST}:{server.sockets[0].getsockname()[1]}/hook"


if __name__ == "__main__":
    main()
