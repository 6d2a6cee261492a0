"""The metrics about engines."""

from typing import Any

import pytest
from django.test import RequestFactory
from django.urls import resolve
from pytest_django import Settings

from cognitive.tests.message_engines import Told, told
from monitoring.operations import operation_of
from tests.cast import Person

__all__ = ["told"]

RECORDED: list[tuple[str, dict[str, str], Any, bool]] = []


def record(
    metric: str,
    dimensions: tuple[tuple[str, str], ...],
    resource: Any,
    value: float,
    is_time: bool,
    times: int,
) -> None:
    RECORDED.append((metric, dict(dimensions), resource, is_time))


def test_each_question_to_an_engine_is_counted_with_its_outcome(
    alice: Person, told: type[Told], settings: Settings
) -> None:
    settings.METRIC_SINKS = [f"{__name__}.record"]
    RECORDED.clear()
    thread = alice.create_thread()
    message = alice.send(thread, "Hello")
    told.failures["parrot"] = RuntimeError()
    for _ in range(2):
        alice.post(f"{thread}/messages/{message}:translate", {"to": ["es"]})
    alice.post(f"{thread}/messages/{message}:analyzeSentiment")
    assert RECORDED == [
        ("CognitiveRequests", {"Kind": kind, "Outcome": outcome}, alice.user.resource_id, True)
        for kind, outcome in [
            ("detection", "Succeeded"),
            ("translation", "Failed"),
            ("translation", "Succeeded"),
            # The second request calls the first engine again; the result of the other is stored.
            ("translation", "Failed"),
            ("sentiment", "Succeeded"),
        ]
    ]


@pytest.mark.parametrize("path", ["1:translate", "1:analyzeSentiment"])
def test_the_durations_of_the_chat_are_without_those_of_engines(path: str) -> None:
    request = RequestFactory().post(f"/chat/threads/19:x@thread.v2/messages/{path}")
    request.resolver_match = resolve(request.path)
    assert operation_of(request) is None
