"""Sends the requests of Django's test client over the short path (`--short-path`).

Requests for hot operations are answered by `chatsite.short_path`, in the thread and transaction of
the test; views answer all others as usual.
"""

import time
from typing import Any

import pytest
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.test.client import ClientHandler

from chatsite.short_path import ShortPaths
from wire.errors import ChatError


def scope_of(request: HttpRequest) -> dict[str, Any]:
    """The ASGI scope of a request of Django's test client."""
    headers = [
        (name.lower().encode("latin-1"), value.encode("latin-1"))
        for name, value in request.headers.items()
    ]
    if not any(name == b"host" for name, _ in headers):
        headers.append((b"host", request.META["SERVER_NAME"].encode()))
    return {
        "type": "http",
        "method": request.method,
        "path": request.path_info,
        "query_string": request.META.get("QUERY_STRING", "").encode("latin-1"),
        "headers": headers,
        "scheme": request.scheme,
    }


def short_response(paths: ShortPaths, request: HttpRequest) -> HttpResponse | None:
    """The answer of the short path; None if it leaves the request to the view."""
    try:
        scope, started = scope_of(request), time.perf_counter()
    except UnicodeEncodeError:
        # No server passes such a header on.
        return None
    number = paths.find(scope)
    try:
        call = paths.prepare(number, scope, request.body) if number is not None else None
    except RequestDataTooBig:
        # A server rejects such a body earlier.
        return None
    if call is None:
        return None
    try:
        answer = call.work()
    except (ChatError, RuntimeError):
        # RuntimeError is what tests raise on purpose.
        return None
    if answer is None:
        return None
    response = HttpResponse(answer.body, status=answer.status)
    del response["Content-Type"]
    for name, value in paths.finish(scope, call, answer, started):
        response[name.decode()] = value.decode("latin-1")
    return response


def install(patch: pytest.MonkeyPatch) -> None:
    """Sends the requests of all test clients over the short path first."""
    paths = ShortPaths(executor=None)
    ordinary = ClientHandler.get_response

    def get_response(self: ClientHandler, request: HttpRequest) -> HttpResponseBase:
        return short_response(paths, request) or ordinary(self, request)

    patch.setattr(ClientHandler, "get_response", get_response)
