"""The one error family, and how it looks on the wire.

Chat answers carry two roots: `CommunicationError` as the real service sends it and `error` as its
specification promises it, so that applications written against either can read the code. Identity
answers carry `error` alone.
"""

import json

from django.conf import settings
from django.http import HttpResponse


class ChatError(Exception):
    """A refusal that the client can understand.

    `status` is the HTTP status, `code` the protocol's error code. `message` is left out of the
    body when it is None, as the real service does. `target` names the offending member.
    `specified_only` leaves out the `CommunicationError` root: api-version errors come from the
    service's front, which never had it.
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
    """400 BadRequest."""
    return ChatError(400, "BadRequest", message, target=target)


def forbidden(message: str | None = None) -> ChatError:
    """403 Forbidden, by default with the text that the real service uses for non-members."""
    return ChatError(
        403,
        "Forbidden",
        message or "The initiator doesn't have the permission to perform the requested operation.",
    )


def not_found(message: str | None = None) -> ChatError:
    """404 NotFound."""
    return ChatError(404, "NotFound", message)


def thread_not_found() -> ChatError:
    """404 for a well-formed thread id without a thread behind it (REST contract 9.2)."""
    return not_found("The specified thread id was not found.")


def too_large(what: str, limit: int) -> ChatError:
    """400 for a value over a limit; `what` names it, `limit` is in UTF-8 bytes."""
    return bad_request(f"{what} must not exceed {limit} bytes.")


def body_too_large() -> ChatError:
    """413 for a request body over the limit."""
    limit = settings.LIMITS.request_bytes
    return ChatError(413, "RequestEntityTooLarge", f"The body must not exceed {limit} bytes.")


def unavailable() -> ChatError:
    """503 for a moment's trouble; nothing was stored, so the SDKs may try again."""
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
    # The real service indents error bodies by two blanks and ends lines with CRLF.
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
    """The body of an identity error: `error` with code and message always present."""
    return json.dumps({"error": _specified_error(error)}, ensure_ascii=False).encode()


def chat_error_response(error: ChatError) -> HttpResponse:
    """A refusal of the chat data plane; without body and content type for 401."""
    body = chat_error_body(error)
    response = HttpResponse(body, status=error.status, content_type="application/json")
    if not body:
        del response["Content-Type"]
        response["Content-Length"] = "0"
    return response
