"""Measures the engines for sentiment; README.md has what came out.

    python -m tools.sentiment.evaluate FOLDER [--engine e5|lexicon] [--most 100]

Binary accuracy on the UCI sets (neutral counts half), hits of 24 in three classes on our own chat
sentences, and the time that a sentence takes.
"""

import argparse
import time
from pathlib import Path

from cognitive.abilities import SentimentAnalyser, SentimentScores
from cognitive.providers.e5 import E5
from cognitive.providers.lexicon import Lexicon
from cognitive.sentences import sentence_label
from tools.sentiment import material

ENGINES: dict[str, type[SentimentAnalyser]] = {"e5": E5, "lexicon": Lexicon}


def binary_accuracy(engine: SentimentAnalyser, rows: list[material.Row], language: str) -> float:
    """The share of rows whose pole is found; a draw counts half."""
    hits = 0.0
    for text, label in rows:
        [scores] = engine.analyse([text], language)
        sign = scores.positive - scores.negative
        wanted = sign if label == material.POSITIVE else -sign
        hits += 1 if wanted > 0 else 0.5 if wanted == 0 else 0
    return hits / len(rows)


def class_of(scores: SentimentScores) -> int:
    """The class of a sentence, as a number of `material`."""
    return material.LABELS.index(sentence_label(scores))


def hits(engine: SentimentAnalyser, rows: list[material.Row], language: str) -> int:
    """How many rows get their class of three."""
    scores = engine.analyse([text for text, _ in rows], language)
    return sum(class_of(s) == label for s, (_, label) in zip(scores, rows, strict=True))


def measured_ms(engine: SentimentAnalyser, rows: list[material.Row]) -> list[float]:
    """What each sentence takes, in milliseconds, from the quickest to the slowest."""
    taken = []
    for text, _ in rows:
        started = time.perf_counter()
        engine.analyse([text], "en")
        taken.append((time.perf_counter() - started) * 1000)
    return sorted(taken)


def main() -> None:
    """Prints the numbers of one engine."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="for the material")
    parser.add_argument("--engine", choices=ENGINES, default="e5")
    parser.add_argument("--most", type=int, default=1000, help="rows of each UCI set")
    arguments = parser.parse_args()
    material.fetch(arguments.folder)
    engine = ENGINES[arguments.engine]()
    print(engine.name, engine.version)
    for site, rows in material.uci_rows(arguments.folder).items():
        # From both ends, as some sets are sorted.
        some = rows[: arguments.most // 2] + rows[-arguments.most // 2 :]
        print(f"{site}: {binary_accuracy(engine, some, 'en'):.3f} of {len(some)}")
    for language, rows in material.chat_rows().items():
        print(f"{language}: {hits(engine, rows, language)} of {len(rows)}")
    taken = measured_ms(engine, [row for rows in material.chat_rows().values() for row in rows])
    print(f"ms per sentence: {taken[len(taken) // 2]:.1f}, p95 {taken[len(taken) * 95 // 100]:.1f}")


if __name__ == "__main__":
    main()
