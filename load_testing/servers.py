"""`manage.py serve` as a process with settings of its own."""

import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
START_SECONDS = 60.0
STOP_SECONDS = 20.0


def clean_environment(data: Path, **settings: str) -> dict[str, str]:
    """The caller's environment without its chatsite settings, and with these."""
    prefixes = ("CHATSITE_", "DJANGO_", "DATABASE_URL", "REDIS_URL", "PYTEST_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(prefixes)}
    # The server starts with an empty database unless a test is about the demo.
    own = {"CHATSITE_DATA": str(data), "PYTHONUNBUFFERED": "1", "CHATSITE_DEMO": "0"}
    return kept | own | settings


def restore_interrupts() -> None:
    """For a new process: runs in the background ignore Ctrl-C, and so would their children."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def start(environment: dict[str, str], log: Path) -> "subprocess.Popen[bytes]":
    """Start `manage.py serve`, with its output in the log file."""
    with log.open("wb") as output:
        return subprocess.Popen(
            [sys.executable, "manage.py", "serve"],
            cwd=CHECKOUT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            preexec_fn=restore_interrupts,
        )


def wait_until_ready(process: "subprocess.Popen[bytes]", http_url: str, log: Path) -> None:
    """Return when the server has answered a request. Raises RuntimeError if it does not."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"The server exited during startup:\n{log.read_text()}")
        try:
            urllib.request.urlopen(f"{http_url}/admin/login/", timeout=5).close()
            return
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.05)
    process.kill()
    raise RuntimeError(f"The server did not start within {START_SECONDS} s:\n{log.read_text()}")


def stop(process: "subprocess.Popen[bytes]") -> int:
    """Ask the server to stop, and return its exit code."""
    process.send_signal(signal.SIGTERM)
    try:
        return process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        raise
