"""Streams of sound on their way through an engine: one thread each, and not too many.

The event loop puts sound in and never waits; outcomes come back to it in order. How many streams
there may be, and how much sound may wait in one, is limited here.
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
    Heard,
    Recognition,
    Recognizer,
)
from cognitive.asking import attempt, worst_of
from cognitive.languages import base, canonical, is_code
from cognitive.speech.slots import Owner, slots
from cognitive.speech.sound import ENGINE_RATE_HZ, Converter, SoundFormat
from wire import telemetry

logger = logging.getLogger(__name__)

T = TypeVar("T")

# Of one user; somebody who hears badly should not use up everybody's.
MOST_PER_USER = 2
# With more sound waiting than this a client should pause, and below the half may go on.
COMFORTABLE_SECONDS = 10
# What is given to an engine in one go when more is waiting.
_PIECE_SECONDS = 2


class Trouble(StrEnum):
    """Why there is no transcript."""

    BAD_LANGUAGE = "bad language"
    TOO_MANY = "too many"
    UNAVAILABLE = "unavailable"


@dataclass(frozen=True)
class Processed:
    """The engine is through with so much of the stream, from its start."""

    until_ms: int


@dataclass(frozen=True)
class Finished:
    """All sound has been processed, and everything in it was told before."""

    until_ms: int


@dataclass(frozen=True)
class Failed:
    """The stream ended early."""

    trouble: Trouble


Outcome = Heard | Processed | Finished | Failed


@cache
def _threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(settings.CHATSITE_COGNITIVE_STREAMS, thread_name_prefix="speech")


class Stream:
    """One stream. Made, fed and ended on the event loop, where `tell` is called, too."""

    def __init__(
        self, language: str, sound: SoundFormat, owner: Owner, tell: Callable[[Outcome], None]
    ) -> None:
        self._language, self._sound, self._owner, self._tell = language, sound, owner, tell
        self._loop = asyncio.get_running_loop()
        self._changed = threading.Condition()
        self._waiting: deque[bytes] = deque()
        self._size = 0
        self._is_complete = self._is_cancelled = False
        # Set while a client need not pause.
        self.has_room = asyncio.Event()
        self.has_room.set()
        self.fed_bytes = 0
        self._has_slot = False

    def start(self) -> bool:
        """Begins, if there is a slot.

        The slot is free again with the last outcome or when the stream is cancelled. Its thread may
        be busy for a moment longer; whoever takes the slot then waits for the thread.
        """
        most = settings.CHATSITE_COGNITIVE_STREAMS
        most = most if self._owner.user_id is None else min(most, MOST_PER_USER)
        if not slots().take(self._owner, most=most):
            return False
        self._has_slot = True
        self._loop.run_in_executor(_threads(), self._run)
        return True

    def feed(self, pcm: bytes) -> None:
        """Takes more sound; look at `has_room` before there is more still."""
        self.fed_bytes += len(pcm)
        with self._changed:
            self._waiting.append(pcm)
            self._size += len(pcm)
            if self._size > COMFORTABLE_SECONDS * self._sound.bytes_per_second:
                self.has_room.clear()
            self._changed.notify()

    def end(self) -> None:
        """No more sound comes; what came is still processed."""
        with self._changed:
            self._is_complete = True
            self._changed.notify()

    def cancel(self) -> None:
        """Nobody wants to know any more."""
        with self._changed:
            self._is_cancelled = True
            self._waiting.clear()
            self._changed.notify()
        self.has_room.set()
        self._give_slot_back()

    def _give_slot_back(self) -> None:
        if self._has_slot:
            self._has_slot = False
            slots().give_back(self._owner)

    def _arrive(self, outcome: Outcome) -> None:
        if isinstance(outcome, Finished | Failed):
            self._give_slot_back()
        if not self._is_cancelled:
            self._tell(outcome)

    # --- In the stream's thread ------------------------------------------------------------------

    def _run(self) -> None:
        if self._is_cancelled:
            return
        work = _Work(self._owner.resource_id)
        try:
            self._recognize(work)
        except _BadLanguage:
            self._pass_on(Failed(Trouble.BAD_LANGUAGE))
        except EngineBusy:
            work.outcome = "Busy"
            self._pass_on(Failed(Trouble.TOO_MANY))
        except EngineUnavailable as problem:
            work.outcome = "Failed"
            logger.warning("Speech could not be recognized: %s", problem)
            self._pass_on(Failed(Trouble.UNAVAILABLE))
        except Exception as problem:
            work.outcome = "Failed"
            # Not its text, which may quote what was said.
            logger.error("A stream of speech failed: %s", type(problem).__name__)
            self._pass_on(Failed(Trouble.UNAVAILABLE))
        finally:
            work.count()
            self._call(self.has_room.set)

    def _recognize(self, work: "_Work") -> None:
        converter = Converter(self._sound)
        recognition = work.timed(lambda: _open(self._language, self._owner.resource_id))
        processed = 0
        try:
            while (pcm := self._next_piece()) is not None:
                self._hear(work.timed(partial(recognition.feed, converter.convert(pcm))))
                processed += len(pcm)
                self._pass_on(Processed(self._sound.milliseconds(processed)))
            if not self._is_cancelled:
                rest = converter.finish()
                if rest:
                    self._hear(work.timed(partial(recognition.feed, rest)))
                self._hear(work.timed(recognition.finish))
                self._pass_on(Finished(self._sound.milliseconds(processed)))
        finally:
            recognition.close()

    def _next_piece(self) -> bytes | None:
        """What is waiting, up to a piece, as soon as there is any; None after the last."""
        piece_bytes = _PIECE_SECONDS * self._sound.bytes_per_second
        with self._changed:
            while not (self._waiting or self._is_complete or self._is_cancelled):
                self._changed.wait()
            if self._is_cancelled or not self._waiting:
                return None
            pieces = [self._waiting.popleft()]
            size = len(pieces[0])
            while self._waiting and size + len(self._waiting[0]) <= piece_bytes:
                pieces.append(self._waiting.popleft())
                size += len(pieces[-1])
            self._size -= size
            has_room = self._size < COMFORTABLE_SECONDS * self._sound.bytes_per_second // 2
        if has_room:
            self._call(self.has_room.set)
        return b"".join(pieces)

    def _hear(self, found: list[Heard]) -> None:
        for heard in found:
            self._pass_on(heard)

    def _pass_on(self, outcome: Outcome) -> None:
        if not self._is_cancelled:
            self._call(self._arrive, outcome)

    def _call(self, function: Callable[..., None], *arguments: Outcome) -> None:
        try:
            self._loop.call_soon_threadsafe(function, *arguments)
        except RuntimeError:
            # The loop has ended, and with it whoever listened.
            self._is_cancelled = True


class _Work:
    """What one stream asks of its engine, to be counted once."""

    def __init__(self, resource_id: UUID) -> None:
        self._resource_id = resource_id
        self._seconds = 0.0
        self.outcome = "Succeeded"

    def timed(self, call: Callable[[], T]) -> T:
        started = time.perf_counter()
        try:
            return call()
        finally:
            self._seconds += time.perf_counter() - started

    def count(self) -> None:
        telemetry.observe(
            "CognitiveRequests",
            self._seconds * 1000,
            resource_id=self._resource_id,
            Kind=Ability.SPEECH,
            Outcome=self.outcome,
        )


class _BadLanguage(Exception):
    """No engine that works knows the language."""


def _open(language: str, resource_id: UUID) -> Recognition:
    """A stream of the first engine that knows the language and has one.

    Raises _BadLanguage, EngineUnavailable and EngineBusy.
    """
    if not is_code(language):
        raise _BadLanguage
    problems: list[EngineUnavailable | EngineBusy] = []
    found_any = False

    def opened(engine: Recognizer) -> Recognition:
        return engine.open(canonical(language), ENGINE_RATE_HZ)

    for engine in engines.recognizers():
        found_any = True
        if base(language) not in engine.languages:
            continue
        try:
            return attempt(Ability.SPEECH, engine, opened, resource_id, of="streams")
        except (EngineUnavailable, EngineBusy) as problem:
            problems.append(problem)
    if found_any and not problems:
        raise _BadLanguage
    raise worst_of(problems) or EngineUnavailable("No engine for speech works here.")
