"""Hostile request bodies."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from .answers import unclear, unreadable
from .hostile import HOSTILE_VALUES, NOT_AN_OBJECT
from .operations import OPERATIONS, WITH_BODY, Operation, valid_body
from .stage import Answer, Stage, rows, set_stage

JSON_TYPES = ("application/json", "application/merge-patch+json")

pytestmark = pytest.mark.django_db


@pytest.fixture
def stage() -> Stage:
    """A fresh world for each test."""
    return set_stage()


def test_rows_show_every_kind_of_write(stage: Stage) -> None:
    """Otherwise the tests below could not see what a refused request left behind."""
    for operation in WITH_BODY:
        if operation.name in ("send_typing_notification", "add_participants"):
            continue  # the first stores nothing, and bob is in the thread already
        before = rows()
        answer, _ = attack(stage, operation, json.dumps(valid_body(operation, stage)).encode())
        assert answer.status == operation.success, operation.name
        # The stage has sent this receipt before.
        assert operation.name == "send_read_receipt" or rows() != before, operation.name


def attack(
    stage: Stage, operation: Operation, body: bytes, content_type: str = JSON_TYPES[0]
) -> tuple[Answer, str]:
    """Send a body; the answer, and what is wrong with it or with what it left behind."""
    before = rows()
    url = operation.url(quote(stage.thread_id, safe=""), stage.message_id)
    answer = stage.send(operation.method, url, body, content_type=content_type)
    problem = unclear(answer)
    if answer.status >= 400 and rows() != before:
        problem += " a refused request changed rows"
    return answer, problem


@pytest.mark.parametrize("operation", WITH_BODY, ids=lambda operation: operation.name)
def test_what_is_no_json_object_is_refused(operation: Operation, stage: Stage) -> None:
    """With a clear 4xx, under either content type, and without a trace."""
    problems = []
    for name, body in NOT_AN_OBJECT.items():
        for content_type in JSON_TYPES:
            answer, problem = attack(stage, operation, body, content_type)
            if problem or not 400 <= answer.status < 500:
                problems.append(f"{name}: {answer.status} {problem}")
    assert not problems, "\n".join(problems)
    assert unreadable(stage) == []


@pytest.mark.parametrize("operation", WITH_BODY, ids=lambda operation: operation.name)
def test_every_value_may_be_hostile(operation: Operation, stage: Stage) -> None:
    """Each member in turn holds each hostile value: refused, or stored and readable again."""
    problems = []
    valid = valid_body(operation, stage)
    for where in places(valid):
        for name, hostile in HOSTILE_VALUES.items():
            _, problem = attack(stage, operation, with_value(valid, where, hostile))
            if problem:
                problems.append(f"{name} at {where}: {problem}")
    assert not problems, "\n".join(problems)
    assert unreadable(stage) == []


@pytest.mark.parametrize("operation", WITH_BODY, ids=lambda operation: operation.name)
@pytest.mark.parametrize(
    "hostile", ["an escaped NUL", "a lone high surrogate", "a NUL as a key", "a surrogate as a key"]
)
def test_text_that_cannot_be_stored_is_refused_wherever_it_stands(
    operation: Operation, hostile: str, stage: Stage
) -> None:
    """Even in a member that nobody reads."""
    body = with_value(
        valid_body(operation, stage) | {"unknown": 1}, ("unknown",), HOSTILE_VALUES[hostile]
    )
    answer, problem = attack(stage, operation, body)
    assert (answer.status, problem) == (400, "")


@pytest.mark.parametrize("operation", WITH_BODY, ids=lambda operation: operation.name)
def test_unknown_members_are_ignored(operation: Operation, stage: Stage) -> None:
    """As the real service does."""
    body = valid_body(operation, stage) | {"unknown": [1, {"a": None}], "__proto__": {}}
    answer, problem = attack(stage, operation, json.dumps(body).encode())
    assert (answer.status, problem) == (operation.success, "")


@pytest.mark.parametrize("operation", WITH_BODY, ids=lambda operation: operation.name)
def test_duplicate_members_get_a_clear_answer(operation: Operation, stage: Stage) -> None:
    """A hostile member in front of the valid one of the same name, for all names at once."""
    valid = json.dumps(valid_body(operation, stage))
    for first in ("1", '"\\u0000"', "null", "[]"):
        members = "".join(f'"{name}": {first}, ' for name in json.loads(valid))
        _, problem = attack(stage, operation, ("{" + members + valid[1:]).encode())
        assert not problem


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)
@pytest.mark.parametrize(
    "content_type",
    [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "multipart/form-data",
        "application/json; charset=utf-16",
        "application/json; charset=no-such",
        "nonsense",
        "é",
    ],
)
def test_other_content_types_get_a_clear_answer(
    operation: Operation, content_type: str, stage: Stage
) -> None:
    """Whether or not the operation has a body."""
    _, problem = attack(stage, operation, b'{"topic": "\xff"}', content_type)
    assert not problem


def places(value: Any, where: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The paths of every value inside a body."""
    if where:
        yield where
    if isinstance(value, dict):
        for name, member in value.items():
            yield from places(member, (*where, name))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from places(item, (*where, index))


def with_value(body: dict[str, Any], where: tuple[Any, ...], hostile: str) -> bytes:
    """The body as JSON with `hostile`, itself JSON text, in one place."""
    mark = "PUT IT HERE"
    changed = copy.deepcopy(body)
    target: Any = changed
    for step in where[:-1]:
        target = target[step]
    target[where[-1]] = mark
    return json.dumps(changed).replace(json.dumps(mark), hostile).encode()


texts = st.text(st.characters(exclude_categories=[]), max_size=40)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)


@pytest.mark.parametrize("operation", WITH_BODY, ids=lambda operation: operation.name)
def test_random_bodies_are_refused_or_stored_whole(operation: Operation, stage: Stage) -> None:
    """Random JSON in random places of a valid body, surrogates and NaN included."""
    valid = valid_body(operation, stage)
    spots = [*places(valid), ("unknown",)]

    @settings(
        max_examples=60,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(st.lists(st.tuples(st.sampled_from(spots), values), min_size=1, max_size=2))
    def one_example(changes: list[tuple[tuple[Any, ...], Any]]) -> None:
        body = copy.deepcopy(valid)
        for where, value in changes:
            _put(body, where, value)
        _, problem = attack(stage, operation, json.dumps(body).encode())
        assert not problem

    one_example()
    assert unreadable(stage) == []


def _put(body: Any, where: tuple[Any, ...], value: Any) -> None:
    for step in where[:-1]:
        if not isinstance(body, (dict, list)) or (isinstance(body, dict) and step not in body):
            return
        if isinstance(body, list) and not (isinstance(step, int) and step < len(body)):
            return
        body = body[step]
    if isinstance(body, dict) or (isinstance(body, list) and where[-1] in range(len(body))):
        body[where[-1]] = value
