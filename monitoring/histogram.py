"""Durations in buckets: where they fall, and percentiles estimated from them."""

from bisect import bisect_left
from collections.abc import Sequence

# Upper bounds in milliseconds; one more bucket holds what is longer than all of them.
BOUNDS = (1.0, 2.5, 5.0, 10.0, 25.0, 50.0, 100.0, 250.0, 500.0, 1000.0, 2500.0, 5000.0, 10000.0)
BUCKETS = len(BOUNDS) + 1


def bucket_of(milliseconds: float) -> int:
    """The bucket that a duration belongs to."""
    return bisect_left(BOUNDS, milliseconds)


def percentile(
    counts: Sequence[int], part: float, *, least: float = 0.0, most: float | None = None
) -> float | None:
    """The duration below which `part` of the samples lie; None without samples.

    Samples count as evenly spread in their bucket, between the least and the greatest of all.
    """
    total = sum(counts)
    if total == 0:
        return None
    wanted, passed = part * total, 0
    for index, count in enumerate(counts):
        if count and passed + count >= wanted:
            lower = max(BOUNDS[index - 1] if index else 0.0, least)
            upper = BOUNDS[index] if index < len(BOUNDS) else (most or BOUNDS[-1])
            upper = min(upper, most) if most is not None else upper
            lower = min(lower, upper)
            return lower + (upper - lower) * (wanted - passed) / count
        passed += count
    return most
