"""Moonshine: streaming recognition of English speech on the CPU (cognitive contract 3).

Needs the version of the package `moonshine-voice` whose wheel includes the model.
"""

import ctypes
import os
import platform
import threading
from dataclasses import dataclass
from importlib import metadata, util
from pathlib import Path
from typing import Any

from cognitive.abilities import EngineUnavailable, RecognizedPhrase
from cognitive.speech.hosted import HostedRecognizer

_MODEL = Path("assets", "tiny-en")
# How much new audio triggers a transcription, which costs a pass over the whole phrase.
_UPDATE_MS = 500
# The library keeps all audio of a stream; at the first silence after this time it is restarted.
_RESTART_MS = 60_000
# Makes the library transcribe all audio since the last transcription, however short.
_FORCE_UPDATE = 1
_OPTIONS = {"return_audio_data": "false", "identify_speakers": "false"}


class Moonshine(HostedRecognizer):
    """The engine in the server process."""

    name = "moonshine"
    languages = frozenset({"en"})

    def __init__(self) -> None:
        found = util.find_spec("moonshine_voice")
        if found is None or found.origin is None:
            raise EngineUnavailable("moonshine-voice is not installed. Run `make cognitive`.")
        if not (Path(found.origin).parent / _MODEL / "encoder_model.ort").exists():
            raise EngineUnavailable(
                "This version of moonshine-voice has no model; version 0.0.49 includes it."
            )
        if platform.system() == "Linux" and _glibc() < (2, 34):
            raise EngineUnavailable("moonshine-voice needs glibc 2.34 or later.")
        self.version = metadata.version("moonshine-voice")
        super().__init__("cognitive.providers.moonshine.MoonshineModel")


def _glibc() -> tuple[int, ...]:
    numbers = platform.libc_ver()[1].split(".")
    return tuple(int(number) for number in numbers if number.isdigit())


class MoonshineModel:
    """The engine in the recognizer process."""

    name = "moonshine"
    version = ""
    languages = frozenset({"en"})

    def __init__(self) -> None:
        # The package's Python wrapper copies all audio, sample by sample, with every transcript.
        # Calling the library directly avoids that.
        from moonshine_voice.moonshine_api import ModelArch, TranscriberOptionC, _MoonshineLib
        from moonshine_voice.utils import get_model_path

        self.library = _MoonshineLib().lib
        options = (TranscriberOptionC * len(_OPTIONS))(
            *(TranscriberOptionC(k.encode(), v.encode()) for k, v in _OPTIONS.items())
        )
        folder = os.fsencode(get_model_path("tiny-en"))
        self.handle = check_result(
            self.library.moonshine_load_transcriber_from_files(
                folder, ModelArch.TINY.value, options, len(_OPTIONS), 20_000
            )
        )
        # Streams share the model, which is not documented to be thread-safe.
        self.lock = threading.Lock()

    def open(self, language: str, rate_hz: int) -> "MoonshineStream":
        return MoonshineStream(self, rate_hz)


def check_result(code: int) -> int:
    """Returns a result of the library. Raises EngineUnavailable if it is an error code."""
    if code < 0:
        raise EngineUnavailable(f"moonshine-voice failed with error {code}.")
    return code


@dataclass(frozen=True)
class _Line:
    """A phrase in a transcript of the library."""

    number: int
    text: str
    start_ms: int
    duration_ms: int
    is_complete: bool


class MoonshineStream:
    def __init__(self, model: MoonshineModel, rate_hz: int) -> None:
        self._model, self._library, self._rate_hz = model, model.library, rate_hz
        self._handle: int | None = None
        self._start()
        # In milliseconds since the start of the stream: the start of the library's stream, the
        # audio passed to it, and the last transcription.
        self._base_ms = self._fed_ms = self._transcribed_ms = 0
        self._reported: dict[int, str] = {}
        self._completed: set[int] = set()

    def feed(self, pcm: bytes) -> list[RecognizedPhrase]:
        """Processes more audio, and returns results after each transcription."""
        import numpy as np

        samples = np.frombuffer(pcm, "<i2").astype(np.float32) / 32768
        pointer = samples.ctypes.data_as(ctypes.POINTER(ctypes.c_float))
        with self._model.lock:
            check_result(
                self._library.moonshine_transcribe_add_audio_to_stream(
                    self._model.handle, self._handle, pointer, len(samples), self._rate_hz, 0
                )
            )
        self._fed_ms += len(samples) * 1000 // self._rate_hz
        if self._fed_ms - self._transcribed_ms < _UPDATE_MS:
            return []
        self._transcribed_ms = self._fed_ms
        lines = self._lines()
        results = self._new_results(lines)
        is_quiet = all(line.is_complete for line in lines)
        if is_quiet and self._fed_ms - self._base_ms > _RESTART_MS:
            self._restart()
        return results

    def finish(self) -> list[RecognizedPhrase]:
        """Returns the remaining results."""
        # Stopping the library's stream does not transcribe the rest of the audio.
        results = self._new_results(self._lines(_FORCE_UPDATE))
        with self._model.lock:
            check_result(self._library.moonshine_stop_stream(self._model.handle, self._handle))
        # Incomplete lines will not be continued.
        return results + self._new_results(self._lines(), all_complete=True)

    def close(self) -> None:
        """Frees the library's stream; may be called twice."""
        with self._model.lock:
            if self._handle is not None:
                self._library.moonshine_free_stream(self._model.handle, self._handle)
                self._handle = None

    def _start(self) -> None:
        with self._model.lock:
            self._handle = check_result(
                self._library.moonshine_create_stream(self._model.handle, 0)
            )
            check_result(self._library.moonshine_start_stream(self._model.handle, self._handle))

    def _restart(self) -> None:
        self.close()
        self._start()
        self._base_ms = self._fed_ms
        self._reported.clear()
        self._completed.clear()

    def _new_results(
        self, lines: list[_Line], *, all_complete: bool = False
    ) -> list[RecognizedPhrase]:
        results = []
        for line in lines:
            if line.number in self._completed:
                continue
            is_final = line.is_complete or all_complete
            if is_final:
                self._completed.add(line.number)
            elif not line.text or self._reported.get(line.number) == line.text:
                continue
            self._reported[line.number] = line.text
            offset_ms = self._base_ms + line.start_ms
            results.append(RecognizedPhrase(line.text, offset_ms, line.duration_ms, is_final))
        return results

    def _lines(self, flags: int = 0) -> list[_Line]:
        from moonshine_voice.moonshine_api import TranscriptC

        found: Any = ctypes.POINTER(TranscriptC)()
        with self._model.lock:
            check_result(
                self._library.moonshine_transcribe_stream(
                    self._model.handle, self._handle, flags, ctypes.byref(found)
                )
            )
            transcript = found.contents
            # Copied under the lock, because the next transcription overwrites it.
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
