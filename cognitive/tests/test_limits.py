"""The limit of requests per minute."""

from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine
from pytest_django import Settings

from cognitive.limits import count_request
from cognitive.tests.message_engines import told
from tests.cast import Person, error_of

__all__ = ["told"]

NOON = datetime(2026, 11, 29, 12, 0, 5, tzinfo=UTC)


def ask(person: Person, thread: str, message: str) -> Any:
    return person.post(f"{thread}/messages/{message}:analyzeSentiment")


def test_each_user_may_ask_so_often_a_minute(
    alice: Person, bob: Person, settings: Settings
) -> None:
    settings.CHATSITE_COGNITIVE_REQUESTS = 3
    thread = alice.create_thread(bob)
    message = alice.send(thread, "Hello")
    with time_machine.travel(NOON, tick=False) as traveller:
        assert [ask(alice, thread, message).status_code for _ in range(3)] == [200] * 3
        refused = ask(alice, thread, message)
        assert error_of(refused)[:2] == (429, "TooManyRequests")
        assert refused["retry-after"] == "55"
        # Other users, and the chat, are not limited.
        assert ask(bob, thread, message).status_code == 200
        assert alice.send(thread, "Hello")
        traveller.shift(55)
        assert ask(alice, thread, message).status_code == 200


def test_requests_of_all_processes_count_together(alice: Person, settings: Settings) -> None:
    # The count is only in the database, so that it includes other processes.
    settings.CHATSITE_COGNITIVE_REQUESTS = 2
    with time_machine.travel(NOON, tick=False):
        assert [count_request(alice.user.pk) for _ in range(3)] == [None, None, 55]


def test_strangers_are_refused_before_they_count(alice: Person, settings: Settings) -> None:
    settings.CHATSITE_COGNITIVE_REQUESTS = 1
    thread = alice.create_thread()
    message = alice.send(thread, "Hello")
    stranger = Person("Nobody", alice.user, "no-token")
    assert [ask(stranger, thread, message).status_code for _ in range(2)] == [401, 401]
    assert ask(alice, thread, message).status_code == 200


@pytest.mark.parametrize("operation", ["1:translate", "1:analyzeSentiment"])
def test_refused_requests_count_too(alice: Person, settings: Settings, operation: str) -> None:
    settings.CHATSITE_COGNITIVE_REQUESTS = 2
    thread = alice.create_thread()
    with time_machine.travel(NOON, tick=False):
        statuses = [alice.post(f"{thread}/messages/{operation}", {}).status_code for _ in range(3)]
    assert statuses[2] == 429
