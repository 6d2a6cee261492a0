"""Runs a program with a text as its input, for engines that are programs."""

import contextlib
import os
import shutil
import signal
import subprocess
from collections.abc import Sequence

from cognitive.abilities import EngineUnavailable

# Low priority, so that the chat is not slowed down.
_NICE = ["-n", "10"]


def run(arguments: Sequence[str], text: str, *, seconds: float) -> str:
    """Runs a program, without a shell, and returns its output for the input `text` (UTF-8).

    Raises EngineUnavailable if it does not exist, fails, or takes longer than `seconds`; then its
    child processes are killed too.
    """
    name = os.path.basename(arguments[0])
    try:
        process = _start(arguments)
    except OSError as problem:
        raise EngineUnavailable(f"{name} cannot be started ({problem.strerror}).") from None
    with process:
        try:
            output, _ = process.communicate(text.encode(), timeout=seconds)
        except subprocess.TimeoutExpired:
            raise EngineUnavailable(f"{name} took longer than {seconds:g} s.") from None
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
    if process.returncode:
        raise EngineUnavailable(f"{name} exited with code {process.returncode}.")
    return output.decode(errors="replace")


def _start(arguments: Sequence[str]) -> "subprocess.Popen[bytes]":
    nice = shutil.which("nice")
    return subprocess.Popen(  # noqa: S603 - the callers name programs of their own
        [nice, *_NICE, *arguments] if nice else list(arguments),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "LC_ALL": "C.UTF-8"},
        # A process group of its own, so that its child processes can be killed too.
        start_new_session=True,
    )
