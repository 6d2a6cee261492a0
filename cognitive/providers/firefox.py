"""Firefox's translation models, with fxtranslate (cognitive contract 2.3).

The files of a pair are in a folder such as `en-de` in CHATSITE_COGNITIVE_MODELS.
"""

import hashlib
import importlib.metadata
import importlib.util
import re
import threading
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeout
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from django.conf import settings

from cognitive.abilities import EngineBusy, EngineUnavailable, Quality, Translation
from cognitive.translation_paths import Pair, translation_paths

if TYPE_CHECKING:
    from fxtranslate import Translator as Model

# The time limit of a step for all texts of a call, and the maximum number of calls per pair.
_STEP_S = 20.0
_MAX_CALLS = 8
_FOLDER = re.compile(r"([a-z]{2,3})-([a-z]{2,3}(?:-[A-Za-z]{2,4})?)")
# All of Firefox's models translate from or to English.
_PREFERRED_PIVOT = "en"


class Firefox:
    """Translates with the models of one pair, or of two in succession."""

    name = "firefox"

    def __init__(self) -> None:
        if importlib.util.find_spec("fxtranslate") is None:
            raise EngineUnavailable(
                "fxtranslate is not installed. Run `pip install fxtranslate==0.5.0`."
            )
        folder = settings.CHATSITE_COGNITIVE_MODELS
        if folder is None:
            raise EngineUnavailable("CHATSITE_COGNITIVE_MODELS is not set.")
        self._steps = {
            (match[1], match[2]): _Step(path)
            for path in sorted(folder.glob("*-*"))
            if (match := _FOLDER.fullmatch(path.name)) and _files(path)
        }
        if not self._steps:
            raise EngineUnavailable("CHATSITE_COGNITIVE_MODELS contains no translation models.")
        self._paths = translation_paths(self._steps, _PREFERRED_PIVOT)

    @cached_property
    def version(self) -> str:
        """The version of the package, and a hash of the models."""
        files = [
            (pair, file.name, file.stat().st_size, file.stat().st_mtime_ns)
            for pair, step in self._steps.items()
            for file in step.files
        ]
        digest = hashlib.sha256(repr(files).encode()).hexdigest()[:6]
        return f"{importlib.metadata.version('fxtranslate')}+{digest}"

    @property
    def languages(self) -> frozenset[str]:
        """The languages of all pairs."""
        return frozenset(language for pair in self._paths for language in pair)

    @property
    def pairs(self) -> frozenset[Pair]:
        """The pairs that at most two models cover."""
        return frozenset(self._paths)

    @property
    def direct_pairs(self) -> frozenset[Pair]:
        """The pairs of a single model: testing these tests all models."""
        return frozenset(self._steps)

    def translate(self, texts: Sequence[str], source: str, target: str) -> list[Translation]:
        """Raises EngineUnavailable, EngineBusy."""
        found = list(texts)
        for step in self._paths[source, target]:
            found = step.translate(found)
        return [Translation(text, Quality.NEURAL) for text in found]


class _Step:
    """The models of one pair, in a thread of their own, which they are bound to."""

    def __init__(self, folder: Path) -> None:
        self.files = _files(folder)
        self._pair = folder.name
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=f"firefox-{folder.name}")
        self._calls = threading.BoundedSemaphore(_MAX_CALLS)
        self._model: Model | None = None

    def translate(self, texts: list[str]) -> list[str]:
        """Translates the texts. Raises EngineUnavailable, EngineBusy."""
        if not self._calls.acquire(blocking=False):
            raise EngineBusy
        task: Future[list[str]] = self._thread.submit(self._translate, texts)
        task.add_done_callback(lambda _: self._calls.release())
        try:
            return task.result(_STEP_S)
        except FutureTimeout:
            task.cancel()
            raise EngineUnavailable(f"Firefox's {self._pair} took too long.") from None

    def _translate(self, texts: list[str]) -> list[str]:
        if self._model is None:
            from fxtranslate import Translator as Model

            self._model = Model(*[file.read_bytes() for file in self.files])
        return [self._model.translate_long(text) if text.strip() else text for text in texts]


def _files(folder: Path) -> list[Path]:
    """The model, the vocabularies of source and target (may be one file), and the optional lexicon.

    Empty if the model is incomplete.
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
