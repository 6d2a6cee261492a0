"""Histogram buckets of durations, and percentiles estimated from them."""

from bisect import bisect_left
from collections.abc import Sequence

# Upper bounds in milliseconds; one more bucket holds longer durations.
BOUNDS = (1.0, 2.5, 5.0, 10.0, 25.0, 50.0, 100.0, 250.0, 500.0, 1000.0, 2500.0, 5000.0, 10000.0)
BUCKETS = len(BOUNDS) + 1


def bucket_of(milliseconds: float) -> int:
    """The index of the bucket that a duration belongs to."""
    return bisect_left(BOUNDS, milliseconds)


def percentile(
    counts: Sequence[int], fraction: float, *, minimum: float = 0.0, maximum: float | None = None
) -> float | None:
    """The duration in milliseconds below which `fraction` of the samples lie; None without samples.

    Assumes that samples are spread evenly within their bucket, between `minimum` and `maximum`.
    """
    total = sum(counts)
    if total == 0:
        return None
    wanted, passed = fraction * total, 0
    for index, count in enumerate(counts):
        if count and passed + count >= wanted:
            lower = max(BOUNDS[index - 1] if index else 0.0, minimum)
            upper = BOUNDS[index] if index < len(BOUNDS) else (maximum or BOUNDS[-1])
            upper = min(upper, maximum) if maximum is not None else upper
            lower = min(lower, upper)
            return lower + (upper - lower) * (wanted - passed) / count
        passed += count
    return maximum
