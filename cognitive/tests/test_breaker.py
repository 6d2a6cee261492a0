"""Leaving an engine alone that keeps failing."""

from cognitive.breaker import FAILURES, REST_S, Breaker


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_it_rests_after_failures_in_a_row_and_then_one_may_try() -> None:
    clock = Clock()
    breaker = Breaker(clock)
    for _ in range(FAILURES):
        assert breaker.rests_for() == 0
        breaker.failed()
    assert breaker.rests_for() == REST_S
    clock.now += REST_S - 1
    assert breaker.rests_for() == 1
    clock.now += 1
    assert breaker.rests_for() == 0
    # The others wait for what the first one finds.
    assert breaker.rests_for() == REST_S
    breaker.failed()
    assert breaker.rests_for() == REST_S
    clock.now += REST_S
    assert breaker.rests_for() == 0
    breaker.succeeded()
    assert breaker.rests_for() == 0


def test_failures_that_are_not_in_a_row_do_not_count() -> None:
    breaker = Breaker()
    for _ in range(3 * FAILURES):
        breaker.failed()
        breaker.succeeded()
    assert breaker.rests_for() == 0
