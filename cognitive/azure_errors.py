"""The error formats of Azure's cognitive APIs."""

from django.http import HttpResponse

from wire import strict_json
from wire.errors import ChatError

_JSON = "application/json; charset=utf-8"
_UNAUTHORIZED = (
    "Access denied due to invalid subscription key or access token. Send an access key of the "
    "resource that this host belongs to, or a valid access token of one of its users."
)
# Translator's error codes are the HTTP status and three digits (cognitive contract 4). These are
# the messages for errors outside the checks of `cognitive.translator`.
_TRANSLATOR_MESSAGES = {
    400: "One of the request inputs is not valid.",
    401: "The request is not authorized because credentials are missing or invalid.",
    404: "The requested resource was not found.",
    405: "The request method is not supported for the requested resource.",
    415: "The Content-Type header is missing or invalid.",
}


class LanguageError(ChatError):
    """An error of the Language API, which has a general code and a specific inner one."""

    def __init__(self, inner_code: str, message: str) -> None:
        super().__init__(400, "InvalidRequest", message)
        self.inner_code = inner_code


def translator_error_response(error: ChatError) -> HttpResponse:
    """The error response of the Translator API (cognitive contract 4)."""
    return _json(error.status, _translator_error(error))


def language_error_response(error: ChatError) -> HttpResponse:
    """The error response of the Language API (cognitive contract 5)."""
    return _json(error.status, _language_error(error))


def speech_error_response(error: ChatError) -> HttpResponse:
    """The error response of the Speech API (cognitive contract 6)."""
    return _json(error.status, {"code": error.code, "message": _text(error)})


def _json(status: int, error: dict[str, object]) -> HttpResponse:
    return HttpResponse(strict_json.render({"error": error}), status=status, content_type=_JSON)


def _translator_error(error: ChatError) -> dict[str, object]:
    code = int(error.code) if error.code.isdigit() else error.status * 1000
    message = error.message if error.status != 401 else None
    return {"code": code, "message": message or _TRANSLATOR_MESSAGES.get(error.status, error.code)}


def _language_error(error: ChatError) -> dict[str, object]:
    if error.status in (401, 404, 429):
        return {"code": str(error.status), "message": _text(error)}
    if error.status != 400:
        return {"code": error.code, "message": _text(error)}
    inner = error.inner_code if isinstance(error, LanguageError) else "InvalidRequestBodyFormat"
    return {
        "code": "InvalidRequest",
        "message": "Invalid Request.",
        "innererror": {"code": inner, "message": _text(error)},
    }


def _text(error: ChatError) -> str:
    return _UNAUTHORIZED if error.status == 401 else error.message or error.code
