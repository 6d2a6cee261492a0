"""Sentiment by looking up words: what works where the model does not.

English by VADER where vaderSentiment is installed, all else by the lists in cognitive/sentiment.
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

# The lists' own version, and below which strength VADER means neutral (its documentation).
_LISTS_VERSION = "afinn-165"
_VADER_NEUTRAL = 0.05
# Longer texts are no sentences, and every word costs a look.
_LONGEST = 5_000
# A language goes by several codes.
_CODES = {"nb": "no", "nn": "no", "iw": "he", "in": "id", "bs": "hr"}


class Lexicon:
    """The engine; it is always there, as its lists are part of the server."""

    name = "lexicon"

    def __init__(self) -> None:
        self.has_vader = importlib.util.find_spec("vaderSentiment") is not None
        vader = f"+vader{metadata.version('vaderSentiment')}" if self.has_vader else ""
        self.version = f"{_LISTS_VERSION}{vader}"
        self.languages = lexicon.languages()
        self._lock = threading.Lock()
        self._vader: Any = None

    def analyze(self, sentences: Sequence[str], language: str) -> list[SentimentScores]:
        """Sentences of an unknown language are read as English."""
        code = "en" if language == UNDETERMINED else base(language)
        code = _CODES.get(code, code)
        return [self._judge(sentence[:_LONGEST], code) for sentence in sentences]

    def _judge(self, sentence: str, code: str) -> SentimentScores:
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
