"""Chromium for the tests of the chat page."""

import itertools
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from tests.browsers import running_chromium
from tests.pages.visitors import Enter, Visitor, enter, make_sessions
from tests.server import Server


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Chromium of this machine. Its loop must end with the file's tests."""
    with running_chromium() as launched:
        yield launched


@pytest.fixture(scope="session")
def sessions(server: Server) -> dict[str, Iterator[list[str]]]:
    """Sessions of people with a first name, each a stranger to the tests before."""
    run = uuid.uuid4().hex[:5]
    names = [f"{first} {run}{n:02}" for first in ("Anna", "Ben", "Carla") for n in range(60)]
    made = make_sessions(server.environment, names)
    return {
        first: iter(list(group))
        for first, group in itertools.groupby(made, lambda one: one[0].split()[0])
    }


@pytest.fixture
def visitors(
    chromium: Browser, server: Server, sessions: dict[str, Iterator[list[str]]]
) -> Iterator[Enter]:
    """Brings people in by name. At the end nobody's browser may have complained of anything."""
    inside: list[Visitor] = []

    def bring(first_name: str, **options: Any) -> Visitor:
        inside.append(enter(chromium, server, next(sessions[first_name]), **options))
        return inside[-1]

    yield bring
    complaints = {visitor.name: visitor.complaints for visitor in inside if visitor.complaints}
    for visitor in inside:
        visitor.context.close()
    assert complaints == {}


@pytest.fixture
def anna(visitors: Enter) -> Visitor:
    return visitors("Anna")


@pytest.fixture
def ben(visitors: Enter) -> Visitor:
    return visitors("Ben")


@pytest.fixture
def lunch(anna: Visitor, ben: Visitor) -> str:
    """The topic of a conversation that anna has started with ben; both have it open."""
    anna.has_conversation("Lunch", ben)
    for visitor in (anna, ben):
        visitor.open("Lunch")
        expect(visitor.log).to_contain_text("started the conversation")
    return "Lunch"
