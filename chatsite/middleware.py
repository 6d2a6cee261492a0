"""Two middleware of our own.

The short way for the protocol's routes, and the policy for browser pages.
"""

import re
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import resolve

from cognitive.dialects import refusal
from wire.errors import forbidden

GetResponse = Callable[[HttpRequest], HttpResponseBase]


_API_PATH = re.compile(settings.API_PATH)


def is_api_path(path: str) -> bool:
    """Whether the path belongs to the protocol."""
    return _API_PATH.match(path) is not None


class ApiRoutes:
    """Call the view of an API route at once, past all middleware further down the list.

    Sessions, CSRF, messages, redirects to an added slash and the like are for browsers; an API
    request carries its own token. `settings.MIDDLEWARE` stays the stock list that Django's
    deployment checks know how to read.
    """

    sync_capable = True
    async_capable = False

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if not is_api_path(request.path_info):
            return self.get_response(request)
        if settings.SECURE_SSL_REDIRECT and not request.is_secure():
            return self.refuse_plain_http(request)
        return self.answer(request)

    def refuse_plain_http(self, request: HttpRequest) -> HttpResponse:
        """No redirect: the token has gone over the wire already, and should not do so again."""
        error = forbidden(
            "This server answers over https only. Behind a proxy it needs CHATSITE_TRUST_PROXY."
        )
        return refusal(request.path_info, error)

    def answer(self, request: HttpRequest) -> HttpResponseBase:
        """The view's response.

        Exceptions go up to Django, which turns them into the error handlers' answer.
        """
        match = resolve("/" + request.path_info.lstrip("/"))
        request.resolver_match = match
        response: HttpResponseBase = match.func(request, *match.args, **match.kwargs)
        render = getattr(response, "render", None)
        return render() if callable(render) else response


class ContentSecurityPolicy:
    """Allow pages their own scripts, styles and images, and nothing from elsewhere or inline."""

    sync_capable = True
    async_capable = False

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        response.headers.setdefault("Content-Security-Policy", settings.CONTENT_SECURITY_POLICY)
        return response
