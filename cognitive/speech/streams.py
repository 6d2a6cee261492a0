"""Audio streams that are recognized by an engine, each in a thread.

The event loop adds audio without blocking, and receives the outcomes in order. The number of
streams and the buffered audio of each are limited.
"""

import asyncio
import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import StrEnum
from functools import cache, partial
from typing import TypeVar
from uuid import UUID

from django.conf import settings

from cognitive import engines
from cognitive.abilities import (
    Ability,
    EngineBusy,
    EngineUnavailable,
    Recognition,
    RecognizedPhrase,
    Recognizer,
)
from cognitive.engine_calls import call_engine, most_informative
from cognitive.languages import base, canonical, is_code
from cognitive.speech.audio import ENGINE_RATE_HZ, AudioFormat, Converter
from cognitive.speech.stream_limits import StreamOwner, stream_limiter
from wire import telemetry

logger = logging.getLogger(__name__)

Result = TypeVar("Result")

# The maximum number of concurrent streams of a user.
STREAMS_PER_USER = 2
# With more buffered audio than this, a client is paused; it continues below half of it.
BUFFER_SECONDS = 10
# The maximum audio that is passed to an engine at a time.
_CHUNK_SECONDS = 2


class FailureReason(StrEnum):
    """Why a stream failed."""

    UNSUPPORTED_LANGUAGE = "unsupported language"
    TOO_MANY = "too many"
    UNAVAILABLE = "unavailable"


@dataclass(frozen=True)
class Progress:
    """The engine has processed the stream up to `until_ms`."""

    until_ms: int


@dataclass(frozen=True)
class Finished:
    """The engine has processed all audio, and all results have been delivered."""

    until_ms: int


@dataclass(frozen=True)
class Failed:
    """The stream has ended with an error."""

    reason: FailureReason


Outcome = RecognizedPhrase | Progress | Finished | Failed


@cache
def _threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(settings.CHATSITE_COGNITIVE_STREAMS, thread_name_prefix="speech")


