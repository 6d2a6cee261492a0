"""Starts chatsite and the bare application as processes, with data in a temporary folder."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench import bare_store
from bench.client import HOST
from bench.machine import end_with_parent, pin

CHECKOUT = Path(__file__).resolve().parent.parent
START_TIMEOUT = 60.0
STOP_TIMEOUT = 15.0
SEED_TIMEOUT = 120.0


@dataclass(frozen=True)
class Server:
    name: str
    port: int
    process: int


def free_ports(count: int, first: int | None) -> list[int]:
    """`count` ports from `first` on, or any free ones. Raises OSError if a port is in use."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for number, one in enumerate(sockets):
            # Binding fails if another server uses the port.
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            one.bind((HOST, first + number if first else 0))
        return [one.getsockname()[1] for one in sockets]


def chatsite_environment(folder: Path, port: int, tls_port: int) -> dict[str, str]:
    """The environment of a chatsite in production, without limits, with its data in `folder`.

    It is behind a proxy that terminates TLS: `bench.client` sends what a proxy would.
    It contains no settings of the calling shell, so that results do not depend on them.
    """
    return development_environment(folder, port, tls_port) | {
        "CHATSITE_ENV": "production",
        "CHATSITE_PUBLIC_URL": f"https://{HOST}",
        "CHATSITE_TRUST_PROXY": "1",
    }


def development_environment(folder: Path, port: int, tls_port: int) -> dict[str, str]:
    """The environment of a chatsite with default settings otherwise; see above."""
    mine = ("CHATSITE_", "DJANGO_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(mine)}
    for name in ("DATABASE_URL", "REDIS_URL"):
        kept.pop(name, None)
    return kept | {
        "CHATSITE_DATA": str(folder),
        "CHATSITE_HOST": HOST,
        "CHATSITE_PORT": str(port),
        "CHATSITE_TLS_PORT": str(tls_port),
        "CHATSITE_LIMITS": "open",
        "DJANGO_SETTINGS_MODULE": "chatsite.settings",
        "PYTHONHASHSEED": "0",
    }


def run_module(module: str, environment: Mapping[str, str], *arguments: str) -> str:
    """Runs a module in `environment`; returns its standard output."""
    return _run(["-m", module, *arguments], environment)


def _run(arguments: Sequence[str], environment: Mapping[str, str]) -> str:
    finished = subprocess.run(
        [sys.executable, *arguments],
        cwd=CHECKOUT,
        env=environment,
        timeout=SEED_TIMEOUT,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return finished.stdout


@contextlib.contextmanager
def start_bare(
    folder: Path, port: int, core: int | None, pragmas: Sequence[str]
) -> Iterator[Server]:
    """Runs the bare application with the database `bare.sqlite3` in `folder`."""
    with _bare("bench.bare:application", folder, port, core, pragmas) as server:
        yield server


@contextlib.contextmanager
def start_bare_live(
    folder: Path, port: int, core: int | None, pragmas: Sequence[str]
) -> Iterator[Server]:
    """Runs the bare application with live delivery; like `start_bare` otherwise."""
    with _bare("bench.bare_live:application", folder, port, core, pragmas) as server:
        yield server


@contextlib.contextmanager
def _bare(
    application: str, folder: Path, port: int, core: int | None, pragmas: Sequence[str]
) -> Iterator[Server]:
    environment = os.environ | {
        bare_store.DATABASE_VARIABLE: str(folder / "bare.sqlite3"),
        bare_store.PRAGMAS_VARIABLE: json.dumps(list(pragmas)),
        "PYTHONHASHSEED": "0",
    }
    daphne = ["-m", "daphne", "-v", "0", "-b", HOST, "-p", str(port), application]
    with _running("bare", daphne, environment, folder / "bare.log", port, core) as server:
        yield server


@contextlib.contextmanager
def start_chatsite(
    folder: Path,
    port: int,
    core: int | None,
    environment: Mapping[str, str],
    *,
    name: str = "chatsite",
) -> Iterator[Server]:
    """Runs `manage.py serve` in `environment`, with what a server in production needs."""
    collected = Path(environment["CHATSITE_DATA"]) / "static"
    if environment.get("CHATSITE_ENV") == "production" and not collected.exists():
        _run(["manage.py", "collectstatic", "--noinput", "--verbosity=0"], environment)
    serve = ["manage.py", "serve"]
    with _running(name, serve, environment, folder / f"{name}.log", port, core) as server:
        yield server


@contextlib.contextmanager
def _running(
    name: str,
    arguments: Sequence[str],
    environment: Mapping[str, str],
    log: Path,
    port: int,
    core: int | None,
) -> Iterator[Server]:
    with log.open("w") as output:
        process = subprocess.Popen(
            [sys.executable, *arguments],
            cwd=CHECKOUT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=lambda: _prepare_process(core),
        )
    try:
        _wait_until_listening(name, process, port)
        yield Server(name=name, port=port, process=process.pid)
    except Exception:
        print(f"--- end of {log.name}:\n{_tail(log)}", file=sys.stderr)
        raise
    finally:
        _stop(process)


def _prepare_process(core: int | None) -> None:
    pin(core)
    end_with_parent()


def _wait_until_listening(name: str, process: "subprocess.Popen[bytes]", port: int) -> None:
    deadline = time.monotonic() + START_TIMEOUT
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"{name} exited during startup")
        with contextlib.suppress(OSError), socket.create_connection((HOST, port), timeout=1):
            return
        time.sleep(0.05)
    raise RuntimeError(f"{name} did not start within {START_TIMEOUT:.0f} seconds")


def _tail(log: Path) -> str:
    return log.read_text(errors="replace")[-2000:]


def _stop(process: "subprocess.Popen[bytes]") -> None:
    """Terminates a server and its child processes; kills them if they do not exit."""
    for sign in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, sign)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(STOP_TIMEOUT)
