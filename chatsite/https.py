"""Whether a connection is encrypted, and how plain http is refused where it is not allowed."""

from typing import Any

from django.conf import settings

from wire.errors import ChatError, forbidden

_SECURE = {"https", "wss"}


def scheme_of(scope: dict[str, Any]) -> str:
    """`https` or `http`, as Django determines it (`HttpRequest.scheme`); also for WebSockets."""
    if settings.SECURE_PROXY_SSL_HEADER:
        name, secure = settings.SECURE_PROXY_SSL_HEADER
        value = _header(scope, name.removeprefix("HTTP_").replace("_", "-").lower().encode())
        if value is not None:
            first = value.decode("latin-1").split(",", 1)[0].strip()
            # Some proxies send `wss` with the handshake of a WebSocket.
            is_secure = first == secure or (scope["type"] == "websocket" and first == "wss")
            return "https" if is_secure else "http"
    return "https" if scope.get("scheme") in _SECURE else "http"


def must_refuse(scope: dict[str, Any]) -> bool:
    """Whether the connection is not encrypted although this server requires it."""
    return bool(settings.SECURE_SSL_REDIRECT) and scheme_of(scope) != "https"


def plain_http_refused() -> ChatError:
    """403 instead of a redirect: the token was sent unencrypted and must not be sent again."""
    return forbidden(
        "This server requires HTTPS. Behind a proxy that terminates TLS, set "
        "CHATSITE_TRUST_PROXY=1."
    )


def _header(scope: dict[str, Any], wanted: bytes) -> bytes | None:
    return next((value for name, value in scope["headers"] if name == wanted), None)
