"""Firefox's translation models, through fxtranslate (cognitive contract 2.3).

The operator puts the files of a pair into a folder such as `en-de` in CHATSITE_COGNITIVE_MODELS.
"""

import hashlib
import importlib.metadata
import importlib.util
import re
import threading
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotInTime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from django.conf import settings

from cognitive.abilities import EngineBusy, EngineUnavailable, Quality, Translation
from cognitive.chains import Pair, chains

if TYPE_CHECKING:
    from fxtranslate import Translator as Model

# Seconds for the texts of one question and each step; how many may wait for a pair at a time.
_STEP_S = 20.0
_WAITING = 8
_FOLDER = re.compile(r"([a-z]{2,3})-([a-z]{2,3}(?:-[A-Za-z]{2,4})?)")
# All of Firefox's models lead from or to English.
_BEST_PIVOT = "en"


class Firefox:
    """Translates by the models of one pair, or of two in a row."""

    name = "firefox"

    def __init__(self) -> None:
        if importlib.util.find_spec("fxtranslate") is None:
            raise EngineUnavailable("fxtranslate is not installed: pip install fxtranslate==0.5.0.")
        folder = settings.CHATSITE_COGNITIVE_MODELS
        if folder is None:
            raise EngineUnavailable("CHATSITE_COGNITIVE_MODELS names no folder of models.")
        self._steps = {
            (match[1], match[2]): _Step(path)
            for path in sorted(folder.glob("*-*"))
            if (match := _FOLDER.fullmatch(path.name)) and _files(path)
        }
        if not self._steps:
            raise EngineUnavailable("The folder of CHATSITE_COGNITIVE_MODELS holds no models.")
        self._chains = chains(self._steps, _BEST_PIVOT)

    @cached_property
    def version(self) -> str:
        """The package's version, and a sign that changes with the models."""
        files = [
            (pair, file.name, file.stat().st_size, file.stat().st_mtime_ns)
            for pair, step in self._steps.items()
            for file in step.files
        ]
        sign = hashlib.sha256(repr(files).encode()).hexdigest()[:6]
        return f"{importlib.metadata.version('fxtranslate')}+{sign}"

    @property
    def languages(self) -> frozenset[str]:
        """The languages of all pairs."""
        return frozenset(language for pair in self._chains for language in pair)

    @property
    def pairs(self) -> frozenset[Pair]:
        """What can be reached in at most two steps."""
        return frozenset(self._chains)

    @property
    def direct_pairs(self) -> frozenset[Pair]:
        """What is reached in one step: trying these tries everything."""
        return frozenset(self._steps)

    def translate(self, texts: Sequence[str], source: str, target: str) -> list[Translation]:
        """Translations. Raises EngineUnavailable, EngineBusy."""
        found = list(texts)
        for step in self._chains[source, target]:
            found = step.translate(found)
        return [Translation(text, Quality.NEURAL) for text in found]


class _Step:
    """The models of one pair, in a thread of their own: they may not leave it."""

    def __init__(self, folder: Path) -> None:
        self.files = _files(folder)
        self._pair = folder.name
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=f"firefox-{folder.name}")
        self._places = threading.BoundedSemaphore(_WAITING)
        self._model: Model | None = None

    def translate(self, texts: list[str]) -> list[str]:
        """The texts in the pair's other language. Raises EngineUnavailable, EngineBusy."""
        if not self._places.acquire(blocking=False):
            raise EngineBusy
        task: Future[list[str]] = self._thread.submit(self._translate, texts)
        task.add_done_callback(lambda _: self._places.release())
        try:
            return task.result(_STEP_S)
        except NotInTime:
            task.cancel()
            raise EngineUnavailable(f"Firefox's {self._pair} took too long.") from None

    def _translate(self, texts: list[str]) -> list[str]:
        if self._model is None:
            from fxtranslate import Translator as Model

            self._model = Model(*[file.read_bytes() for file in self.files])
        return [self._model.translate_long(text) if text.strip() else text for text in texts]


def _files(folder: Path) -> list[Path]:
    """Model, vocabulary of the source, of the target and, if there is one, the list of words.

    Empty when the folder does not hold a whole model. Some pairs share one vocabulary.
    """

    def first(*patterns: str) -> Path | None:
        return next((file for p in patterns for file in sorted(folder.glob(p))), None)

    model = first("model.*.bin", "model.bin")
    source = first("srcvocab.*", "vocab.*")
    target = first("trgvocab.*", "vocab.*")
    if not folder.is_dir() or model is None or source is None or target is None:
        return []
    words = first("lex.*")
    return [model, source, target, *([words] if words else [])]
