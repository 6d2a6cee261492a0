"""Worker processes on the database of the running test."""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from django.db import connection

from load_testing.servers import CHECKOUT, clean_environment
from tests.waiting import wait_until


def environment(folder: Path) -> dict[str, str]:
    """The settings of a process that uses the test's database."""
    name = connection.settings_dict["NAME"]
    if connection.vendor == "sqlite":
        url = f"sqlite:///{name}"
    else:
        url = f"{os.environ['DATABASE_URL'].rpartition('/')[0]}/{name}"
    return clean_environment(folder / "data", DATABASE_URL=url)


def start_worker(folder: Path) -> "subprocess.Popen[bytes]":
    """`manage.py worker`; what it prints goes to worker.log in the folder."""
    with (folder / "worker.log").open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "manage.py", "worker"],
            cwd=CHECKOUT,
            env=environment(folder),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )


@contextlib.contextmanager
def workers(folder: Path, count: int) -> Iterator[list["subprocess.Popen[bytes]"]]:
    """So many workers, which run from the beginning; SIGTERM must end each with exit code 0."""
    before = _count_ready(folder)
    running = [start_worker(folder) for _ in range(count)]
    try:
        # Whoever has not yet said so does not hear SIGTERM either, but dies of it.
        wait_until(
            lambda: (
                _count_ready(folder) == before + count
                or any(each.poll() is not None for each in running)
            )
        )
        yield running
    finally:
        for process in running:
            process.send_signal(signal.SIGTERM)
        codes = [process.wait(20) for process in running]
    assert codes == [0] * count, (folder / "worker.log").read_text()


def _count_ready(folder: Path) -> int:
    log = folder / "worker.log"
    return log.read_text().count("The worker is running.") if log.exists() else 0
