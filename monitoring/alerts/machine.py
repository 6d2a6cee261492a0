"""When an alert fires and when it resolves (monitoring contract 4). Pure functions."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

CLEAN_EVALUATIONS = 3

Change = Literal["fired", "resolved"]


@dataclass(frozen=True)
class Standing:
    """Where one instance of a rule stands."""

    is_firing: bool = False
    # Clean evaluations in a row while it fires.
    clean: int = 0
    # The last verdicts, the newest at the end; for dynamic thresholds.
    recent: tuple[bool, ...] = ()


def all_of(verdicts: Iterable[bool | None]) -> bool | None:
    """Conditions are joined by "and": one that is not met decides, one unknown leaves it open."""
    found = list(verdicts)
    if any(verdict is False for verdict in found):
        return False
    return None if any(verdict is None for verdict in found) else True


def remember(
    standing: Standing, verdict: bool | None, *, periods: int, failing: int
) -> tuple[Standing, bool | None]:
    """Whether enough of the last evaluations were unusual; for dynamic thresholds."""
    if verdict is None:
        return standing, None
    recent: Sequence[bool] = (*standing.recent, verdict)[-periods:]
    is_met = sum(recent) >= failing
    return Standing(standing.is_firing, standing.clean, tuple(recent)), is_met


def step(
    standing: Standing, is_met: bool | None, *, auto_mitigate: bool
) -> tuple[Standing, Change | None]:
    """The next standing, and what changed.

    Stateful (`auto_mitigate`): fires once, resolves after three clean evaluations in a row.
    Stateless: fires at every evaluation that is met. None changes nothing: nobody knows.
    """
    if is_met is None:
        return standing, None
    if not auto_mitigate:
        return Standing(False, 0, standing.recent), "fired" if is_met else None
    if not standing.is_firing:
        return Standing(is_met, 0, standing.recent), "fired" if is_met else None
    if is_met:
        return Standing(True, 0, standing.recent), None
    clean = standing.clean + 1
    if clean < CLEAN_EVALUATIONS:
        return Standing(True, clean, standing.recent), None
    return Standing(False, 0, standing.recent), "resolved"
