"""Translation from one language to another directly or through a pivot language."""

from collections.abc import Mapping
from typing import TypeVar

from cognitive.languages import base

T = TypeVar("T")
Pair = tuple[str, str]


def translation_paths(steps: Mapping[Pair, T], preferred_pivot: str) -> dict[Pair, tuple[T, ...]]:
    """The one or two steps for each pair (source, target) that `steps` make possible.

    If there are several pivot languages to choose from, `preferred_pivot` is used.
    """
    found: dict[Pair, tuple[T, ...]] = {pair: (step,) for pair, step in steps.items()}
    # Steps to the preferred pivot come first.
    ordered = sorted(steps.items(), key=lambda item: (item[0][1] != preferred_pivot, item[0]))
    for (source, pivot), first in ordered:
        for (start, target), second in steps.items():
            if start == pivot and base(target) != base(source):
                found.setdefault((source, target), (first, second))
    return found
