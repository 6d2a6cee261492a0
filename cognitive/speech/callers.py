"""Authenticates speech requests in threads, because the database would block the event loop."""

import asyncio
import io
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from django.core.handlers.asgi import ASGIRequest
from django.db import DatabaseError, connection

from cognitive import limits
from cognitive.credentials import CognitiveCaller, cognitive_caller
from cognitive.speech.stream_limits import StreamOwner
from identity.hosts import host_name

_KEY = "ocp-apim-subscription-key"
_BEARER = "authorization"
# Longer queries than any SDK sends are ignored.
_MAX_QUERY_BYTES = 8 * 1024

_threads = ThreadPoolExecutor(2, thread_name_prefix="speech-callers")


_Lookup = Callable[["Credentials", str], CognitiveCaller | None]


class CallerLookupFailed(Exception):
    """The database cannot be reached."""


@dataclass(frozen=True)
class Credentials:
    """The credentials of a request; a missing one is "". `is_present` is false without any."""

    key: str
    bearer: str
    is_present: bool


def as_request(scope: dict[str, Any]) -> ASGIRequest:
    """The request of an ASGI scope, which may be the handshake of a WebSocket."""
    as_http = {"method": "GET", "scheme": "http"} | scope | {"type": "http"}
    return ASGIRequest(as_http, io.BytesIO())


def query_parameters(scope: dict[str, Any]) -> dict[str, str]:
    """The query parameters by lowercase name; the first of several with a name is used."""
    query = scope.get("query_string", b"")
    if len(query) > _MAX_QUERY_BYTES:
        return {}
    found: dict[str, str] = {}
    for name, value in parse_qsl(query.decode("latin-1"), keep_blank_values=True):
        found.setdefault(name.lower(), value)
    return found


def read_credentials(scope: dict[str, Any], query: dict[str, str]) -> Credentials:
    """Reads key and token from the headers or the query, because browsers cannot set headers."""
    names = {name.decode("latin-1").lower(): value for name, value in scope["headers"]}
    headers = {name: names[name].decode("latin-1") for name in (_KEY, _BEARER) if name in names}
    sent = {name: query[name] for name in (_KEY, _BEARER) if name in query} | headers
    return Credentials(
        sent.get(_KEY, "").strip(), _token(sent.get(_BEARER, "")), is_present=bool(sent)
    )


def _token(authorization: str) -> str:
    scheme, _, token = authorization.strip().partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


async def find_caller(credentials: Credentials, host: str) -> CognitiveCaller | None:
    """The caller with these credentials; `host` is a Host header. Raises CallerLookupFailed."""
    return await _in_thread(_find, credentials, host)


async def find_caller_and_count(credentials: Credentials, host: str) -> CognitiveCaller | None:
    """Like `find_caller`, and counts a request of the user. Raises also ChatError 429."""
    return await _in_thread(_find_and_count, credentials, host)


def _find(credentials: Credentials, host: str) -> CognitiveCaller | None:
    return cognitive_caller(key=credentials.key, bearer=credentials.bearer, host=host_name(host))


def _find_and_count(credentials: Credentials, host: str) -> CognitiveCaller | None:
    caller = _find(credentials, host)
    if caller is not None and caller.user is not None:
        limits.enforce_request_limit(caller.user.user_id)
    return caller


async def _in_thread(
    lookup: _Lookup, credentials: Credentials, host: str
) -> CognitiveCaller | None:
    loop = asyncio.get_running_loop()
    try:
        return await loop.run_in_executor(_threads, _with_connection, lookup, credentials, host)
    except DatabaseError:
        raise CallerLookupFailed from None


def _with_connection(
    lookup: _Lookup, credentials: Credentials, host: str
) -> CognitiveCaller | None:
    try:
        return lookup(credentials, host)
    except DatabaseError:
        # The connection may be broken.
        connection.close()
        raise
    finally:
        # Returns the connection to the pool; that of SQLite stays open.
        if connection.vendor != "sqlite" and not connection.in_atomic_block:
            connection.close()


def stream_owner(caller: CognitiveCaller) -> StreamOwner:
    """The owner to whom a stream of this caller is counted."""
    return StreamOwner(caller.resource_id, caller.user.user_id if caller.user else None)
