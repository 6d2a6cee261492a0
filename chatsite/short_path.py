"""Runs hot operations in front of Django's handler (see `wire.short_path`).

What middleware does for other requests is done here: cross-origin headers, the protocol's headers
and metrics. `tests/test_short_path.py` compares every answer with that of the ordinary view, byte
by byte.
"""

import asyncio
import base64
import logging
import re
import secrets
import time
from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple

from django.conf import settings
from django.db import DatabaseError, connection
from django.http.request import split_domain_port, validate_host
from django.utils.http import http_date
from django.utils.module_loading import import_string

from chatsite.https import scheme_of
from monitoring.answered_requests import AnsweredRequest
from monitoring.middleware import record_answered
from monitoring.operations import named_operation
from wire.errors import ChatError, unavailable
from wire.routes import ShortPath, routes
from wire.short_path import Prepare, ShortAnswer, ShortRequest, Work, parse_query
from wire.times import now_ms
from wire.transactions import OutcomeUnknown
from wire.versions import NEWEST, SUPPORTED, SUPPORTED_HEADER
from wire.write_queue import Batched, WriteQueue

logger = logging.getLogger(__name__)

Headers = list[tuple[bytes, bytes]]

# Headers that change what a request means, or that only the ordinary views understand.
_UNUSUAL = (
    b"x-http-method-override",
    b"content-encoding",
    b"expect",
    b"repeatability-request-id",
    b"upgrade",
)


class _Operation(NamedTuple):
    path: ShortPath
    prepare: Prepare


class Call(NamedTuple):
    """A request for a hot operation, and the work to do for it."""

    path: ShortPath
    request: ShortRequest
    work: Work


class ShortPaths:
    """The hot operations of all rooms."""

    def __init__(self, executor: Any) -> None:
        self._executor = executor
        self._operations = [
            _Operation(one, import_string(one.prepare))
            for route in routes()
            for one in (route.short_paths if settings.CHATSITE_SHORT_PATH else ())
        ]
        alternatives = (
            f"(?P<o{place}>{operation.path.method} {_unnamed(operation.path.expression)})"
            for place, operation in enumerate(self._operations)
        )
        self._table = re.compile("|".join(alternatives) or r"(?!)")
        self._patterns = [re.compile(one.path.expression) for one in self._operations]
        self._writer = WriteQueue()
        self._shared_headers = _shared_headers()

    def find(self, scope: dict[str, Any]) -> int | None:
        """The number of the hot operation that a request asks for, if any."""
        found = self._table.fullmatch(f"{scope['method']} {scope['path']}")
        return int(found.lastgroup[1:]) if found is not None and found.lastgroup else None

    async def answer(self, number: int, scope: dict[str, Any], body: bytes, send: Any) -> bool:
        """Answers a request for operation `number`; False if the ordinary view must.

        Raises ChatError 503 if it is not known whether the request was carried out.
        """
        started = time.perf_counter()
        call = self.prepare(number, scope, body)
        if call is None:
            return False
        try:
            answer = await self._run(call)
        except OutcomeUnknown:
            # The view might do it a second time.
            raise unavailable() from None
        except (ChatError, DatabaseError):
            return False
        except Exception:
            # Nothing has been written, so the view can still answer.
            logger.exception("Short path failed operation=%s", call.path.operation)
            return False
        if answer is None:
            return False
        head = self.finish(scope, call, answer, started)
        await send({"type": "http.response.start", "status": answer.status, "headers": head})
        await send({"type": "http.response.body", "body": answer.body})
        return True

    def prepare(self, number: int, scope: dict[str, Any], body: bytes) -> "Call | None":
        """The call for a request; None if the ordinary view must answer it."""
        operation = self._operations[number]
        request = self._request(number, scope, body)
        work = _prepared(operation, request) if request is not None else None
        return Call(operation.path, request, work) if request and work else None

    async def _run(self, call: "Call") -> ShortAnswer | None:
        # SQLite has one writer at a time; elsewhere, threads of the pool can write concurrently.
        if call.path.writes and (_HAS_ONE_WRITER or isinstance(call.work, Batched)):
            return await self._writer.run(call.work)
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._executor, _run, call.work)

    def _request(self, number: int, scope: dict[str, Any], body: bytes) -> ShortRequest | None:
        """The request; None if it is unusual and the view must answer it."""
        headers = dict(scope["headers"])
        if len(headers) != len(scope["headers"]) or any(name in headers for name in _UNUSUAL):
            return None
        origin = headers.get(b"origin", b"")
        if b"[" in origin:
            # Not every such origin can be parsed.
            return None
        scheme = scheme_of(scope)
        if settings.SECURE_SSL_REDIRECT and scheme != "https":
            return None
        given = headers.get(b"host", b"")
        if settings.USE_X_FORWARDED_HOST:
            given = headers.get(b"x-forwarded-host", given)
        if len(given) > _MAX_HOST_LENGTH or len(scope["query_string"]) > _MAX_QUERY_LENGTH:
            # Strangers must not fill the caches of both.
            return None
        host = _host(given)
        found = self._patterns[number].fullmatch(scope["path"])
        parameters = parse_query(scope["query_string"])
        if host is None or found is None or parameters is None:
            return None
        return ShortRequest(
            headers=headers,
            scheme=scheme,
            host=host[0],
            host_name=host[1],
            query_params=parameters,
            parts=found.groupdict(),
            body=body,
        )

    def finish(
        self, scope: dict[str, Any], call: Call, answer: ShortAnswer, started: float
    ) -> Headers:
        """Records the request for monitoring; returns the headers in the ordinary view's order."""
        seconds = time.perf_counter() - started
        # The correlation vector of the real service: 128 random bits, and a counter.
        vector = base64.b64encode(secrets.token_bytes(16))[:22] + b".0"
        if call.path.operation:
            try:
                record_answered(_answered(scope, call, answer, seconds, vector))
            except Exception:
                # The request has succeeded.
                logger.exception("Request could not be counted path=%r", scope["path"])
        head: Headers = [(b"content-type", answer.content_type.encode()) if answer.body else _EMPTY]
        if answer.location:
            head.append((b"location", answer.location.encode("latin-1")))
        head += [(name.encode(), value.encode()) for name, value in answer.headers]
        head += (
            (b"date", _date(int(time.time()))),
            _VERSIONS,
            (b"ms-cv", vector),
            (b"x-processing-time", b"%dms" % round(seconds * 1000)),
        )
        return head + self._shared_headers[bool(call.request.headers.get(b"origin"))]


