"""Recognizers in a process of their own; the server's side of host.py."""

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

from cognitive.abilities import EngineBusy, EngineUnavailable, Recognition, RecognizedPhrase

logger = logging.getLogger(__name__)

# Time limit for the first response, which includes loading a model on a busy machine.
START_SECONDS = 60.0
# Time limit for two seconds of audio; after it the process is killed.
RESPONSE_SECONDS = 60.0
# Audio per request. It must fit into the socket's buffer, so that sending does not block.
MAX_REQUEST_BYTES = 64 * 1000
_CHECKOUT = Path(__file__).resolve().parent.parent.parent


class HostedRecognizer:
    """Starts the process at the first stream, and again after it has ended.

    `path` is the dotted path of the recognizer class that the process instantiates, and
    `environment` is added to its environment. Django's settings are not available there.
    """

    name: str

    def __init__(self, path: str, environment: dict[str, str] | None = None) -> None:
        self._path, self._environment = path, environment or {}
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None
        _instances.add(self)

    def open(self, language: str, rate_hz: int) -> Recognition:
        """Starts a stream. Raises EngineUnavailable, EngineBusy."""
        wanted = json.dumps({"language": language, "rateHz": rate_hz}).encode()
        try:
            return self._open(wanted)
        except _Ended:
            # It may just have crashed, or exited because it was idle.
            return self._open(wanted)

    def _open(self, wanted: bytes) -> Recognition:
        connection, process = self._connect()
        try:
            return HostedRecognition(connection, wanted, self.end_process)
        except _Ended:
            # It has closed its end and is about to exit.
            self._kill(process)
            raise

    def end_process(self) -> None:
        """Kills the process and thereby all its streams; the next stream starts it again."""
        process = self._process
        if process is not None:
            self._kill(process)

    def _kill(self, process: "subprocess.Popen[bytes]") -> None:
        with self._lock:
            process.kill()
            process.wait()
            # Another process may have been started meanwhile.
            if self._process is process:
                self._process = None
                if self._control is not None:
                    self._control.close()
                    self._control = None

    def _connect(self) -> "tuple[Connection[Any, Any], subprocess.Popen[bytes]]":
        """A connection for a new stream, and the process."""
        with self._lock:
            if self._process is None or self._process.poll() is not None:
                self._process = self._start()
            assert self._control is not None
            ours, theirs = socket.socketpair()
            with theirs:
                # If the process is gone, the first request on the connection fails.
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
                # Native code may print transcripts.
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )


_instances: "weakref.WeakSet[HostedRecognizer]" = weakref.WeakSet()


def end_processes() -> None:
    """Kills the processes of all recognizers; their streams fail at once."""
    for recognizer in list(_instances):
        recognizer.end_process()


class _Ended(EngineUnavailable):
    """The process has exited."""


class HostedRecognition:
    """A stream in the recognizer process."""

    def __init__(
        self, connection: "Connection[Any, Any]", wanted: bytes, on_timeout: Callable[[], None]
    ) -> None:
        self._connection = connection
        self._on_timeout = on_timeout
        try:
            self._request(wanted, START_SECONDS)
        except BaseException:
            self.close()
            raise

    def feed(self, pcm: bytes) -> list[RecognizedPhrase]:
        """Processes more audio. Raises EngineUnavailable if the process crashes or hangs."""
        results = []
        for start in range(0, len(pcm), MAX_REQUEST_BYTES):
            results += self._request(
                b"A" + pcm[start : start + MAX_REQUEST_BYTES], RESPONSE_SECONDS
            )
        return results

    def finish(self) -> list[RecognizedPhrase]:
        """Returns the remaining results. Raises EngineUnavailable."""
        return self._request(b"F", RESPONSE_SECONDS)

    def close(self) -> None:
        """Closes the connection, which ends the stream in the process."""
        with contextlib.suppress(OSError):
            self._connection.close()

    def _request(self, message: bytes, seconds: float) -> list[RecognizedPhrase]:
        try:
            self._connection.send_bytes(message)
            if not self._connection.poll(seconds):
                self._on_timeout()
                raise EngineUnavailable(
                    f"The recognizer did not respond within {seconds:.0f} seconds."
                )
            response = json.loads(self._connection.recv_bytes())
        except (EOFError, OSError):
            raise _Ended("The recognizer process has exited.") from None
        if "busy" in response:
            raise EngineBusy(response["busy"])
        if "unavailable" in response:
            raise EngineUnavailable(response["unavailable"])
        return [RecognizedPhrase(*row) for row in response["results"]]
