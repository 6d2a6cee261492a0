"""Looking up words that please or displease, in the AFINN lists of many languages.

The rules are those of the package that the lists come from, made plain: a negation turns round
what follows it, and a word counts also where only its last letter differs (cognitive contract 1).
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

# Words before a word within which a negation reaches it, and what is left of its weight then.
_NEGATION_REACH = 4
_NEGATED = -0.74
# Sums no further from zero are neutral.
_NEUTRAL = 0.5
# The longest entries of the lists that are looked up, in words, and the shortest words whose
# last letter may differ.
_LONGEST_PHRASE = 3
_SHORTEST_STEM = 4
# An emoji weighs as much as an outspoken word.
_EMOJI_WEIGHT = 2
# The sum at which half of what can be said is said, squared.
_HALF_WAY = 15.0

# Negations that are written short before a vowel; the apostrophe splits them off.
_ELIDED = {"fr": frozenset({"n"})}
_WORD = re.compile(r"[^\W_]+(?:-[^\W_]+)*")


@dataclass(frozen=True)
class WordList:
    """One language: the weight (-5 to 5) of words and phrases, and which words negate."""

    words: dict[str, int]
    stems: dict[tuple[int, str], int]
    negators: frozenset[str]

    def score(self, text: str) -> float:
        """The sum over the words of a text; positive when it pleases."""
        tokens = _WORD.findall(text.lower().replace("’", "'").replace("'", " "))
        total = float(_EMOJI_WEIGHT * valence(text))
        # Far enough back not to reach the first word.
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
        """The weight of the longest entry that begins here, and how many words it has."""
        for length in range(min(_LONGEST_PHRASE, len(tokens) - position), 0, -1):
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
    """The list of a language (by its ISO 639-1 code), kept once read; None if it has none."""
    try:
        with zipfile.ZipFile(WORDS) as archive:
            lists = json.loads(archive.read(f"{language}.json"))
    except KeyError:
        return None
    # Entries in the form that texts are brought to before they are looked up.
    words = {" ".join(_WORD.findall(word.lower().replace("'", " "))): int(weight)
             for word, weight in lists["words"].items()}  # fmt: skip
    stems = {(len(w), w[:-1]): weight for w, weight in words.items() if len(w) >= _SHORTEST_STEM}
    negators = _negators(lists["negators"]) | _ELIDED.get(language, frozenset())
    return WordList(words, stems, negators)


def _negators(phrases: list[str]) -> frozenset[str]:
    """The words that negate: those that stand alone, or in most phrases."""
    pieces = [phrase.lower().replace("'", " ").split() for phrase in phrases]
    often = Counter(piece for phrase in pieces for piece in phrase)
    alone = {phrase[0] for phrase in pieces if len(phrase) == 1}
    return frozenset(alone | {piece for piece, n in often.items() if n > 1 and 2 * n > len(pieces)})


def scores_of_sum(total: float) -> SentimentScores:
    """What a sum over words makes likely."""
    return scores_of_strength(total / (total * total + _HALF_WAY) ** 0.5, abs(total) <= _NEUTRAL)


def scores_of_strength(strength: float, is_neutral: bool) -> SentimentScores:
    """Scores for a strength from -1 (displeased) to 1 (pleased)."""
    if is_neutral:
        rest = abs(strength) / 4
        return SentimentScores(rest, 1 - 2 * rest, rest)
    likely = 0.5 + abs(strength) / 2
    neutral = (1 - likely) * 0.75
    other = 1 - likely - neutral
    positive, negative = (likely, other) if strength > 0 else (other, likely)
    return SentimentScores(positive, neutral, negative)
