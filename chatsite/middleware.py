"""Middleware: CORS, the dispatch of API routes, and the content security policy of pages."""

from collections.abc import Callable

from corsheaders.middleware import CorsMiddleware
from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import Resolver404, resolve

from chatsite.https import plain_http_refused
from wire.routes import Route, refusal, route_of

GetResponse = Callable[[HttpRequest], HttpResponseBase]


class ApiCors(CorsMiddleware):
    """CORS for API routes only, from any origin."""

    def is_enabled(self, request: HttpRequest) -> bool:
        """Whether cross-origin requests to this path are answered."""
        return route_of(request.path_info).is_api


class ApiRoutes:
    """Calls the view of an API route directly, skipping all middleware further down the list.

    Sessions, CSRF, messages and redirects that append a slash are for browsers; an API request
    carries its own token. Skipping them here keeps `settings.MIDDLEWARE` a list that Django's
    deployment checks can read.
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
            return refusal(request.path_info, plain_http_refused())
        return self.answer(request, route)

    def answer(self, request: HttpRequest, route: Route) -> HttpResponseBase:
        """The view's response. Django turns exceptions into responses of the error handlers."""
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
    """Restricts pages to scripts, styles and images of this server, none of them inline."""

    sync_capable = True
    async_capable = False

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        response.headers.setdefault("Content-Security-Policy", settings.CONTENT_SECURITY_POLICY)
        return response
