"""A temporary PostgreSQL server for one run: created, started, stopped and deleted."""

import contextlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from load_testing.ports import free_port

PROGRAMS = Path("/usr/lib/postgresql")


class ProgramMissing(RuntimeError):
    """A server program of PostgreSQL is not installed."""


def program(name: str) -> str:
    """The path of a server program: of the newest installed version, or on PATH."""
    installed = sorted(
        PROGRAMS.glob(f"*/bin/{name}"), key=lambda path: float(path.parts[-3]), reverse=True
    )
    found = str(installed[0]) if installed else shutil.which(name)
    if not found:
        raise ProgramMissing(f"{name} is not installed (apt-get install postgresql)")
    return found


@contextlib.contextmanager
def running_server(*, durable: bool = False) -> Iterator[str]:
    """Run a server while the context lasts. Yields its DATABASE_URL.

    Unless it is `durable`, it does not wait for the disk, which makes tests faster.
    """
    folder = Path(tempfile.mkdtemp(prefix="chatsite-postgresql-"))
    port = free_port()
    data = folder / "data"
    if os.geteuid() == 0:
        # The server refuses to run as root.
        shutil.chown(folder, "postgres", "postgres")
    settings = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1 -c max_connections=200"
    if not durable:
        settings += " -c fsync=off -c synchronous_commit=off -c full_page_writes=off"
    control = [program("pg_ctl"), "-D", str(data)]
    try:
        _run([program("initdb"), "-D", str(data), "-U", "chatsite", "-A", "trust", "-E", "UTF8"])
        _run([*control, "-w", "-o", settings, "-l", f"{folder}/log", "start"])
        try:
            yield f"postgresql://chatsite@127.0.0.1:{port}/postgres"
        finally:
            _run([*control, "-m", "immediate", "stop"])
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _run(command: Sequence[str]) -> None:
    as_user = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    finished = subprocess.run(
        [*as_user, *command],
        cwd="/",
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=60,
    )
    if finished.returncode:
        raise RuntimeError(f"{command[0]} failed:\n{finished.stdout}")
