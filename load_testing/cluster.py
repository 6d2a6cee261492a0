"""Server processes that may be killed: two sharing PostgreSQL and Redis, or one on SQLite."""

from __future__ import annotations

import contextlib
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import redis

from load_testing.clients import Site
from load_testing.ports import free_port
from load_testing.servers import clean_environment, start, stop, wait_until_ready


class ProgramMissing(RuntimeError):
    """A program is not installed."""


class Redis:
    """A Redis that can be stopped and started again on its port."""

    def __init__(self, program: str) -> None:
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self._program = program
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, and return when it answers."""
        options = ["--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        self._process = subprocess.Popen(
            [self._program, "--port", str(self.port), *options], stdout=subprocess.DEVNULL
        )
        with redis.Redis(port=self.port) as client:
            for _ in range(200):
                with contextlib.suppress(redis.ConnectionError):
                    client.ping()
                    return
                time.sleep(0.05)
        raise RuntimeError("redis-server did not answer within 10 s")

    def stop(self) -> None:
        """Kill it; its data is lost."""
        if self._process:
            self._process.kill()
            self._process.wait(10)


@dataclass
class Node:
    """A server process."""

    environment: dict[str, str]
    log: Path
    site: Site
    process: subprocess.Popen[bytes]

    def restart(self) -> None:
        """Start it again after it has ended."""
        self.process = start(self.environment, self.log)
        wait_until_ready(self.process, self.site.url, self.log)

    def kill(self) -> None:
        """End it as a crash would."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(10)


@dataclass
class Cluster:
    """Two server processes and the Redis between them, or one process without Redis."""

    nodes: list[Node]
    redis: Redis | None = None


@contextlib.contextmanager
def running_cluster(folder: Path, database_url: str) -> Iterator[Cluster]:
    """Two server processes with their data in `folder`. Raises ProgramMissing without Redis."""
    program = shutil.which("redis-server")
    if not program:
        raise ProgramMissing("redis-server is not installed (apt-get install redis-server)")
    broker = Redis(program)
    broker.start()
    cluster = Cluster([], broker)
    try:
        for number in range(2):
            node = _start_node(
                folder,
                number,
                DATABASE_URL=database_url,
                REDIS_URL=broker.url,
                CHATSITE_SECRET_KEY="the same for all processes " * 3,
            )
            cluster.nodes.append(node)
        yield cluster
    finally:
        _stop_nodes(cluster)
        broker.stop()


@contextlib.contextmanager
def running_single(folder: Path) -> Iterator[Cluster]:
    """One server process on SQLite, with its data in `folder`."""
    cluster = Cluster([_start_node(folder, 0)])
    try:
        yield cluster
    finally:
        _stop_nodes(cluster)


def _stop_nodes(cluster: Cluster) -> None:
    for node in cluster.nodes:
        if node.process.poll() is None:
            stop(node.process)


def _start_node(folder: Path, number: int, **settings: str) -> Node:
    port = free_port()
    environment = clean_environment(
        folder / "data",
        CHATSITE_PORT=str(port),
        CHATSITE_TLS_PORT=str(free_port()),
        CHATSITE_EMBEDDED_WORKER="0",
        **settings,
    )
    log = folder / f"{number}.log"
    process = start(environment, log)
    url = f"http://localhost:{port}"
    wait_until_ready(process, url, log)
    return Node(environment, log, Site(url, _access_key(log)), process)


def _access_key(log: Path) -> str:
    """The access key in a server's welcome; running `manage.py` would take a second longer."""
    for _ in range(100):
        found = re.search(r"accesskey=(\S+)", log.read_text("utf-8"))
        if found:
            return found[1]
        time.sleep(0.05)
    raise RuntimeError(f"The server did not print its access key:\n{log.read_text('utf-8')}")