class Stream:
    """One stream. Its methods, and `on_outcome`, are called on the event loop."""

    def __init__(
        self,
        language: str,
        audio_format: AudioFormat,
        owner: StreamOwner,
        on_outcome: Callable[[Outcome], None],
    ) -> None:
        self._language, self._format = language, audio_format
        self._owner, self._on_outcome = owner, on_outcome
        self._loop = asyncio.get_running_loop()
        self._changed = threading.Condition()
        self._buffer: deque[bytes] = deque()
        self._buffered_bytes = 0
        self._is_complete = self._is_cancelled = False
        # Set unless the client should pause.
        self.has_room = asyncio.Event()
        self.has_room.set()
        self.fed_bytes = 0
        self._is_counted = False

    def start(self) -> bool:
        """Starts the stream. False if there are too many.

        The stream is counted until the last outcome or until it is cancelled. Its thread may finish
        a moment later; then the next stream waits for the thread.
        """
        limit: int = settings.CHATSITE_COGNITIVE_STREAMS
        if self._owner.user_id is not None:
            limit = min(limit, STREAMS_PER_USER)
        if not stream_limiter().acquire(self._owner, owner_limit=limit):
            return False
        self._is_counted = True
        self._loop.run_in_executor(_threads(), self._run)
        return True

    def feed(self, pcm: bytes) -> None:
        """Adds audio. Wait for `has_room` before adding more."""
        self.fed_bytes += len(pcm)
        with self._changed:
            self._buffer.append(pcm)
            self._buffered_bytes += len(pcm)
            if self._buffered_bytes > BUFFER_SECONDS * self._format.bytes_per_second:
                self.has_room.clear()
            self._changed.notify()

    def end(self) -> None:
        """Ends the audio; what has been added is still processed."""
        with self._changed:
            self._is_complete = True
            self._changed.notify()

    def cancel(self) -> None:
        """Stops the stream; there are no more outcomes."""
        with self._changed:
            self._is_cancelled = True
            self._buffer.clear()
            self._changed.notify()
        self.has_room.set()
        self._release()

    def _release(self) -> None:
        if self._is_counted:
            self._is_counted = False
            stream_limiter().release(self._owner)

    def _deliver(self, outcome: Outcome) -> None:
        if isinstance(outcome, Finished | Failed):
            self._release()
        if not self._is_cancelled:
            self._on_outcome(outcome)

    # --- In the stream's thread ------------------------------------------------------------------

    def _run(self) -> None:
        if self._is_cancelled:
            return
        usage = _Usage(self._owner.resource_id)
        try:
            self._recognize(usage)
        except _UnsupportedLanguage:
            self._publish(Failed(FailureReason.UNSUPPORTED_LANGUAGE))
        except EngineBusy:
            usage.outcome = "Busy"
            self._publish(Failed(FailureReason.TOO_MANY))
        except EngineUnavailable as problem:
            usage.outcome = "Failed"
            logger.warning("Speech recognition failed reason=%s", problem)
            self._publish(Failed(FailureReason.UNAVAILABLE))
        except Exception as problem:
            usage.outcome = "Failed"
            # The text of the exception may quote the transcript.
            logger.error("Speech recognition failed exception=%s", type(problem).__name__)
            self._publish(Failed(FailureReason.UNAVAILABLE))
        finally:
            usage.record()
            self._call(self.has_room.set)

    def _recognize(self, usage: "_Usage") -> None:
        converter = Converter(self._format)
        recognition = usage.timed(lambda: _open(self._language, self._owner.resource_id))
        processed = 0
        try:
            while (pcm := self._next_chunk()) is not None:
                self._publish_all(usage.timed(partial(recognition.feed, converter.convert(pcm))))
                processed += len(pcm)
                self._publish(Progress(self._format.milliseconds(processed)))
            if not self._is_cancelled:
                rest = converter.finish()
                if rest:
                    self._publish_all(usage.timed(partial(recognition.feed, rest)))
                self._publish_all(usage.timed(recognition.finish))
                self._publish(Finished(self._format.milliseconds(processed)))
        finally:
            recognition.close()

    def _next_chunk(self) -> bytes | None:
        """Waits for audio, and returns up to _CHUNK_SECONDS of it; None after the last."""
        chunk_bytes = _CHUNK_SECONDS * self._format.bytes_per_second
        with self._changed:
            while not (self._buffer or self._is_complete or self._is_cancelled):
                self._changed.wait()
            if self._is_cancelled or not self._buffer:
                return None
            pieces = [self._buffer.popleft()]
            size = len(pieces[0])
            while self._buffer and size + len(self._buffer[0]) <= chunk_bytes:
                pieces.append(self._buffer.popleft())
                size += len(pieces[-1])
            self._buffered_bytes -= size
            has_room = self._buffered_bytes < BUFFER_SECONDS * self._format.bytes_per_second // 2
        if has_room:
            self._call(self.has_room.set)
        return b"".join(pieces)

    def _publish_all(self, results: list[RecognizedPhrase]) -> None:
        for result in results:
            self._publish(result)

    def _publish(self, outcome: Outcome) -> None:
        if not self._is_cancelled:
            self._call(self._deliver, outcome)

    def _call(self, function: Callable[..., None], *arguments: Outcome) -> None:
        try:
            self._loop.call_soon_threadsafe(function, *arguments)
        except RuntimeError:
            # The event loop has been closed.
            self._is_cancelled = True


class _Usage:
    """The time that a stream uses its engine, recorded as one request."""

    def __init__(self, resource_id: UUID) -> None:
        self._resource_id = resource_id
        self._seconds = 0.0
        self.outcome = "Succeeded"

    def timed(self, call: Callable[[], Result]) -> Result:
        started = time.perf_counter()
        try:
            return call()
        finally:
            self._seconds += time.perf_counter() - started

    def record(self) -> None:
        telemetry.observe(
            "CognitiveRequests",
            self._seconds * 1000,
            resource_id=self._resource_id,
            Kind=Ability.SPEECH,
            Outcome=self.outcome,
        )


class _UnsupportedLanguage(Exception):
    """No available engine supports the language."""


def _open(language: str, resource_id: UUID) -> Recognition:
    """Starts a stream with the first engine that supports the language and is not busy.

    Raises _UnsupportedLanguage, EngineUnavailable, EngineBusy.
    """
    if not is_code(language):
        raise _UnsupportedLanguage
    problems: list[EngineUnavailable | EngineBusy] = []
    has_engines = False

    def open_stream(engine: Recognizer) -> Recognition:
        return engine.open(canonical(language), ENGINE_RATE_HZ)

    for engine in engines.recognizers():
        has_engines = True
        if base(language) not in engine.languages:
            continue
        try:
            return call_engine(
                Ability.SPEECH, engine, open_stream, resource_id, operation="streams"
            )
        except (EngineUnavailable, EngineBusy) as problem:
            problems.append(problem)
    if has_engines and not problems:
        raise _UnsupportedLanguage
    raise most_informative(problems, Ability.SPEECH)
