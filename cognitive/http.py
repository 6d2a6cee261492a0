"""Asking an engine elsewhere, with one deadline for the whole answer."""

import json
import time
from typing import Any

import urllib3

from cognitive.abilities import EngineUnavailable

# Seconds for everything, and bytes of an answer.
DEADLINE_S = 3.0
_MOST_BYTES = 4_000_000

_pool = urllib3.PoolManager(
    maxsize=4,
    # Redirects would carry the key elsewhere; whether to ask again is for the breaker to say.
    retries=urllib3.Retry(total=0, redirect=0, raise_on_redirect=False),
)


class Refused(EngineUnavailable):
    """The engine answered with an error; `status` is its HTTP status."""

    def __init__(self, name: str, status: int) -> None:
        super().__init__(f"{name} answered with status {status}.")
        self.status = status


def ask(
    name: str,
    method: str,
    url: str,
    *,
    body: object = None,
    headers: dict[str, str] | None = None,
    seconds: float = DEADLINE_S,
) -> Any:
    """The JSON that the engine `name` answers with; `body` is JSON unless it is bytes.

    Raises EngineUnavailable, its subclass Refused for any status but 200; neither tells the
    address, a key or what was sent.
    """
    deadline = time.monotonic() + seconds
    try:
        response = _pool.request(
            method,
            url,
            body=body if body is None or isinstance(body, bytes) else json.dumps(body).encode(),
            headers={"Accept": "application/json", "Content-Type": "application/json"}
            | (headers or {}),
            timeout=urllib3.Timeout(connect=seconds, read=seconds),
            preload_content=False,
            redirect=False,
        )
        try:
            content = _read(name, response, deadline)
            response.release_conn()
        except BaseException:
            response.close()
            raise
    except (urllib3.exceptions.HTTPError, OSError) as problem:
        raise EngineUnavailable(f"{name} did not answer ({type(problem).__name__}).") from None
    if response.status != 200:
        raise Refused(name, response.status)
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        raise EngineUnavailable(f"{name} answered with something that is not JSON.") from None


def _read(name: str, response: urllib3.BaseHTTPResponse, deadline: float) -> bytes:
    # A timeout begins anew with every byte, so the clock is looked at between them.
    content = b""
    while piece := response.read1(65_536):
        content += piece
        if time.monotonic() > deadline:
            raise EngineUnavailable(f"{name} took too long to answer.")
        if len(content) > _MOST_BYTES:
            raise EngineUnavailable(f"{name} answered with too much.")
    return content


class Memory:
    """What was asked once is remembered for a day."""

    KEPT_S = 86_400.0

    def __init__(self) -> None:
        self._known: dict[str, tuple[float, Any]] = {}

    def get(self, key: str, ask_anew: Any) -> Any:
        """What `ask_anew()` returned within a day; what it raises is not remembered."""
        at, value = self._known.get(key, (0.0, None))
        if value is None or time.monotonic() - at > self.KEPT_S:
            value = ask_anew()
            self._known[key] = (time.monotonic(), value)
        return value
