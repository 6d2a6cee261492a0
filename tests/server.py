"""Real servers for tests: `manage.py serve` as a process, with its own data folder and ports."""

import contextlib
import os
import re
import shutil
import ssl
import subprocess
import sys
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from load_testing.ports import free_port
from load_testing.servers import (
    CHECKOUT,
    START_SECONDS,
    clean_environment,
    start,
    stop,
    wait_until_ready,
)

DATABASE = "chatsite.sqlite3"


@dataclass(frozen=True)
class Server:
    """A running server. The URLs have no slash at their end; `log` holds all it has printed."""

    https_url: str
    http_url: str
    ca_file: Path
    data: Path
    log: Path
    environment: dict[str, str]
    process: "subprocess.Popen[bytes]"

    @cached_property
    def connection_string(self) -> str:
        """What SDKs are given: the server says it when it starts, except in production."""
        said = re.search(r"^  (endpoint=\S+)$", self.log.read_text(), re.MULTILINE)
        return said[1] if said else self.manage("connection_string").strip()

    def manage(self, *arguments: str) -> str:
        """What `manage.py` prints when it runs beside this server."""
        return manage(self.environment, *arguments)

    def trust(self) -> ssl.SSLContext:
        """A client's TLS settings that trust this server's CA and nothing else."""
        return ssl.create_default_context(cafile=self.ca_file)


def manage(environment: dict[str, str], *arguments: str) -> str:
    """Run `manage.py` to its end and return what it printed; its complaints fail the test."""
    finished = run_manage(environment, *arguments)
    assert finished.returncode == 0, finished.stderr
    return finished.stdout


def run_manage(
    environment: dict[str, str], *arguments: str, seconds: float = START_SECONDS
) -> "subprocess.CompletedProcess[str]":
    """Run `manage.py` to its end, whatever that is."""
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=CHECKOUT,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=seconds,
    )


@contextlib.contextmanager
def running_server(data: Path, **settings: str) -> Iterator[Server]:
    """Serve with these settings while the context lasts; SIGTERM must end it with exit code 0.

    A new data folder gets a database with empty tables, which saves the server the migrations.
    """
    ports = {"CHATSITE_PORT": str(free_port()), "CHATSITE_TLS_PORT": str(free_port())}
    if not data.exists() and "DATABASE_URL" not in os.environ | settings:
        data.mkdir(mode=0o700)
        shutil.copy(_migrated() / DATABASE, data)
    with fresh_database() as database:
        environment = clean_environment(data, **{**database, **ports, **settings})
        log = data.parent / f"{data.name}.log"
        process = start(environment, log)
        http_url = f"http://localhost:{environment['CHATSITE_PORT']}"
        try:
            wait_until_ready(process, http_url, log)
            yield Server(
                https_url=f"https://localhost:{environment['CHATSITE_TLS_PORT']}",
                http_url=http_url,
                ca_file=data / "ca.pem",
                data=data,
                log=log,
                environment=environment,
                process=process,
            )
        finally:
            exit_code = stop(process)
        assert exit_code == 0, log.read_text()


@cache
def _migrated() -> Path:
    """A data folder with empty tables; all servers of this process begin as copies of it."""
    data = Path(os.environ["CHATSITE_DATA"]) / f"migrated-{os.getpid()}"
    manage(clean_environment(data), "migrate", "--verbosity=0")
    return data


@contextlib.contextmanager
def fresh_database() -> Iterator[dict[str, str]]:
    """Settings of an empty database on the engine of this test run."""
    url = os.environ.get("DATABASE_URL")
    if not url:
        yield {}
        return
    name = f"server_{uuid.uuid4().hex}"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    yield {"DATABASE_URL": f"{url.rpartition('/')[0]}/{name}"}


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server with the default settings, shared by all tests that do not change it."""
    with running_server(tmp_path_factory.mktemp("server") / "data") as running:
        yield running
