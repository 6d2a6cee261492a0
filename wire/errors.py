"""The error class of the API and its wire formats.

Errors of the chat data plane have two roots: `CommunicationError` as the real service sends it and
`error` as its specification defines it, so that clients written against either can read the code.
Errors of the identity data plane have only `error`.
"""

import json

from django.conf import settings
from django.http import HttpResponse


class ChatError(Exception):
    """An error response in the format of the protocol.

    `status` is the HTTP status, `code` the protocol's error code. As in the real service, the body
    has no message if `message` is None. `target` is the name of the invalid member.
    `specified_only` leaves out the `CommunicationError` root: the real service's gateway, which
    checks the api-version, does not send it.
    """

    def __init__(
        self,
        status: int,
        code: str,
        message: str | None = None,
        *,
        target: str | None = None,
        headers: dict[str, str] | None = None,
        specified_only: bool = False,
    ) -> None:
        super().__init__(message or code)
        self.status = status
        self.code = code
        self.message = message
        self.target = target
        self.headers = headers or {}
        self.specified_only = specified_only


def unauthorized() -> ChatError:
    """401: a missing, malformed, expired or revoked credential."""
    return ChatError(401, "Unauthorized", "Request is not authorized.")


def bad_request(message: str | None = None, *, target: str | None = None) -> ChatError:
    return ChatError(400, "BadRequest", message, target=target)


def forbidden(message: str | None = None) -> ChatError:
    """403 Forbidden, by default with the real service's message for non-participants."""
    return ChatError(
        403,
        "Forbidden",
        message or "The initiator doesn't have the permission to perform the requested operation.",
    )


def not_found(message: str | None = None) -> ChatError:
    return ChatError(404, "NotFound", message)


def thread_not_found() -> ChatError:
    """404 for a valid thread id of a thread that does not exist (REST contract 9.2)."""
    return not_found("The specified thread id was not found.")


def too_large(what: str, limit: int) -> ChatError:
    """400 for a value over a limit; `what` describes it, `limit` is in UTF-8 bytes."""
    return bad_request(f"{what} must not exceed {limit} bytes.")


def body_too_large() -> ChatError:
    """413 for a request body over the limit."""
    limit = settings.LIMITS.request_bytes
    return ChatError(413, "RequestEntityTooLarge", f"The body must not exceed {limit} bytes.")


def unavailable() -> ChatError:
    """503 for a temporary problem; nothing was stored, so that the SDKs can retry."""
    return ChatError(
        503,
        "ServiceUnavailable",
        "The server is currently unable to handle the request.",
        headers={"Retry-After": "1"},
    )


def _specified_error(error: ChatError) -> dict[str, object]:
    body: dict[str, object] = {"code": error.code, "message": error.message or error.code}
    if error.target:
        body["target"] = error.target
    return body


def _pretty(body: dict[str, object]) -> bytes:
    # The real service indents error bodies by two spaces and ends lines with CRLF.
    return json.dumps(body, indent=2, ensure_ascii=False).replace("\n", "\r\n").encode()


def chat_error_body(error: ChatError) -> bytes:
    """The body of a chat error; empty for 401 (REST contract 9)."""
    if error.status == 401:
        return b""
    roots: dict[str, object] = {"error": _specified_error(error)}
    if not error.specified_only:
        recorded: dict[str, object] = {"Code": error.code}
        if error.message is not None:
            recorded["Message"] = error.message
        recorded["Details"] = []
        roots = {"CommunicationError": recorded, **roots}
    return _pretty(roots)


def identity_error_body(error: ChatError) -> bytes:
    """The body of an identity error: `error`, always with code and message."""
    return json.dumps({"error": _specified_error(error)}, ensure_ascii=False).encode()


def chat_error_response(error: ChatError) -> HttpResponse:
    """A refusal of the chat data plane; without body and content type for 401."""
    body = chat_error_body(error)
    response = HttpResponse(body, status=error.status, content_type="application/json")
    if not body:
        del response["Content-Type"]
        response["Content-Length"] = "0"
    return response
