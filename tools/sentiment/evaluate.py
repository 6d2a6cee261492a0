"""Measures the accuracy and speed of the sentiment engines; README.md has the results.

    python -m tools.sentiment.evaluate FOLDER [--engine e5|lexicon] [--most 100]

Reports the binary accuracy on the UCI sets (a tie counts half), how many of 24 of our own chat
sentences per language get the right one of three classes, and the time per sentence.
"""

import argparse
import time
from pathlib import Path

from cognitive.abilities import SentimentAnalyzer, SentimentScores
from cognitive.providers.e5 import E5
from cognitive.providers.lexicon import Lexicon
from cognitive.sentences import sentence_label
from tools.sentiment import material

ENGINES: dict[str, type[SentimentAnalyzer]] = {"e5": E5, "lexicon": Lexicon}


def binary_accuracy(engine: SentimentAnalyzer, rows: list[material.Row], language: str) -> float:
    """The share of rows classified correctly as positive or negative; a tie counts half."""
    correct = 0.0
    for text, label in rows:
        [scores] = engine.analyze([text], language)
        sign = scores.positive - scores.negative
        wanted = sign if label == material.POSITIVE else -sign
        correct += 1 if wanted > 0 else 0.5 if wanted == 0 else 0
    return correct / len(rows)


def class_of(scores: SentimentScores) -> int:
    """The class of a sentence, as an index into `material.LABELS`."""
    return material.LABELS.index(sentence_label(scores))


def count_correct(engine: SentimentAnalyzer, rows: list[material.Row], language: str) -> int:
    """How many rows get the right one of the three classes."""
    scores = engine.analyze([text for text, _ in rows], language)
    return sum(class_of(s) == label for s, (_, label) in zip(scores, rows, strict=True))


def durations_ms(engine: SentimentAnalyzer, rows: list[material.Row]) -> list[float]:
    """How long each sentence takes, in milliseconds, in ascending order."""
    durations = []
    for text, _ in rows:
        started = time.perf_counter()
        engine.analyze([text], "en")
        durations.append((time.perf_counter() - started) * 1000)
    return sorted(durations)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, help="where downloads are kept")
    parser.add_argument("--engine", choices=ENGINES, default="e5")
    parser.add_argument("--most", type=int, default=1000, help="maximum rows of each UCI set")
    arguments = parser.parse_args()
    material.fetch(arguments.folder)
    engine = ENGINES[arguments.engine]()
    print(engine.name, engine.version)
    for site, rows in material.uci_rows(arguments.folder).items():
        # From both ends, because some sets are sorted.
        some = rows[: arguments.most // 2] + rows[-arguments.most // 2 :]
        print(f"{site}: {binary_accuracy(engine, some, 'en'):.3f} of {len(some)}")
    for language, rows in material.chat_rows().items():
        print(f"{language}: {count_correct(engine, rows, language)} of {len(rows)}")
    taken = durations_ms(engine, [row for rows in material.chat_rows().values() for row in rows])
    print(f"ms per sentence: {taken[len(taken) // 2]:.1f}, p95 {taken[len(taken) * 95 // 100]:.1f}")


if __name__ == "__main__":
    main()
