"""Who opens a socket, or posts sound: found on the loop's behalf, in threads for the database."""

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
from cognitive.speech.slots import Owner
from identity.hosts import host_name

_KEY = "ocp-apim-subscription-key"
_BEARER = "authorization"
# Ours are shorter, and so is what a query may hold before it is not worth reading.
_LONGEST_QUERY = 8 * 1024

_threads = ThreadPoolExecutor(2, thread_name_prefix="speech-callers")


_Look = Callable[["Credentials", str], CognitiveCaller | None]


class NoAnswer(Exception):
    """The database does not say who it is."""


@dataclass(frozen=True)
class Credentials:
    """What a client shows. What it does not send is ""; `given` is false if it sends nothing."""

    key: str
    bearer: str
    given: bool


def as_request(scope: dict[str, Any]) -> ASGIRequest:
    """The request behind an ASGI scope, a WebSocket's handshake included."""
    as_http = {"method": "GET", "scheme": "http"} | scope | {"type": "http"}
    return ASGIRequest(as_http, io.BytesIO())


def parameters(scope: dict[str, Any]) -> dict[str, str]:
    """The query's parameters, by name in lower case; the first of a name counts."""
    query = scope.get("query_string", b"")
    if len(query) > _LONGEST_QUERY:
        return {}
    found: dict[str, str] = {}
    for name, value in parse_qsl(query.decode("latin-1"), keep_blank_values=True):
        found.setdefault(name.lower(), value)
    return found


def shown(scope: dict[str, Any], query: dict[str, str]) -> Credentials:
    """Key and token in the headers or, from browsers, which can set none, in the query."""
    names = {name.decode("latin-1").lower(): value for name, value in scope["headers"]}
    headers = {name: names[name].decode("latin-1") for name in (_KEY, _BEARER) if name in names}
    sent = {name: query[name] for name in (_KEY, _BEARER) if name in query} | headers
    return Credentials(sent.get(_KEY, "").strip(), _token(sent.get(_BEARER, "")), given=bool(sent))


def _token(authorization: str) -> str:
    scheme, _, token = authorization.strip().partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


async def find(credentials: Credentials, host: str) -> CognitiveCaller | None:
    """The caller whose credentials these are; `host` is a Host header. Raises NoAnswer."""
    return await _in_thread(_find, credentials, host)


async def find_and_count(credentials: Credentials, host: str) -> CognitiveCaller | None:
    """As `find`, and counts it as a request of the user. Raises ChatError 429, too."""
    return await _in_thread(_find_and_count, credentials, host)


def _find(credentials: Credentials, host: str) -> CognitiveCaller | None:
    return cognitive_caller(key=credentials.key, bearer=credentials.bearer, host=host_name(host))


def _find_and_count(credentials: Credentials, host: str) -> CognitiveCaller | None:
    caller = _find(credentials, host)
    if caller is not None and caller.user is not None:
        limits.require_turn(caller.user.user_id)
    return caller


async def _in_thread(look: _Look, credentials: Credentials, host: str) -> CognitiveCaller | None:
    loop = asyncio.get_running_loop()
    try:
        return await loop.run_in_executor(_threads, _with_connection, look, credentials, host)
    except DatabaseError:
        raise NoAnswer from None


def _with_connection(look: _Look, credentials: Credentials, host: str) -> CognitiveCaller | None:
    try:
        return look(credentials, host)
    except DatabaseError:
        # It may be broken, and the next one deserves a good one.
        connection.close()
        raise
    finally:
        # A pooled connection goes back to the pool; SQLite's own stays open.
        if connection.vendor != "sqlite" and not connection.in_atomic_block:
            connection.close()


def owner_of(caller: CognitiveCaller) -> Owner:
    """To whom a stream of this caller is counted."""
    return Owner(caller.resource_id, caller.user.user_id if caller.user else None)
