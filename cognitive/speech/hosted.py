"""Recognizers that run in a process of their own; the server's side of host.py."""

import contextlib
import json
import logging
import os
import socket
import subprocess
import sys
import threading
import weakref
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from cognitive.abilities import EngineBusy, EngineUnavailable, Heard, Recognition

logger = logging.getLogger(__name__)

# Loading a model, on a machine that is busy.
START_SECONDS = 60.0
# For two seconds of sound; a process that takes longer is taken for stuck and ended.
ANSWER_SECONDS = 60.0
# What is given to the engine in one piece. Less than a socket takes without anybody reading.
MOST_BYTES = 64 * 1000
_CHECKOUT = Path(__file__).resolve().parent.parent.parent


class HostedRecognizer:
    """Starts the process at the first stream, and anew when it has ended.

    `path` is the dotted path of a recognizer class, which is made there, with `environment` beside
    the server's own. Its module may import Django's settings but finds none.
    """

    name: str

    def __init__(self, path: str, environment: dict[str, str] | None = None) -> None:
        self._path, self._environment = path, environment or {}
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None
        _all.add(self)

    def open(self, language: str, rate_hz: int) -> Recognition:
        """A stream of the process. Raises EngineUnavailable and EngineBusy."""
        wanted = json.dumps({"language": language, "rateHz": rate_hz}).encode()
        try:
            return self._open(wanted)
        except _Ended:
            # It may have crashed, or gone to sleep, just now.
            return self._open(wanted)

    def _open(self, wanted: bytes) -> Recognition:
        connection, process = self._connect()
        try:
            return HostedRecognition(connection, wanted, self.end_process)
        except _Ended:
            # It has closed its end and is all but gone.
            self._see_off(process)
            raise

    def end_process(self) -> None:
        """Ends the process and all its streams; the next one starts it anew."""
        process = self._process
        if process is not None:
            self._see_off(process)

    def _see_off(self, process: "subprocess.Popen[bytes]") -> None:
        with self._lock:
            process.kill()
            process.wait()
            # Another one may have been started meanwhile.
            if self._process is process:
                self._process = None
                if self._control is not None:
                    self._control.close()
                    self._control = None

    def _connect(self) -> "tuple[Connection[Any, Any], subprocess.Popen[bytes]]":
        """A connection for one stream, and the process at its other end."""
        with self._lock:
            if self._process is None or self._process.poll() is not None:
                self._process = self._start()
            assert self._control is not None
            ours, theirs = socket.socketpair()
            with theirs:
                # Where nobody reads any more, the first question gets no answer.
                with contextlib.suppress(OSError):
                    socket.send_fds(self._control, [b"+"], [theirs.fileno()])
            return Connection(ours.detach()), self._process

    def _start(self) -> "subprocess.Popen[bytes]":
        if self._control is not None:
            self._control.close()
        self._control, theirs = socket.socketpair()
        with theirs:
            arguments = ["-m", "cognitive.speech.host", str(theirs.fileno()), self._path]
            return subprocess.Popen(  # noqa: S603
                [sys.executable, *arguments],
                cwd=_CHECKOUT,
                env=os.environ | self._environment,
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                # Native code may print what it understood.
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )


_all: "weakref.WeakSet[HostedRecognizer]" = weakref.WeakSet()


def end_processes() -> None:
    """Ends all of them; their streams fail at once."""
    for recognizer in list(_all):
        recognizer.end_process()


class _Ended(EngineUnavailable):
    """The process is not there any more."""


class HostedRecognition:
    """A stream in the other process."""

    def __init__(
        self, connection: "Connection[Any, Any]", wanted: bytes, give_up: Callable[[], None]
    ) -> None:
        self._connection = connection
        self._give_up = give_up
        try:
            self._ask(wanted, START_SECONDS)
        except BaseException:
            self.close()
            raise

    def feed(self, pcm: bytes) -> list[Heard]:
        """Takes more sound. Raises EngineUnavailable when the process crashed or is stuck."""
        heard = []
        for start in range(0, len(pcm), MOST_BYTES):
            heard += self._ask(b"A" + pcm[start : start + MOST_BYTES], ANSWER_SECONDS)
        return heard

    def finish(self) -> list[Heard]:
        """The rest of what was said. Raises EngineUnavailable."""
        return self._ask(b"F", ANSWER_SECONDS)

    def close(self) -> None:
        """Tells the process that nobody listens any more."""
        with contextlib.suppress(OSError):
            self._connection.close()

    def _ask(self, message: bytes, seconds: float) -> list[Heard]:
        try:
            self._connection.send_bytes(message)
            if not self._connection.poll(seconds):
                self._give_up()
                raise EngineUnavailable(f"It did not answer within {seconds:.0f} seconds.")
            answer = json.loads(self._connection.recv_bytes())
        except (EOFError, OSError):
            raise _Ended("Its process has ended.") from None
        if "busy" in answer:
            raise EngineBusy(answer["busy"])
        if "unavailable" in answer:
            raise EngineUnavailable(answer["unavailable"])
        return [Heard(*row) for row in answer["heard"]]