def _answered(
    scope: dict[str, Any], call: Call, answer: ShortAnswer, seconds: float, vector: bytes
) -> AnsweredRequest:
    """What monitoring records, like `monitoring.request_log.answered` for other requests."""
    headers = call.request.headers
    user_agent = headers.get(b"x-ms-useragent") or headers.get(b"user-agent", b"")
    client = scope.get("client")
    assert answer.resource_id is not None, "an operation with a name has a caller"
    return AnsweredRequest(
        operation=named_operation(call.path.operation),
        at_ms=now_ms(),
        milliseconds=seconds * 1000,
        status=answer.status,
        resource_id=answer.resource_id,
        scheme=call.request.scheme,
        host=call.request.host,
        path=scope["path"],
        query=scope["query_string"].decode("latin-1"),
        user_agent=user_agent.decode("latin-1"),
        correlation_id=(headers.get(b"x-ms-client-request-id") or vector).decode("latin-1"),
        address=client[0] if client else "",
        raw_id=answer.raw_id,
        scopes=answer.scopes,
        thread_id=answer.thread_id,
        message_id=answer.message_id,
    )


_HAS_ONE_WRITER = connection.vendor == "sqlite"
# In bytes; hosts and queries of clients are far shorter.
_MAX_HOST_LENGTH = 300
_MAX_QUERY_LENGTH = 1000
_EMPTY = (b"content-length", b"0")
_VERSIONS = (b"api-supported-versions", SUPPORTED_HEADER.encode())


def _prepared(operation: _Operation, request: ShortRequest) -> Work | None:
    version = SUPPORTED.get(request.query_params.get("api-version", ""))
    if not operation.path.is_versioned:
        version = NEWEST
    if version is None:
        return None
    try:
        return operation.prepare(request, version)
    except ChatError:
        return None


def _run(work: Callable[[], ShortAnswer | None]) -> ShortAnswer | None:
    """Runs work in a thread of the pool, which keeps its connection until it runs a view."""
    try:
        return work()
    except DatabaseError:
        # The connection may be broken; the next request opens a new one.
        connection.close()
        raise


@lru_cache(1)
def _date(second: int) -> bytes:
    """The Date header of answers in this second since the epoch."""
    return http_date(second).encode()


def _unnamed(expression: str) -> str:
    return re.sub(r"[(][?]P<[a-z_]+>", "(?:", expression)


@lru_cache(1024)
def _host(given: bytes) -> tuple[str, str] | None:
    """The Host header and its host name; None if it is not a host of this server."""
    host = given.decode("latin-1")
    domain, _ = split_domain_port(host)
    if not domain or not validate_host(domain, settings.ALLOWED_HOSTS):
        return None
    from identity.hosts import host_name

    return host, host_name(host)


def _shared_headers() -> dict[bool, Headers]:
    """The headers of every response, by whether the request has an Origin header."""
    always: Headers = []
    if settings.SECURE_HSTS_SECONDS:
        value = f"max-age={settings.SECURE_HSTS_SECONDS};includeSubDomains"
        always.append((b"strict-transport-security", value.encode()))
    always.append((b"vary", b"origin"))
    exposed = ", ".join(settings.CORS_EXPOSE_HEADERS).encode()
    for_pages = [
        (b"access-control-allow-origin", b"*"),
        (b"access-control-expose-headers", exposed),
    ]
    return {False: always, True: [*always, *for_pages]}
