"""The route table: everything that must be known about a path before a view is chosen.

Each room declares its routes in `<room>/routes.py`; `settings.ROUTES` names these lists, and
`route_of` is the only place that classifies a path. A path that no room declares is a browser page.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from functools import cache, cached_property
from typing import Any

from django.conf import settings
from django.http import HttpResponse
from django.utils.module_loading import import_string

from wire.errors import ChatError, chat_error_response

# Azure's metrics for requests; a route names the one that counts it (monitoring contract 1).
CHAT_METRIC = "APIRequestChat"
AUTHENTICATION_METRIC = "APIRequestAuthentication"

Application = Callable[[dict[str, Any], Any, Any], Any]


class Pool(Enum):
    """The threads that run a request. `chatsite.handler` says how many each has."""

    REQUESTS = "requests"
    # Translation, sentiment and speech take far longer than a message and must not delay it.
    ENGINES = "engines"


@dataclass(frozen=True)
class ShortPath:
    """A hot operation that is answered without Django's handler (`wire.short_path`).

    `pattern` is a regular expression for the whole path, without leading slashes; its named groups
    are the request's `parts`. `prepare` is the dotted path of the function, `operation` Azure's
    name as in `WireView.operations`. `writes`: it takes part in the group commit. If the protocol
    has no api-version (`is_versioned` is False), the function gets the newest one.
    """

    method: str
    pattern: str
    prepare: str
    operation: str = ""
    writes: bool = False
    is_versioned: bool = True

    @cached_property
    def expression(self) -> str:
        """The pattern for a path with any number of leading slashes."""
        return f"/*{self.pattern}"


@dataclass(frozen=True)
class Route:
    """A group of paths with the same properties.

    `pattern` is a regular expression for the beginning of a path, without leading slashes and in
    any letter case; it ends at a slash or at the end of the path. With `whole` it must match the
    whole path. `http` and `websocket` are dotted paths of ASGI applications that answer without
    Django, with the pattern's named groups in `scope["url_route"]["kwargs"]`, as in Channels;
    `methods` are those that `http` accepts (all, if empty). Preflight requests always go to Django.
    `unknown` is the dotted path of the view for paths that no operation matches. `short_paths` are
    the operations below this route that have a short path.
    """

    name: str
    pattern: str
    errors: Callable[[ChatError], HttpResponse] = chat_error_response
    unknown: str = "wire.views.UnknownRouteView"
    pool: Pool = Pool.REQUESTS
    metric: str = ""
    # API routes carry a token in each request: no session, CSRF token or redirect.
    is_api: bool = True
    whole: bool = False
    http: str = ""
    methods: tuple[str, ...] = ()
    websocket: str = ""
    short_paths: tuple[ShortPath, ...] = ()

    @cached_property
    def expression(self) -> str:
        """The pattern with its end, for paths without leading slashes."""
        end = r"/?\Z" if self.whole else r"(?:/|\Z)"
        return f"(?:{self.pattern}){end}"

    def parameters(self, path: str) -> dict[str, Any]:
        """The named groups of the pattern in `path`."""
        found = re.match("/*" + self.expression, path, re.IGNORECASE)
        return found.groupdict() if found else {}

    def application(self, protocol: str) -> Application | None:
        """The ASGI application for `protocol` ("http" or "websocket"), None without one."""
        path = self.websocket if protocol == "websocket" else self.http
        return _imported(path) if path else None

    def unknown_view(self) -> Callable[..., Any]:
        """The view that answers paths without an operation."""
        view: Callable[..., Any] = _imported(self.unknown).as_view()
        return view


# Paths that no room declares.
PAGE = Route("page", "", is_api=False)


@cache
def _imported(path: str) -> Any:
    return import_string(path)


@cache
def routes() -> tuple[Route, ...]:
    """All routes, the most specific first, in the order of `settings.ROUTES`."""
    return tuple(route for path in settings.ROUTES for route in import_string(path))


@cache
def _table() -> re.Pattern[str]:
    # One expression for all: named groups would clash, so they are taken out here.
    alternatives = (
        f"(?P<r{place}>{re.sub(r'[(][?]P<[a-z_]+>', '(?:', route.expression)})"
        for place, route in enumerate(routes())
    )
    # SDKs that are given an endpoint that ends in a slash request `//identities`.
    return re.compile(f"/*(?:{'|'.join(alternatives)})", re.IGNORECASE)


def route_of(path: str) -> Route:
    """The route that a path (decoded, without its query) belongs to."""
    found = _table().match(path)
    if found is None or found.lastgroup is None:
        return PAGE
    return routes()[int(found.lastgroup[1:])]


def refusal(path: str, error: ChatError) -> HttpResponse:
    """The error response for a request to `path`, in the format of its route."""
    response = route_of(path).errors(error)
    for name, value in error.headers.items():
        response[name] = value
    return response


def any_case(text: str) -> str:
    """A pattern for `text` in any letter case.

    Spelled out letter by letter: Django cannot reverse any URL if one pattern has an inline flag.
    """
    return "".join(
        f"[{letter.upper()}{letter.lower()}]" if letter.isalpha() else re.escape(letter)
        for letter in text
    )
