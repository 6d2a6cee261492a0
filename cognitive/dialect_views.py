"""The base of the views that speak a dialect of Azure's text services."""

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


class DialectView(WireView):
    """Authenticates as Azure's services do, and counts what users ask for.

    `request.user` is a CognitiveCaller.
    """

    authentication_classes: tuple[type, ...] = (CognitiveAuthentication,)
    http_method_names = ["get", "head", "post"]
    # What answers call a request.
    request_id_header = "apim-request-id"

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """The credential; then 405 before anything else is looked at; then the user's limit."""
        super().initial(request, *args, **kwargs)
        caller: object = request.user
        is_offered = hasattr(self, (request.method or "").lower())
        if is_offered and isinstance(caller, CognitiveCaller) and caller.user is not None:
            limits.require_turn(caller.user.user_id)

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
        """Engines that are not there are a 503, busy ones a 429."""
        if isinstance(exc, EngineBusy):
            exc = ChatError(429, "TooManyRequests", str(exc), headers={"Retry-After": "1"})
        elif isinstance(exc, EngineUnavailable):
            return self.render_error(_unavailable(exc))
        return super().handle_exception(exc)

    def render_error(self, error: ChatError) -> HttpResponse:
        """The answer to a refused request, in the path's dialect."""
        return refusal(self.request.path_info, error)

    def finalize_response(
        self, request: Request, response: HttpResponseBase, *args: Any, **kwargs: Any
    ) -> Any:
        """Names the request; the headers of the chat API would mean nothing here."""
        response.headers["date"] = http_date()
        response.headers[self.request_id_header] = str(uuid.uuid4())
        if settings.SECURE_HSTS_SECONDS:
            seconds = settings.SECURE_HSTS_SECONDS
            response.headers["strict-transport-security"] = f"max-age={seconds};includeSubDomains"
        return response


class UnknownDialectView(DialectView):
    """Answers whatever is below a prefix of a dialect but is no operation of it."""

    authentication_classes = ()

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Refuses."""
        raise not_found("The requested resource was not found.")


def _unavailable(problem: EngineUnavailable) -> ChatError:
    after = problem.retry_after_s
    return ChatError(
        503,
        "ServiceUnavailable",
        f"No engine can answer at the moment. {problem}",
        headers={"Retry-After": str(after)} if after else {},
    )
