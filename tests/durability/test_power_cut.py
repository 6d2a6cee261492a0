"""Acknowledged messages survive a power cut with `CHATSITE_SQLITE_SYNC=full`.

A power cut leaves the files as they are at one moment, minus what the system had not yet written
to the disk. Two tests together show that nothing acknowledged is lost:

- The files at one moment: the database and its write-ahead log are copied during a load, and the
  copies are opened in a new folder. The process is stopped for the copy, so that the moment is the
  same for both files; or it runs on, and then a copy during which a checkpoint moved pages from the
  log into the database is discarded, because the files never were in that state.
- Minus what was not on the disk: a copy has pages that are only in the system's cache, and how much
  of the log's end a power cut would take cannot be known from outside. Cutting the copied log at a
  random length would also cut what was on the disk. So the system calls are recorded instead:
  before each acknowledgment, the log must have been synced after the last write to it.
"""

import asyncio
import contextlib
import random
import re
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from load_testing.clients import Site
from tests.durability.senders import DATABASE, LOG, Senders, assert_complete, copy_files
from tests.server import Server, running_server

pytestmark = pytest.mark.timeout(300)

COPIES = 12
ORDERS = {"log first": (LOG, DATABASE), "database first": (DATABASE, LOG)}


@pytest.fixture
def full_server(tmp_path: Path) -> Iterator[Server]:
    """A server on SQLite with the short path and the default durability."""
    environment = {"DATABASE_URL": ""}
    with running_server(tmp_path / "data", CHATSITE_SHORT_PATH="1", **environment) as server:
        yield server


def _checkpoints(data: Path) -> tuple[int, bytes]:
    """Changes with every checkpoint: the database's last change, and the header of the log."""
    with (data / LOG).open("rb") as log:
        return (data / DATABASE).stat().st_mtime_ns, log.read(32)


def copy_of_stopped(server: Server, to: Path, order: tuple[str, ...]) -> bool:
    """Copies the files while the process is stopped."""
    server.process.send_signal(signal.SIGSTOP)
    try:
        copy_files(server.data, to, order)
    finally:
        server.process.send_signal(signal.SIGCONT)
    return True


def copy_of_running(server: Server, to: Path, order: tuple[str, ...]) -> bool:
    """Copies the files of a running process; False if a checkpoint happened meanwhile."""
    before = _checkpoints(server.data)
    copy_files(server.data, to, order)
    return _checkpoints(server.data) == before


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("copy", [copy_of_stopped, copy_of_running])
async def test_a_copy_has_every_message_acknowledged_before(
    full_server: Server,
    tmp_path: Path,
    copy: Callable[[Server, Path, tuple[str, ...]], bool],
    order: str,
) -> None:
    good = 0
    async with Senders.sending(Site.of(full_server), 8) as senders:
        for number in range(COPIES * 3):
            await senders.more(random.randint(1, 80))
            acknowledged, folder = set(senders.acknowledged), tmp_path / f"copy-{number}"
            # In a thread, so that the senders continue.
            if await asyncio.to_thread(copy, full_server, folder, ORDERS[order]):
                stored = await asyncio.to_thread(assert_complete, folder, acknowledged)
                assert stored >= len(acknowledged)
                good += 1
            shutil.rmtree(folder)
            if good == COPIES:
                break
    assert good == COPIES


# --- the order of system calls --------------------------------------------------------------------

# `12345 pwrite64(17</data/chatsite.sqlite3-wal>, ...`, or the second half of an interrupted call.
_CALL = re.compile(r"(\d+) +(?:(\w+)\((\d+)<([^>]*)>|<\.\.\. (\w+) resumed>)(.*)")
SYNCS, WRITES = {"fsync", "fdatasync"}, {"pwrite64", "write", "sendto", "sendmsg", "writev"}


@contextlib.contextmanager
def _traced(server: Server, to: Path) -> Iterator[None]:
    """Records the system calls of a server, or skips the test."""
    if not shutil.which("strace"):
        pytest.skip("strace is not installed (apt-get install strace)")
    calls = ",".join(sorted(SYNCS | WRITES))
    arguments = ["strace", "-f", "-y", "-s", "20", "-e", f"trace={calls}", "-o", str(to)]
    process = subprocess.Popen(
        [*arguments, "-p", str(server.process.pid)], stderr=subprocess.PIPE, text=True
    )
    try:
        assert process.stderr is not None
        said = process.stderr.readline()
        if "attached" not in said:
            pytest.skip(f"strace may not trace the server: {said}")
        yield
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(20)


def acknowledged_before_sync(trace: str) -> tuple[int, int]:
    """Counts acknowledgments, and those before which the log was not synced, in strace's output.

    Only one client may have sent: then no thread writes to the log between a sync and its answer.
    """
    unsynced: dict[str, bool] = {}
    running: dict[str, str] = {}
    acknowledgments = early = 0
    synced_since = False
    for line in trace.splitlines():
        found = _CALL.match(line)
        if found is None:
            continue
        thread, call, _, file, resumed, rest = found.groups()
        if resumed:
            call, file = resumed, running.pop(thread, "")
        elif "<unfinished" in rest:
            running[thread] = file
            if call in SYNCS:
                continue
        if file.endswith("-wal"):
            unsynced[thread] = call in WRITES
            synced_since |= call in SYNCS and rest.rstrip().endswith("= 0")
        elif '"HTTP/1.1 201' in rest:
            acknowledgments += 1
            early += not synced_since or any(unsynced.values())
            synced_since = False
    return acknowledgments, early


async def test_the_log_is_synced_before_each_acknowledgment(
    full_server: Server, tmp_path: Path
) -> None:
    trace = tmp_path / "trace"
    async with Senders.sending(Site.of(full_server), 1) as senders:
        await senders.more(5)
        with _traced(full_server, trace):
            await senders.more(50)
    acknowledgments, early = acknowledged_before_sync(trace.read_text())
    assert acknowledgments >= 40
    assert early == 0


TRACE = """\
7 pwrite64(17</d/chatsite.sqlite3-wal>, "x", 24, 0) = 24
{sync}
8 sendto(9<socket:[5]>, "HTTP/1.1 201 Created"..., 100, 0, NULL, 0) = 100
"""
SYNC = "7 fdatasync(17</d/chatsite.sqlite3-wal>) = 0"
INTERRUPTED = "7 fdatasync(17</d/chatsite.sqlite3-wal> <unfinished ...>"


@pytest.mark.parametrize(
    ("sync", "early"),
    [
        (SYNC, 0),
        ("", 1),
        (SYNC.replace("-wal", ""), 1),
        (SYNC.replace("= 0", "= -1 EIO"), 1),
        (INTERRUPTED, 1),
        (f"{INTERRUPTED}\n7 <... fdatasync resumed>) = 0", 0),
    ],
)
def test_an_acknowledgment_before_the_sync_is_found(sync: str, early: int) -> None:
    assert acknowledged_before_sync(TRACE.format(sync=sync)) == (1, early)
