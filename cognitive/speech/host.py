"""The process that runs a recognizer: `python -m cognitive.speech.host FD DOTTED.PATH`.

Recognition is native code that computes for long. In a process of its own, of low priority and
leaving one core alone, it takes no time from the chat, and when it crashes nothing else does. The
server (hosted.py) holds the other end of the socket FD and passes through it one connected socket
per stream. On each of these it asks and we answer, one at a time; messages have their lengths
before them:

    {"language": "en", "rateHz": 16000}    first
    A and samples                          more sound
    F                                      no more sound

The answer is {"heard": [[text, offset, duration, final], ...]}, or else {"unavailable": reason}
or {"busy": reason}. When the server is gone, so is this process;
when nobody has spoken for a while, too, and with it the memory that models take.
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

from cognitive.abilities import EngineBusy, EngineUnavailable, Heard, Recognition, Recognizer

# How much the chat goes before, from 0 (not) to 19.
NICENESS = 10
# Cores on which we never compute. Priority alone is not enough: about one message in a hundred
# would wait until we have been taken off its core.
CORES_FOR_CHAT = 1
IDLE_SECONDS = 600.0


def main(descriptor: int, path: str) -> None:
    """Serves streams until the server closes its end."""
    _step_back()
    # A terminal sends Ctrl-C to everybody in it; the server decides when we end.
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
    # Native threads may be in the middle of something that they would not survive.
    os._exit(0)


def _step_back() -> None:
    """Lets the chat go before: in time, and where the system can (Linux) in space."""
    os.nice(NICENESS)
    if hasattr(os, "sched_setaffinity"):
        others = sorted(os.sched_getaffinity(0))[CORES_FOR_CHAT:]
        if others:
            # Some sandboxes allow nobody to choose.
            with contextlib.suppress(OSError):
                os.sched_setaffinity(0, others)


def _load(path: str) -> Recognizer | EngineUnavailable:
    module, _, name = path.rpartition(".")
    try:
        return cast(Recognizer, getattr(import_module(module), name)())
    except EngineUnavailable as problem:
        return problem
    except Exception as problem:
        return EngineUnavailable(f"It could not be loaded: {type(problem).__name__}: {problem}")


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
        # The server wants no more of this stream.
        pass
    except EngineBusy as problem:
        _send(connection, {"busy": str(problem)})
    except Exception as problem:
        # Of the engine's making; its text may hold what was said, its name does not.
        reason = str(problem) if isinstance(problem, EngineUnavailable) else type(problem).__name__
        _send(connection, {"unavailable": reason})
    finally:
        if recognition is not None:
            recognition.close()
        connection.close()


def _answer(connection: "Connection[Any, Any]", heard: list[Heard]) -> None:
    rows = [[h.text, h.offset_ms, h.duration_ms, h.is_final] for h in heard]
    connection.send_bytes(json.dumps({"heard": rows}).encode())


def _send(connection: "Connection[Any, Any]", answer: dict[str, str]) -> None:
    try:
        connection.send_bytes(json.dumps(answer).encode())
    except OSError:
        pass


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
