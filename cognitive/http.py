"""JSON requests to remote engines, with one deadline for the whole response."""

import json
import time
from typing import Any

import urllib3

from cognitive.abilities import EngineUnavailable

# Seconds for the whole exchange, and the maximum size of a response in bytes.
DEADLINE_S = 3.0
_MAX_BYTES = 4_000_000

_pool = urllib3.PoolManager(
    maxsize=4,
    # A redirect would send the key to another host; retries are up to the circuit breaker.
    retries=urllib3.Retry(total=0, redirect=0, raise_on_redirect=False),
)


class ErrorResponse(EngineUnavailable):
    """The engine responded with an HTTP status other than 200."""

    def __init__(self, name: str, status: int) -> None:
        super().__init__(f"{name} answered with status {status}.")
        self.status = status


def request_json(
    name: str,
    method: str,
    url: str,
    *,
    body: object = None,
    headers: dict[str, str] | None = None,
    seconds: float = DEADLINE_S,
) -> Any:
    """The JSON response of the engine `name`; `body` is sent as JSON unless it is bytes.

    Raises EngineUnavailable, in particular ErrorResponse for any status but 200. The exceptions
    contain no address, no key and nothing of the request.
    """
    status, content = _exchange(
        name,
        method,
        url,
        body if body is None or isinstance(body, bytes) else json.dumps(body).encode(),
        {"Accept": "application/json", "Content-Type": "application/json"} | (headers or {}),
        seconds,
    )
    if status != 200:
        raise ErrorResponse(name, status)
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        raise EngineUnavailable(f"{name} sent a response that is not JSON.") from None


def _exchange(
    name: str,
    method: str,
    url: str,
    body: bytes | None,
    headers: dict[str, str],
    seconds: float,
) -> tuple[int, bytes]:
    """Status and body of the response. Raises EngineUnavailable."""
    deadline = time.monotonic() + seconds
    try:
        response = _pool.request(
            method,
            url,
            body=body,
            headers=headers,
            timeout=urllib3.Timeout(connect=seconds, read=seconds),
            preload_content=False,
            redirect=False,
        )
        return response.status, _read(name, response, deadline)
    except (urllib3.exceptions.HTTPError, OSError) as problem:
        raise EngineUnavailable(f"{name} did not respond ({type(problem).__name__}).") from None


def _read(name: str, response: urllib3.BaseHTTPResponse, deadline: float) -> bytes:
    """The whole body; the connection is only reused if it could be read."""
    try:
        content = _read_until(name, response, deadline)
        response.release_conn()
        return content
    except BaseException:
        response.close()
        raise


def _read_until(name: str, response: urllib3.BaseHTTPResponse, deadline: float) -> bytes:
    # urllib3's timeout restarts with every byte received, so the deadline is checked here.
    content = b""
    while piece := response.read1(65_536):
        content += piece
        if time.monotonic() > deadline:
            raise EngineUnavailable(f"{name} took too long to respond.")
        if len(content) > _MAX_BYTES:
            raise EngineUnavailable(f"{name} sent a response that is too large.")
    return content


class DailyCache:
    """Caches values for a day."""

    LIFETIME_S = 86_400.0

    def __init__(self) -> None:
        self._known: dict[str, tuple[float, Any]] = {}

    def get(self, key: str, fetch: Any) -> Any:
        """The cached value, or that of `fetch()`; its exceptions are not cached."""
        at, value = self._known.get(key, (0.0, None))
        if value is None or time.monotonic() - at > self.LIFETIME_S:
            value = fetch()
            self._known[key] = (time.monotonic(), value)
        return value
