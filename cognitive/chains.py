"""Ways from one language to another, by at most two steps."""

from collections.abc import Mapping
from typing import TypeVar

from cognitive.languages import base

T = TypeVar("T")
Pair = tuple[str, str]


def chains(steps: Mapping[Pair, T], best_pivot: str) -> dict[Pair, tuple[T, ...]]:
    """The steps for each pair (source, target) that can be reached: one, or else two.

    Where several languages could be in the middle, `best_pivot` is taken first.
    """
    found: dict[Pair, tuple[T, ...]] = {pair: (step,) for pair, step in steps.items()}
    best_first = sorted(steps.items(), key=lambda item: (item[0][1] != best_pivot, item[0]))
    for (source, pivot), first in best_first:
        for (start, target), second in steps.items():
            if start == pivot and base(target) != base(source):
                found.setdefault((source, target), (first, second))
    return found
