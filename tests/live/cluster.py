"""Two server processes on one PostgreSQL and one Redis, each of which may be killed."""

from __future__ import annotations

import contextlib
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
from tests.server import clean_environment, manage, start, stop, wait_until_ready


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
    """Two processes and what they share."""

    nodes: list[Node]
    redis: Redis


@contextlib.contextmanager
def running_cluster(folder: Path, database_url: str) -> Iterator[Cluster]:
    """Starts it with its data in `folder`; ends whatever is left of it."""
    program = shutil.which("redis-server")
    if not program:
        raise Missing("redis-server is not installed (apt-get install redis-server)")
    broker = Redis(program)
    broker.start()
    nodes: list[Node] = []
    try:
        for number in range(2):
            nodes.append(_start_node(folder, number, database_url, broker.url))
        yield Cluster(nodes, broker)
    finally:
        for node in nodes:
            if node.process.poll() is None:
                stop(node.process)
        broker.stop()


def _start_node(folder: Path, number: int, database_url: str, redis_url: str) -> Node:
    port = free_port()
    environment = clean_environment(
        folder / "data",
        DATABASE_URL=database_url,
        REDIS_URL=redis_url,
        CHATSITE_SECRET_KEY="the same for all processes " * 3,
        CHATSITE_PORT=str(port),
        CHATSITE_TLS_PORT=str(free_port()),
        CHATSITE_EMBEDDED_WORKER="0",
    )
    log = folder / f"{number}.log"
    process = start(environment, log)
    url = f"http://localhost:{port}"
    wait_until_ready(process, url, log)
    key = manage(environment, "connection_string").strip().partition("accesskey=")[2]
    return Node(environment, log, Site(url, key), process)
