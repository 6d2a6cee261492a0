"""chrF, a metric for translations (Popović 2015), computed like sacreBLEU."""

from collections import Counter
from collections.abc import Sequence

_ORDER = 6
_BETA = 2.0


def chrf(translations: Sequence[str], references: Sequence[str]) -> float:
    """The corpus F2 score of character n-grams (1 to 6, without white space), 0 to 100."""
    matched, found, wanted = ([0] * _ORDER for _ in range(3))
    for translation, reference in zip(translations, references, strict=True):
        for place in range(_ORDER):
            ours, theirs = (_grams(text, place + 1) for text in (translation, reference))
            matched[place] += (ours & theirs).total()
            found[place] += ours.total()
            wanted[place] += theirs.total()
    scores = [
        (hits / ours, hits / theirs)
        for hits, ours, theirs in zip(matched, found, wanted, strict=True)
        if ours and theirs
    ]
    precision = sum(p for p, _ in scores) / len(scores)
    recall = sum(r for _, r in scores) / len(scores)
    if not precision + recall:
        return 0.0
    return 100 * (1 + _BETA**2) * precision * recall / (_BETA**2 * precision + recall)


def _grams(text: str, size: int) -> Counter[str]:
    letters = "".join(text.split())
    return Counter(letters[place : place + size] for place in range(len(letters) - size + 1))
