"""The process that runs a recognizer: `python -m cognitive.speech.host FD DOTTED.PATH`.

Recognition is native code that uses much CPU time. In a process of its own, with low priority and
not on the first core, it does not slow down the chat, and a crash affects nothing else. The server
(hosted.py) has the other end of the socket FD, and sends one connected socket per stream through
it. On these it sends requests one at a time; messages are prefixed with their length:

    {"language": "en", "rateHz": 16000}    the first request
    A and samples                          more audio
    F                                      end of the audio

The response is {"results": [[text, offset, duration, is_final], ...]}, or {"unavailable": reason},
or {"busy": reason}. The process exits when the server closes its end, and after IDLE_SECONDS
without a stream, which frees the memory of the models.
"""

import contextlib
import json
import os
import select
import signal
import socket
import sys
import threading
from importlib import import_module
from multiprocessing.connection import Connection
from typing import Any, cast

from cognitive.abilities import (
    EngineBusy,
    EngineUnavailable,
    Recognition,
    RecognizedPhrase,
    Recognizer,
)

NICENESS = 10
# Cores that are left to the chat. Low priority alone is not enough: about one message in a hundred
# would wait for this process to be preempted.
CORES_FOR_CHAT = 1
IDLE_SECONDS = 600.0


def main(descriptor: int, path: str) -> None:
    """Serves streams until the server closes its end of the socket, or none is open for a while."""
    _lower_priority()
    # A terminal sends Ctrl-C to all processes; the server decides when this one ends.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    control = socket.socket(fileno=descriptor)
    engine = _load(path)
    streams: list[threading.Thread] = []
    while True:
        streams = [stream for stream in streams if stream.is_alive()]
        if not select.select([control], [], [], IDLE_SECONDS)[0]:
            if streams:
                continue
            break
        message, descriptors, _, _ = socket.recv_fds(control, 1, 1)
        if not message:
            break
        for each in descriptors:
            stream = threading.Thread(target=_serve, args=(Connection(each), engine), daemon=True)
            stream.start()
            streams.append(stream)
    # A regular exit could crash native threads that are still running.
    os._exit(0)


def _lower_priority() -> None:
    """Lowers the priority and, on Linux, leaves cores to the chat."""
    os.nice(NICENESS)
    if hasattr(os, "sched_setaffinity"):
        others = sorted(os.sched_getaffinity(0))[CORES_FOR_CHAT:]
        if others:
            # Some sandboxes do not permit it.
            with contextlib.suppress(OSError):
                os.sched_setaffinity(0, others)


def _load(path: str) -> Recognizer | EngineUnavailable:
    module, _, name = path.rpartition(".")
    try:
        return cast(Recognizer, getattr(import_module(module), name)())
    except EngineUnavailable as problem:
        return problem
    except Exception as problem:
        return EngineUnavailable(
            f"The engine could not be loaded: {type(problem).__name__}: {problem}"
        )


def _serve(connection: "Connection[Any, Any]", engine: Recognizer | EngineUnavailable) -> None:
    recognition: Recognition | None = None
    try:
        wanted = json.loads(connection.recv_bytes())
        if isinstance(engine, EngineUnavailable):
            raise engine
        recognition = engine.open(wanted["language"], wanted["rateHz"])
        _answer(connection, [])
        while True:
            message = connection.recv_bytes()
            more = message[:1] == b"A"
            _answer(connection, recognition.feed(message[1:]) if more else recognition.finish())
    except (EOFError, OSError):
        # The server has closed the stream.
        pass
    except EngineBusy as problem:
        _send(connection, {"busy": str(problem)})
    except Exception as problem:
        # The text of an unexpected exception may quote the transcript, its type does not.
        reason = str(problem) if isinstance(problem, EngineUnavailable) else type(problem).__name__
        _send(connection, {"unavailable": reason})
    finally:
        if recognition is not None:
            recognition.close()
        connection.close()


def _answer(connection: "Connection[Any, Any]", results: list[RecognizedPhrase]) -> None:
    rows = [[one.text, one.offset_ms, one.duration_ms, one.is_final] for one in results]
    connection.send_bytes(json.dumps({"results": rows}).encode())


def _send(connection: "Connection[Any, Any]", answer: dict[str, str]) -> None:
    try:
        connection.send_bytes(json.dumps(answer).encode())
    except OSError:
        pass


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
