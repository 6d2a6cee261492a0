"""When an alert fires and when it resolves (monitoring contract 4). Pure functions."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

HEALTHY_EVALUATIONS_TO_RESOLVE = 3

Change = Literal["fired", "resolved"]


@dataclass(frozen=True)
class AlertState:
    """The state of one instance of a rule between two evaluations."""

    is_firing: bool = False
    # Consecutive healthy evaluations while firing.
    healthy: int = 0
    # The last verdicts, newest last; dynamic thresholds only.
    recent: tuple[bool, ...] = ()


def all_met(verdicts: Iterable[bool | None]) -> bool | None:
    """Joins verdicts with "and"; None means unknown, and False outweighs it."""
    found = list(verdicts)
    if any(verdict is False for verdict in found):
        return False
    return None if any(verdict is None for verdict in found) else True


def with_verdict(
    state: AlertState, verdict: bool | None, *, periods: int, failing: int
) -> tuple[AlertState, bool | None]:
    """Adds a verdict to a dynamic condition's history.

    Returns the new state, and whether at least `failing` of the last `periods` verdicts were
    violations. An unknown verdict (None) changes nothing.
    """
    if verdict is None:
        return state, None
    recent = (*state.recent, verdict)[-periods:]
    return replace(state, recent=recent), sum(recent) >= failing


def advance(
    state: AlertState, is_met: bool | None, *, auto_mitigate: bool
) -> tuple[AlertState, Change | None]:
    """Returns the next state and what changed.

    Stateful rules (`auto_mitigate`) fire once and resolve after three consecutive healthy
    evaluations. Stateless rules fire at every evaluation whose conditions are met. An unknown
    result (None) changes nothing.
    """
    if is_met is None:
        return state, None
    if not auto_mitigate:
        return AlertState(recent=state.recent), "fired" if is_met else None
    if not state.is_firing:
        return AlertState(is_met, 0, state.recent), "fired" if is_met else None
    if is_met:
        return AlertState(True, 0, state.recent), None
    healthy = state.healthy + 1
    if healthy < HEALTHY_EVALUATIONS_TO_RESOLVE:
        return AlertState(True, healthy, state.recent), None
    return AlertState(recent=state.recent), "resolved"
