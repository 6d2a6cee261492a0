"""Server processes that may be killed: two on one PostgreSQL and one Redis, or one on SQLite."""

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

from tests.live.clients import Site
from tests.ports import free_port
from tests.server import clean_environment, start, stop, wait_until_ready


class Missing(RuntimeError):
    """The machine lacks a program."""


class Redis:
    """A Redis that can be stopped and started again on its port."""

    def __init__(self, program: str) -> None:
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self._program = program
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Returns when it answers."""
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
        raise RuntimeError("redis-server does not answer")

    def stop(self) -> None:
        """Ends it, with whatever it held."""
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
        """Starts it again after it was ended."""
        self.process = start(self.environment, self.log)
        wait_until_ready(self.process, self.site.url, self.log)

    def kill(self) -> None:
        """As a crash does."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(10)


@dataclass
class Cluster:
    """Two processes and the Redis between them; or one without."""

    nodes: list[Node]
    redis: Redis | None = None


@contextlib.contextmanager
def running_cluster(folder: Path, database_url: str) -> Iterator[Cluster]:
    """Two processes, with their data in `folder`; ends whatever is left of them."""
    program = shutil.which("redis-server")
    if not program:
        raise Missing("redis-server is not installed (apt-get install redis-server)")
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
def running_alone(folder: Path) -> Iterator[Cluster]:
    """One process on SQLite, with its data in `folder`; ends it."""
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
    """What a server says about itself when it starts; to ask `manage.py` takes a second more."""
    for _ in range(100):
        found = re.search(r"accesskey=(\S+)", log.read_text("utf-8"))
        if found:
            return found[1]
        time.sleep(0.05)
    raise RuntimeError(f"the server did not tell its access key:\n{log.read_text('utf-8')}")
