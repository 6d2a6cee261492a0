"""Real servers for tests: `manage.py serve` as a process, with its own data folder and ports."""

import contextlib
import os
import re
import shutil
import signal
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from tests.ports import free_port

DATABASE = "chatsite.sqlite3"
CHECKOUT = Path(__file__).resolve().parent.parent
START_SECONDS = 60.0
STOP_SECONDS = 20.0


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


def clean_environment(data: Path, **settings: str) -> dict[str, str]:
    """The caller's environment without its chatsite settings, and with these."""
    prefixes = ("CHATSITE_", "DJANGO_", "DATABASE_URL", "REDIS_URL", "PYTEST_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(prefixes)}
    # A server starts empty, unless a test is about the demo.
    own = {"CHATSITE_DATA": str(data), "PYTHONUNBUFFERED": "1", "CHATSITE_DEMO": "0"}
    return kept | own | settings


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
        environment = clean_environment(data, **database, **ports, **settings)
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


def hear_interrupts() -> None:
    """For a new process: a test run in the background ignores Ctrl-C, and so would its children."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def start(environment: dict[str, str], log: Path) -> "subprocess.Popen[bytes]":
    """Start `manage.py serve`; what it prints goes to the log file."""
    with log.open("wb") as output:
        return subprocess.Popen(
            [sys.executable, "manage.py", "serve"],
            cwd=CHECKOUT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            preexec_fn=hear_interrupts,
        )


def wait_until_ready(process: "subprocess.Popen[bytes]", http_url: str, log: Path) -> None:
    """Return when the server has answered a request."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"the server ended at its start:\n{log.read_text()}")
        try:
            urllib.request.urlopen(f"{http_url}/admin/login/", timeout=5).close()
            return
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.05)
    process.kill()
    raise RuntimeError(f"the server did not start in time:\n{log.read_text()}")


def stop(process: "subprocess.Popen[bytes]") -> int:
    """Ask the server to end and return its exit code."""
    process.send_signal(signal.SIGTERM)
    try:
        return process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        raise


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
