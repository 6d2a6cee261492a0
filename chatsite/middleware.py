"""Middleware: cross-origin requests and a short way for API routes, the policy of browser pages."""

from collections.abc import Callable

from corsheaders.middleware import CorsMiddleware
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import Resolver404, resolve

from wire.errors import forbidden
from wire.routes import Route, refusal, route_of

GetResponse = Callable[[HttpRequest], HttpResponseBase]


class ApiCors(CorsMiddleware):
    """Let pages of any origin use the API, and nothing else."""

    def is_enabled(self, request: HttpRequest) -> bool:
        """Whether cross-origin requests to this path are answered."""
        return route_of(request.path_info).is_api


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
        route = route_of(request.path_info)
        if not route.is_api:
            return self.get_response(request)
        if settings.SECURE_SSL_REDIRECT and not request.is_secure():
            return self.refuse_plain_http(request)
        return self.answer(request, route)

    def refuse_plain_http(self, request: HttpRequest) -> HttpResponse:
        """No redirect: the token has gone over the wire already, and should not do so again."""
        error = forbidden(
            "This server answers over https only. Behind a proxy it needs CHATSITE_TRUST_PROXY."
        )
        return refusal(request.path_info, error)

    def answer(self, request: HttpRequest, route: Route) -> HttpResponseBase:
        """The view's response.

        Exceptions go up to Django, which turns them into the error handlers' answer.
        """
        try:
            match = resolve("/" + request.path_info.lstrip("/"))
        except Resolver404:
            response: HttpResponseBase = route.unknown_view()(request)
        else:
            request.resolver_match = match
            response = match.func(request, *match.args, **match.kwargs)
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
