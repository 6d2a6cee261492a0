"""The circuit breaker of an engine that keeps failing."""

from cognitive.breaker import FAILURES, OPEN_S, CircuitBreaker


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_it_rests_after_failures_in_a_row_and_then_one_may_try() -> None:
    clock = Clock()
    breaker = CircuitBreaker(clock)
    for _ in range(FAILURES):
        assert breaker.seconds_until_retry() == 0
        breaker.record_failure()
    assert breaker.seconds_until_retry() == OPEN_S
    clock.now += OPEN_S - 1
    assert breaker.seconds_until_retry() == 1
    clock.now += 1
    assert breaker.seconds_until_retry() == 0
    # The others wait for the outcome of the first one.
    assert breaker.seconds_until_retry() == OPEN_S
    breaker.record_failure()
    assert breaker.seconds_until_retry() == OPEN_S
    clock.now += OPEN_S
    assert breaker.seconds_until_retry() == 0
    breaker.record_success()
    assert breaker.seconds_until_retry() == 0


def test_failures_that_are_not_in_a_row_do_not_count() -> None:
    breaker = CircuitBreaker()
    for _ in range(3 * FAILURES):
        breaker.record_failure()
        breaker.record_success()
    assert breaker.seconds_until_retry() == 0
