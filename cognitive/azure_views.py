"""The base class of the views for Azure's text services."""

import uuid
from typing import Any

from django.conf import settings
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.utils.http import http_date
from rest_framework.request import Request

from cognitive import limits
from cognitive.abilities import EngineBusy, EngineUnavailable
from cognitive.credentials import CognitiveAuthentication, CognitiveCaller
from wire import strict_json
from wire.errors import ChatError, not_found
from wire.routes import refusal
from wire.views import WireView, raw_body


class AzureView(WireView):
    """Authenticates like Azure's services and enforces the users' request limit.

    `request.user` is a CognitiveCaller.
    """

    authentication_classes: tuple[type, ...] = (CognitiveAuthentication,)
    http_method_names = ["get", "head", "post"]
    # The response header with the id of the request.
    request_id_header = "apim-request-id"

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Authenticates, and enforces the limit unless the method is not allowed (405)."""
        super().initial(request, *args, **kwargs)
        caller: object = request.user
        is_offered = hasattr(self, (request.method or "").lower())
        if is_offered and isinstance(caller, CognitiveCaller) and caller.user is not None:
            limits.enforce_request_limit(caller.user.user_id)

    def json(self, request: Request) -> Any:
        """The JSON value of the body. Raises ChatError 400, 413 and 415."""
        body = raw_body(request)
        content_type = request.META.get("CONTENT_TYPE", "").partition(";")[0].strip().lower()
        if not content_type.endswith("json"):
            raise ChatError(
                415, "UnsupportedMediaType", "The Content-Type must be application/json."
            )
        return strict_json.parse_value(body)

    def handle_exception(self, exc: Exception) -> HttpResponse:  # type: ignore[override]
        """Maps EngineUnavailable to 503 and EngineBusy to 429."""
        if isinstance(exc, EngineBusy):
            exc = ChatError(429, "TooManyRequests", str(exc), headers={"Retry-After": "1"})
        elif isinstance(exc, EngineUnavailable):
            return self.render_error(_unavailable(exc))
        return super().handle_exception(exc)

    def render_error(self, error: ChatError) -> HttpResponse:
        """The error in the format of the service that the path belongs to."""
        return refusal(self.request.path_info, error)

    def finalize_response(
        self, request: Request, response: HttpResponseBase, *args: Any, **kwargs: Any
    ) -> Any:
        """Adds the request id. The headers of the chat API are not part of these services."""
        response.headers["date"] = http_date()
        response.headers[self.request_id_header] = str(uuid.uuid4())
        if settings.SECURE_HSTS_SECONDS:
            seconds = settings.SECURE_HSTS_SECONDS
            response.headers["strict-transport-security"] = f"max-age={seconds};includeSubDomains"
        return response


class UnknownAzureRouteView(AzureView):
    """404 for paths under the prefix of a service that are not operations."""

    authentication_classes = ()

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        raise not_found("The requested resource was not found.")


def _unavailable(problem: EngineUnavailable) -> ChatError:
    after = problem.retry_after_s
    return ChatError(
        503,
        "ServiceUnavailable",
        f"No engine is currently available. {problem}",
        headers={"Retry-After": str(after)} if after else {},
    )
