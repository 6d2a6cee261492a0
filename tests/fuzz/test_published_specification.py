"""Requests generated from the published specification of the chat data plane."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from .answers import unclear
from .stage import API_VERSION, Answer, set_stage

ROOT = Path(__file__).resolve().parents[2]
SWAGGER = Path(os.environ.get("CHATSITE_TEST_SWAGGER", ROOT.parent / "shared" / "data" / "swagger"))
SPECIFICATION = SWAGGER / f"communicationserviceschat-{API_VERSION}.json"
COMMON = SWAGGER / "common" / "common-2023-11-15.json"

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(
        not SPECIFICATION.exists(),
        reason=f"no specification in {SWAGGER} (CHATSITE_TEST_SWAGGER names its folder)",
    ),
]


def specification() -> dict[str, Any]:
    """The published specification with the common definitions put into it."""
    whole: dict[str, Any] = json.loads(SPECIFICATION.read_text(encoding="utf-8"))
    common = json.loads(COMMON.read_text(encoding="utf-8"))["definitions"]
    definitions = {**common, **whole["definitions"]}
    for name, definition in definitions.items():
        reference = definition.get("$ref", "")
        if "common.json#" in reference:
            definitions[name] = common[reference.rpartition("/")[2]]
    whole["definitions"] = definitions
    resolved = _local_references(whole)
    assert isinstance(resolved, dict)
    return resolved


def _local_references(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            name: f"#{member.partition('#')[2]}" if name == "$ref" else _local_references(member)
            for name, member in value.items()
        }
    return [_local_references(item) for item in value] if isinstance(value, list) else value


OPERATIONS = (
    [
        (path, method)
        for path, methods in json.loads(SPECIFICATION.read_text(encoding="utf-8"))["paths"].items()
        for method in methods
    ]
    if SPECIFICATION.exists()
    else []
)


def test_the_specification_has_the_sixteen_operations() -> None:
    """Otherwise the test below would fuzz less than it says."""
    assert len(OPERATIONS) == 16


@pytest.fixture
def application() -> Iterator[Any]:
    """The whole site as a WSGI application that keeps the test's database connection open."""
    site = get_wsgi_application()

    def application(environ: dict[str, Any], start_response: Any) -> Any:
        # For each request anew: Django's test client connects the handler again.
        for signal in (request_started, request_finished):
            signal.disconnect(close_old_connections)
        return site(environ, start_response)

    yield application
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.mark.parametrize(("path", "method"), OPERATIONS)
def test_generated_requests_get_clear_answers(path: str, method: str, application: Any) -> None:
    """Half of them by the specification, half against it; real ids mixed with random ones."""
    import schemathesis
    from schemathesis.generation import GenerationMode

    stage = set_stage()
    schema = schemathesis.openapi.from_dict(specification())
    schema.app = application
    operation = schema[path][method.upper()]
    cases = operation.as_strategy(GenerationMode.POSITIVE) | operation.as_strategy(
        GenerationMode.NEGATIVE
    )
    statuses: set[int] = set()
    real = st.sampled_from(["real"] * 4 + ["generated"])

    @seed(20250315)
    @settings(
        max_examples=60,
        deadline=None,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(cases, real, real, real)
    def one_example(case: Any, thread: str, message: str, version: str) -> None:
        if thread == "real" and "chatThreadId" in case.path_parameters:
            case.path_parameters["chatThreadId"] = quote(stage.thread_id, safe="")
        if message == "real" and "chatMessageId" in case.path_parameters:
            case.path_parameters["chatMessageId"] = stage.message_id
        if version == "real":
            case.query = {**(case.query or {}), "api-version": API_VERSION}
        token = stage.tokens[stage.alice.pk]
        response = case.call(headers={"Authorization": f"Bearer {token}"})
        names = {name.lower(): values[0] for name, values in response.headers.items()}
        answer = Answer(response.status_code, names, response.content)
        statuses.add(answer.status)
        assert not unclear(answer), answer

    one_example()
    assert statuses, "nothing was sent"
