"""Moonshine: English speech, on the processor, while it is spoken (cognitive contract 3).

The package `moonshine-voice` in the one version whose wheel brings the model with it.
"""

import ctypes
import os
import platform
import threading
from dataclasses import dataclass
from importlib import metadata, util
from pathlib import Path
from typing import Any

from cognitive.abilities import EngineUnavailable, Heard
from cognitive.speech.hosted import HostedRecognizer

_MODEL = Path("assets", "tiny-en")
# A transcript is asked for after so much new sound; each costs a pass over the whole phrase.
_UPDATE_MS = 500
# The library keeps all it heard; at the next silence after so long it may forget.
_FORGET_MS = 60_000
# Makes the library transcribe what came since it was last asked, however little that is.
_FORCE_UPDATE = 1
_OPTIONS = {"return_audio_data": "false", "identify_speakers": "false"}


class Moonshine(HostedRecognizer):
    """The engine as the server sees it."""

    name = "moonshine"
    languages = frozenset({"en"})

    def __init__(self) -> None:
        found = util.find_spec("moonshine_voice")
        if found is None or found.origin is None:
            raise EngineUnavailable("moonshine-voice is not installed (make cognitive).")
        if not (Path(found.origin).parent / _MODEL / "encoder_model.ort").exists():
            raise EngineUnavailable(
                "This moonshine-voice came without its model; version 0.0.49 has one."
            )
        if platform.system() == "Linux" and _glibc() < (2, 34):
            raise EngineUnavailable("moonshine-voice needs glibc 2.34 or later.")
        self.version = metadata.version("moonshine-voice")
        super().__init__("cognitive.providers.moonshine.MoonshineModel")


def _glibc() -> tuple[int, ...]:
    numbers = platform.libc_ver()[1].split(".")
    return tuple(int(number) for number in numbers if number.isdigit())


class MoonshineModel:
    """The engine itself, in the process that hosts it."""

    name = "moonshine"
    version = ""
    languages = frozenset({"en"})

    def __init__(self) -> None:
        # The package's own wrapper copies all sound back with every transcript, sample by sample
        # into lists of Python; so we call the library below it.
        from moonshine_voice.moonshine_api import ModelArch, TranscriberOptionC, _MoonshineLib
        from moonshine_voice.utils import get_model_path

        self.library = _MoonshineLib().lib
        options = (TranscriberOptionC * len(_OPTIONS))(
            *(TranscriberOptionC(k.encode(), v.encode()) for k, v in _OPTIONS.items())
        )
        folder = os.fsencode(get_model_path("tiny-en"))
        self.handle = check(
            self.library.moonshine_load_transcriber_from_files(
                folder, ModelArch.TINY.value, options, len(_OPTIONS), 20_000
            )
        )
        # Streams share the model, and whether its passes may overlap is nowhere said.
        self.lock = threading.Lock()

    def open(self, language: str, rate_hz: int) -> "MoonshineStream":
        """A new stream."""
        return MoonshineStream(self, rate_hz)


def check(code: int) -> int:
    """A result of the library. Raises EngineUnavailable when it is an error's number."""
    if code < 0:
        raise EngineUnavailable(f"moonshine-voice answered with its error {code}.")
    return code


@dataclass(frozen=True)
class _Line:
    """A phrase as the library sees it; times in milliseconds."""

    number: int
    text: str
    start_ms: int
    duration_ms: int
    is_complete: bool


class MoonshineStream:
    """One stream."""

    def __init__(self, model: MoonshineModel, rate_hz: int) -> None:
        self._model, self._library, self._rate_hz = model, model.library, rate_hz
        self._handle: int | None = None
        self._start()
        # Since the stream's start, in milliseconds: where the library's stream began, what it has
        # got, and when it was last asked.
        self._base_ms = self._fed_ms = self._asked_ms = 0
        self._told: dict[int, str] = {}
        self._completed: set[int] = set()

    def feed(self, pcm: bytes) -> list[Heard]:
        """Takes more sound and, every now and then, asks what it says."""
        import numpy as np

        samples = np.frombuffer(pcm, "<i2").astype(np.float32) / 32768
        pointer = samples.ctypes.data_as(ctypes.POINTER(ctypes.c_float))
        with self._model.lock:
            check(
                self._library.moonshine_transcribe_add_audio_to_stream(
                    self._model.handle, self._handle, pointer, len(samples), self._rate_hz, 0
                )
            )
        self._fed_ms += len(samples) * 1000 // self._rate_hz
        if self._fed_ms - self._asked_ms < _UPDATE_MS:
            return []
        self._asked_ms = self._fed_ms
        lines = self._lines()
        heard = self._news(lines)
        is_quiet = all(line.is_complete for line in lines)
        if is_quiet and self._fed_ms - self._base_ms > _FORGET_MS:
            self._restart()
        return heard

    def finish(self) -> list[Heard]:
        """The rest."""
        # Once stopped, the library says again what it said last, and the last word would be lost.
        heard = self._news(self._lines(_FORCE_UPDATE))
        with self._model.lock:
            check(self._library.moonshine_stop_stream(self._model.handle, self._handle))
        # Whatever is open now will not go on.
        return heard + self._news(self._lines(), all_complete=True)

    def close(self) -> None:
        """Frees the library's stream."""
        with self._model.lock:
            if self._handle is not None:
                self._library.moonshine_free_stream(self._model.handle, self._handle)
                self._handle = None

    def _start(self) -> None:
        with self._model.lock:
            self._handle = check(self._library.moonshine_create_stream(self._model.handle, 0))
            check(self._library.moonshine_start_stream(self._model.handle, self._handle))

    def _restart(self) -> None:
        self.close()
        self._start()
        self._base_ms = self._fed_ms
        self._told.clear()
        self._completed.clear()

    def _news(self, lines: list[_Line], *, all_complete: bool = False) -> list[Heard]:
        heard = []
        for line in lines:
            if line.number in self._completed:
                continue
            is_final = line.is_complete or all_complete
            if is_final:
                self._completed.add(line.number)
            elif not line.text or self._told.get(line.number) == line.text:
                continue
            self._told[line.number] = line.text
            offset_ms = self._base_ms + line.start_ms
            heard.append(Heard(line.text, offset_ms, line.duration_ms, is_final))
        return heard

    def _lines(self, flags: int = 0) -> list[_Line]:
        from moonshine_voice.moonshine_api import TranscriptC

        found: Any = ctypes.POINTER(TranscriptC)()
        with self._model.lock:
            check(
                self._library.moonshine_transcribe_stream(
                    self._model.handle, self._handle, flags, ctypes.byref(found)
                )
            )
            transcript = found.contents
            # Copied while nobody else can make the library write over it.
            return [_line(transcript.lines[each]) for each in range(transcript.line_count)]


def _line(line: Any) -> _Line:
    text = ctypes.string_at(line.text).decode(errors="replace").strip() if line.text else ""
    return _Line(
        line.id,
        text,
        round(line.start_time * 1000),
        round(line.duration * 1000),
        bool(line.is_complete),
    )
