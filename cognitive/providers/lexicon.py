"""Sentiment by word lists, for machines on which the model does not run.

Uses VADER for English if vaderSentiment is installed, otherwise the lists in cognitive/sentiment.
"""

import importlib.util
import threading
from collections.abc import Sequence
from importlib import metadata
from typing import Any

from cognitive.abilities import UNDETERMINED, SentimentScores
from cognitive.languages import base
from cognitive.sentiment import lexicon
from cognitive.sentiment.emoji import emoji_scores

# The version of the word lists, and the compound score below which VADER's documentation says
# neutral.
_LISTS_VERSION = "afinn-165"
_VADER_NEUTRAL = 0.05
# Longer texts are not sentences, and the time grows with the length.
_MAX_CHARACTERS = 5_000
# Other codes of languages that have a list.
_CODES = {"nb": "no", "nn": "no", "iw": "he", "in": "id", "bs": "hr"}


class Lexicon:
    """Always available, because its lists are part of the server."""

    name = "lexicon"

    def __init__(self) -> None:
        self.has_vader = importlib.util.find_spec("vaderSentiment") is not None
        vader = f"+vader{metadata.version('vaderSentiment')}" if self.has_vader else ""
        self.version = f"{_LISTS_VERSION}{vader}"
        self.languages = lexicon.languages()
        self._lock = threading.Lock()
        self._vader: Any = None

    def analyze(self, sentences: Sequence[str], language: str) -> list[SentimentScores]:
        """Sentences in an undetermined language are scored as English."""
        code = "en" if language == UNDETERMINED else base(language)
        code = _CODES.get(code, code)
        return [self._score(sentence[:_MAX_CHARACTERS], code) for sentence in sentences]

    def _score(self, sentence: str, code: str) -> SentimentScores:
        emoji = emoji_scores(sentence)
        if emoji is not None:
            return emoji
        if code == "en" and self.has_vader:
            compound = self._compound(sentence)
            return lexicon.scores_of_strength(compound, abs(compound) < _VADER_NEUTRAL)
        words = lexicon.word_list(code)
        return lexicon.scores_of_sum(words.score(sentence) if words else 0.0)

    def _compound(self, sentence: str) -> float:
        with self._lock:
            if self._vader is None:
                from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

                self._vader = SentimentIntensityAnalyzer()
            return float(self._vader.polarity_scores(sentence)["compound"])
