"""Running a program with a text as its input, for engines that are programs."""

import contextlib
import os
import shutil
import signal
import subprocess
from collections.abc import Sequence

from cognitive.abilities import EngineUnavailable

# Engines are in nobody's way: chat comes first.
_NICE = ["-n", "10"]


def run(arguments: Sequence[str], text: str, *, seconds: float) -> str:
    """What a program writes when it is given `text`; both are UTF-8. No shell is involved.

    Raises EngineUnavailable when it is not there, fails, or takes longer than `seconds`; then all
    that it started is ended too.
    """
    nice = shutil.which("nice")
    command = [nice, *_NICE, *arguments] if nice else list(arguments)
    name = os.path.basename(arguments[0])
    try:
        process = subprocess.Popen(  # noqa: S603 - the callers name programs of their own
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "LC_ALL": "C.UTF-8"},
            # A group of its own: these programs start others, which must not be left behind.
            start_new_session=True,
        )
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
        raise EngineUnavailable(f"{name} ended with code {process.returncode}.")
    return output.decode(errors="replace")
