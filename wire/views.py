"""The base classes of all API views."""

import base64
import logging
import secrets
import time
from typing import Any, ClassVar

from django.conf import settings
from django.core.exceptions import DisallowedHost, RequestDataTooBig
from django.db import OperationalError
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.utils.http import http_date
from rest_framework import exceptions
from rest_framework.request import Request
from rest_framework.views import APIView

from wire import strict_json, versions
from wire.errors import (
    ChatError,
    bad_request,
    body_too_large,
    chat_error_response,
    not_found,
    unauthorized,
    unavailable,
)

logger = logging.getLogger(__name__)

JSON = "application/json; charset=utf-8"


def json_response(value: object, status: int = 200) -> HttpResponse:
    """A JSON response."""
    return rendered_response(strict_json.render(value), status)


def rendered_response(body: bytes, status: int = 200) -> HttpResponse:
    """A response whose body is rendered JSON."""
    return HttpResponse(body, status=status, content_type=JSON)


def empty_response(status: int) -> HttpResponse:
    """A response without body and content type."""
    response = HttpResponse(status=status)
    del response["Content-Type"]
    if status != 204:
        response["Content-Length"] = "0"
    return response


class WireView(APIView):
    """Reads strict JSON and renders errors in the format of the protocol.

    Subclasses set `authentication_classes` and answer with `json_response` or `empty_response`.
    Checks run in the order of REST contract 9.2: credential, api-version, then the view's own.
    """

    permission_classes = ()
    throttle_classes = ()
    # Azure's names of the operations, by method (monitoring contract 1).
    operations: ClassVar[dict[str, str]] = {}
    # The value of the header api-supported-versions.
    supported_versions = versions.SUPPORTED_HEADER
    # Without OPTIONS: the middleware answers preflight requests, and DRF's view needs a renderer.
    http_method_names = ["get", "head", "post", "put", "patch", "delete"]

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Authenticates. Content is never negotiated: there is one format."""
        self.started = time.perf_counter()
        self.perform_authentication(request)

    def body(self, request: Request) -> dict[str, Any]:
        """The request's JSON object; `{}` without a body. Raises ChatError 400, 413 and 415."""
        body = raw_body(request)
        content_type = request.META.get("CONTENT_TYPE", "").partition(";")[0].strip().lower()
        if body and content_type and not content_type.endswith("json"):
            raise ChatError(
                415, "UnsupportedMediaType", f"The content type '{content_type}' is not supported."
            )
        return strict_json.parse_object(body)

    def handle_exception(self, exc: Exception) -> HttpResponse:  # type: ignore[override]
        """The error response; an unexpected exception is logged and becomes a 500."""
        if isinstance(exc, exceptions.MethodNotAllowed):
            allowed = ", ".join(self.allowed_methods)
            error = ChatError(405, "MethodNotAllowed", str(exc.detail), headers={"Allow": allowed})
        else:
            error = _as_chat_error(exc)
        # A deliberate refusal, such as 503 for a missing engine, is not logged.
        if error.status >= 500 and not isinstance(exc, ChatError):
            logger.error("Request failed view=%s", type(self).__name__, exc_info=exc)
        response = self.render_error(error)
        for name, value in error.headers.items():
            response[name] = value
        return response

    def render_error(self, error: ChatError) -> HttpResponse:
        """The error response in the format of the view's API."""
        return chat_error_response(error)

    def finalize_response(
        self, request: Request, response: HttpResponseBase, *args: Any, **kwargs: Any
    ) -> Any:
        """Adds the headers that the real service sends (REST contract 2.4)."""
        headers = response.headers
        headers["date"] = http_date()
        if response.status_code == 401:
            return response
        headers["api-supported-versions"] = self.supported_versions
        headers["ms-cv"] = f"{base64.b64encode(secrets.token_bytes(16)).decode()[:22]}.0"
        elapsed = time.perf_counter() - getattr(self, "started", time.perf_counter())
        headers["x-processing-time"] = f"{round(elapsed * 1000)}ms"
        if settings.SECURE_HSTS_SECONDS:
            headers["strict-transport-security"] = (
                f"max-age={settings.SECURE_HSTS_SECONDS};includeSubDomains"
            )
        return response


class ChatView(WireView):
    """A view of the chat data plane: the credential, then the api-version."""

    version: versions.ApiVersion

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Authenticates and finds the api-version."""
        super().initial(request, *args, **kwargs)
        self.version = versions.parse(
            request.query_params.get("api-version"), request.build_absolute_uri()
        )


class UnknownRouteView(WireView):
    """404 for paths under an API prefix that are not operations."""

    authentication_classes = ()

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Raises ChatError 404."""
        super().initial(request, *args, **kwargs)
        raise not_found("The requested resource was not found.")


def raw_body(request: Request) -> bytes:
    """The bytes of the body. Raises ChatError 413 if it is over the limit."""
    try:
        body: bytes = getattr(request, "_request", request).body
    except RequestDataTooBig:
        raise body_too_large() from None
    return body


def _as_chat_error(exc: Exception) -> ChatError:
    match exc:
        case ChatError():
            return exc
        case exceptions.NotAuthenticated() | exceptions.AuthenticationFailed():
            return unauthorized()
        case DisallowedHost():
            return bad_request("The Host header is not one of this server's hosts.")
        case OperationalError():
            # A lock timeout or a lost connection. Nothing was stored, unless the connection was
            # lost during PostgreSQL's commit.
            return unavailable()
        case exceptions.APIException():
            return ChatError(exc.status_code, "BadRequest", str(exc.detail))
    return ChatError(
        500,
        "InternalServerError",
        "The server could not fulfill the request due to some unexpected failure.",
    )
