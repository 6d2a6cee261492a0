"""Looks up positive and negative words in the AFINN lists of many languages.

The rules are a simplified version of those of the package that the lists come from: a negation
inverts the words that follow, and a word matches even if its last letter differs (cognitive
contract 1).
"""

import json
import re
import zipfile
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from cognitive.abilities import SentimentScores
from cognitive.sentiment.emoji import valence

WORDS = Path(__file__).parent / "words.zip"

# How many words a negation affects, and the factor for their weights.
_NEGATION_REACH = 4
_NEGATED = -0.74
# Sums up to this magnitude are neutral.
_NEUTRAL = 0.5
# The maximum number of words of an entry, and the minimum length of words whose last letter may
# differ.
_MAX_PHRASE_WORDS = 3
_MIN_STEM_LENGTH = 4
# An emoji weighs as much as a strong word.
_EMOJI_WEIGHT = 2
# Normalizes a sum to -1 to 1, as in VADER: a larger value makes it approach the ends later.
_NORMALIZATION = 15.0

# Negations that are elided before a vowel; splitting at the apostrophe separates them.
_ELIDED = {"fr": frozenset({"n"})}
_WORD = re.compile(r"[^\W_]+(?:-[^\W_]+)*")


@dataclass(frozen=True)
class WordList:
    """The weights (-5 to 5) of words and phrases of a language, and its negating words."""

    words: dict[str, int]
    stems: dict[tuple[int, str], int]
    negators: frozenset[str]

    def score(self, text: str) -> float:
        """The sum of the weights of the words of a text."""
        tokens = _WORD.findall(text.lower().replace("’", "'").replace("'", " "))
        total = float(_EMOJI_WEIGHT * valence(text))
        # Too far back to affect the first word.
        last_negation = -_NEGATION_REACH - 1
        position = 0
        while position < len(tokens):
            if tokens[position] in self.negators:
                last_negation = position
                position += 1
                continue
            weight, length = self._look_up(tokens, position)
            is_negated = position - last_negation <= _NEGATION_REACH
            total += weight * (_NEGATED if is_negated else 1)
            position += length
        return total

    def _look_up(self, tokens: list[str], position: int) -> tuple[int, int]:
        """The weight and number of words of the longest entry at this position."""
        for length in range(min(_MAX_PHRASE_WORDS, len(tokens) - position), 0, -1):
            phrase = " ".join(tokens[position : position + length])
            if phrase in self.words:
                return self.words[phrase], length
        word = tokens[position]
        return self.stems.get((len(word), word[:-1]), 0), 1


def languages() -> frozenset[str]:
    """The languages that have a list."""
    with zipfile.ZipFile(WORDS) as archive:
        return frozenset(n.removesuffix(".json") for n in archive.namelist() if n[-5:] == ".json")


@lru_cache(maxsize=64)
def word_list(language: str) -> WordList | None:
    """The list of a language (ISO 639-1), cached; None if there is none."""
    try:
        with zipfile.ZipFile(WORDS) as archive:
            lists = json.loads(archive.read(f"{language}.json"))
    except KeyError:
        return None
    # Entries are normalized like the texts.
    words = {" ".join(_WORD.findall(word.lower().replace("'", " "))): int(weight)
             for word, weight in lists["words"].items()}  # fmt: skip
    stems = {(len(w), w[:-1]): weight for w, weight in words.items() if len(w) >= _MIN_STEM_LENGTH}
    negators = _negators(lists["negators"]) | _ELIDED.get(language, frozenset())
    return WordList(words, stems, negators)


def _negators(phrases: list[str]) -> frozenset[str]:
    """The words that are entries by themselves, or that occur in most phrases."""
    pieces = [phrase.lower().replace("'", " ").split() for phrase in phrases]
    often = Counter(piece for phrase in pieces for piece in phrase)
    alone = {phrase[0] for phrase in pieces if len(phrase) == 1}
    return frozenset(alone | {piece for piece, n in often.items() if n > 1 and 2 * n > len(pieces)})


def scores_of_sum(total: float) -> SentimentScores:
    """Scores for a sum of weights."""
    return scores_of_strength(
        total / (total * total + _NORMALIZATION) ** 0.5, abs(total) <= _NEUTRAL
    )


def scores_of_strength(strength: float, is_neutral: bool) -> SentimentScores:
    """Scores for a strength from -1 (negative) to 1 (positive)."""
    if is_neutral:
        rest = abs(strength) / 4
        return SentimentScores(rest, 1 - 2 * rest, rest)
    likely = 0.5 + abs(strength) / 2
    neutral = (1 - likely) * 0.75
    other = 1 - likely - neutral
    positive, negative = (likely, other) if strength > 0 else (other, likely)
    return SentimentScores(positive, neutral, negative)
