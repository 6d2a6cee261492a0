"""The retry schedule by itself."""

from random import Random

import pytest

from webhooks.schedule import (
    HOUR,
    MINUTE,
    SECOND,
    Answer,
    delayed_until_ms,
    next_attempt_ms,
    outcome_of,
)
from webhooks.tests.hooks import NoChance


def answer(status: int | None = 500, outcome: str = "") -> Answer:
    return Answer(outcome or outcome_of(status or 0), status, 0, 1)


def test_the_pauses_are_those_of_event_grid() -> None:
    pauses = [next_attempt_ms(attempts, answer(), 0, NoChance()) for attempts in range(1, 13)]
    assert pauses == [
        10 * SECOND, 30 * SECOND, MINUTE, 5 * MINUTE, 10 * MINUTE, 30 * MINUTE,
        HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR, 12 * HOUR, 12 * HOUR,
    ]  # fmt: skip


def test_eleven_attempts_fit_into_a_day() -> None:
    at, attempts = 0, 1
    while (following := next_attempt_ms(attempts, answer(), at, NoChance())) < 24 * HOUR:
        at, attempts = following, attempts + 1
    assert attempts == 11


@pytest.mark.parametrize(
    ("status", "least"),
    [(404, 5 * MINUTE), (408, 2 * MINUTE), (503, 30 * SECOND), (500, 10 * SECOND), (302, 10_000)],
)
def test_some_answers_ask_for_a_longer_pause(status: int, least: int) -> None:
    assert next_attempt_ms(1, answer(status), 1000, NoChance()) == 1000 + least
    # Longer pauses of the schedule stay as they are.
    assert next_attempt_ms(6, answer(status), 0, NoChance()) == 30 * MINUTE


def test_jitter_adds_a_tenth_at_most() -> None:
    chance = Random(1)
    pauses = {next_attempt_ms(7, answer(), 0, chance) for _ in range(500)}
    assert len(pauses) > 100
    assert HOUR <= min(pauses) and max(pauses) <= 1.1 * HOUR


@pytest.mark.parametrize("status", range(200, 600))
def test_only_five_codes_are_a_success_and_four_are_hopeless(status: int) -> None:
    assert answer(status).is_success is (status in (200, 201, 202, 203, 204))
    assert answer(status).is_hopeless is (status in (400, 401, 403, 413))


@pytest.mark.parametrize(
    ("outcome", "pause"),
    [
        ("Busy", 10 * SECOND),
        ("TimedOut", 10 * SECOND),
        ("SocketError", 30 * SECOND),
        ("NotFound", 5 * MINUTE),
        ("ResolutionError", 5 * MINUTE),
        ("Unauthorized", 5 * MINUTE),
        ("Forbidden", 5 * MINUTE),
    ],
)
def test_after_ten_failures_the_endpoint_gets_a_rest(outcome: str, pause: int) -> None:
    assert delayed_until_ms(9, answer(None, outcome), 1000) == 0
    assert delayed_until_ms(10, answer(None, outcome), 1000) == 1000 + pause
