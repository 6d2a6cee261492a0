"""The route table: one place says what a path is."""

import re
from typing import Any

import pytest
from django.contrib.admindocs.views import simplify_regex
from django.test import Client
from django.urls import get_resolver
from django.utils.module_loading import import_string

from wire.routes import PAGE, Pool, Route, route_of, routes


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/chat/threads", "threads"),
        ("//chat/threads/19:x@thread.v2/messages", "messages"),
        ("/Chat/Threads/x", "threads"),
        ("/chat/threads/19:x@thread.v2/messages/1:translate", "message operations"),
        ("/chat/threads/19:x@thread.v2/messages:enrich", "message operations"),
        ("/chat/threads/19:x@thread.v2/participants/:add", "threads"),
        ("/chat/people/me", "people"),
        ("/chat/events", "event stream"),
        ("/chat/events/tickets", "event stream tickets"),
        ("/chat/config/realTimeNotifications", "event stream tickets"),
        ("/v4/a", "trouter"),
        ("/socket.io/1/", "trouter"),
        ("/socket.io/1/websocket/abc", "trouter socket"),
        ("/socket.io/1/xhr-polling/abc", "trouter polling"),
        ("/identities/8:acs:x/:issueAccessToken", "identities"),
        ("/subscriptions/s/resourceGroups/g", "management"),
        ("/eventgrid/validate", "management"),
        ("/translate", "translator"),
        ("/cognitive/translator/text/v3.0/translate", "translator"),
        ("/language/:analyze-text", "language"),
        ("/cognitive/capabilities", "cognitive"),
        ("/sts/v1.0/issueToken", "speech"),
        ("/stt/speech/universal/v2", "universal speech socket"),
        ("/chat/", "page"),
        ("/chat/threadsandmore", "page"),
        ("/chat/events\n", "page"),
        ("/translation", "page"),
        ("/admin/", "page"),
        ("/", "page"),
    ],
)
def test_a_path_belongs_to_one_route(path: str, name: str) -> None:
    assert route_of(path).name == name


def test_the_parameters_of_a_live_route_are_in_its_path() -> None:
    route = route_of("//socket.io/1/websocket/abc")
    assert route.parameters("//socket.io/1/websocket/abc") == {"sid": "abc"}


def test_engines_have_threads_of_their_own() -> None:
    assert route_of("/chat/threads/x/messages/1:translate").pool is Pool.ENGINES
    assert route_of("/chat/threads/x/messages").pool is Pool.REQUESTS


def test_every_dotted_path_of_the_table_can_be_imported() -> None:
    for route in routes():
        assert callable(route.unknown_view())
        for short_path in route.short_paths:
            assert callable(import_string(short_path.prepare))
        for protocol in ("http", "websocket"):
            route.application(protocol)


def _patterns(resolver: Any, prefix: str = "") -> list[str]:
    found = []
    for entry in resolver.url_patterns:
        text = prefix + str(entry.pattern).removeprefix("^")
        found += _patterns(entry, text) if hasattr(entry, "url_patterns") else [text]
    return found


def test_no_view_of_the_api_is_outside_the_table() -> None:
    """What is a page is known by its prefix; everything else must be declared."""
    pages = ("admin/", "chat/")
    undeclared = [
        pattern
        for pattern in _patterns(get_resolver())
        if route_of(_example(pattern)) is PAGE and not pattern.startswith(pages)
    ]
    assert undeclared == []


_OPTIONAL_GROUP = re.compile(r"\(\?:[^()]*(?:\([^()]*(?:\([^()]*\))?[^()]*\)[^()]*)*\)\?")


def _example(pattern: str) -> str:
    """A path that the pattern matches, up to its first parameter."""
    one_case = re.sub(r"\[([A-Z])[a-z]\]", r"\1", pattern).removeprefix("(?P<scope>")
    one_version = _OPTIONAL_GROUP.sub("", one_case).replace("v[23]", "v3").replace("\\", "")
    return simplify_regex(one_version).partition("<")[0]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("path", "status"),
    [("/chat/threads/x/nothing", 404), ("/identities/x/nothing", 404), ("/subscriptions/x", 404)],
)
def test_a_path_without_an_operation_is_refused_in_the_shape_of_its_route(
    client: Client, path: str, status: int
) -> None:
    answer = client.get(path)
    assert answer.status_code == status
    assert answer.json()["error"]["code"] == "NotFound"


def test_routes_are_told_apart_in_one_step() -> None:
    assert isinstance(route_of("/x" * 5000), Route)
