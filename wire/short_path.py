"""The short path: hot operations answered without Django's handler, middleware and views.

A route names its hot operations (`wire.routes.ShortPath`). An operation answers the ordinary
success only. For anything else it returns None and the view handles the request, so that each
error has one implementation. `chatsite.short_path` runs it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl, quote
from uuid import UUID

from wire import strict_json, versions

Parameters = dict[str, str]


@lru_cache(4096)
def parse_query(query: bytes) -> Parameters | None:
    """The parameters of a query string; None if it is malformed or repeats one."""
    try:
        pairs = parse_qsl(query.decode("ascii"), keep_blank_values=True, strict_parsing=True)
    except ValueError:
        return None
    found = dict(pairs)
    return found if len(found) == len(pairs) else None


class ShortRequest:
    """A request for a hot operation, with only what operations need.

    `query_params` are the parameters of the query; `host` is the Host header, which names a host of
    this server, and `host_name` the same without its port; `scheme` is the one that the client
    used; `parts` are the named groups of the operation's pattern.
    """

    __slots__ = ("body", "headers", "host", "host_name", "parts", "query_params", "scheme")

    def __init__(
        self,
        *,
        headers: dict[bytes, bytes],
        scheme: str,
        host: str,
        host_name: str,
        query_params: Parameters,
        parts: dict[str, str],
        body: bytes,
    ) -> None:
        self.headers, self.scheme, self.host, self.host_name = headers, scheme, host, host_name
        self.query_params, self.parts, self.body = query_params, parts, body

    def get_host(self) -> str:
        """The Host header."""
        return self.host

    def token(self) -> str:
        """The token of the Authorization header, "" without one."""
        scheme, _, token = self.headers.get(b"authorization", b"").partition(b" ")
        return token.strip().decode("latin-1") if scheme.lower() == b"bearer" else ""

    def json(self) -> dict[str, Any]:
        """The JSON object of the body. Raises ChatError."""
        return strict_json.parse_object(self.body)

    def has_json_type(self) -> bool:
        """Whether the Content-Type is one that the views accept."""
        content_type = self.headers.get(b"content-type", b"application/json")
        return content_type.partition(b";")[0].strip().lower().endswith(b"json")

    def absolute(self, path: str) -> str:
        """`path` on the scheme and host that the client used."""
        return f"{self.scheme}://{self.host}{path}"

    def thread_location(self, thread_id: str) -> str:
        """The address of a thread; see `threads.views.thread_location`."""
        return self.absolute(f"/chat/threads/{quote(thread_id, safe='@')}")


@dataclass(slots=True)
class ShortAnswer:
    """A successful response. `resource_id` to `message_id` are recorded by monitoring."""

    status: int
    body: bytes
    location: str = ""
    resource_id: UUID | None = None
    raw_id: str = ""
    scopes: frozenset[str] = frozenset()
    thread_id: str = ""
    message_id: str = ""
    content_type: str = "application/json; charset=utf-8"
    # In addition to those of every response.
    headers: tuple[tuple[str, str], ...] = ()


# Runs with a database connection at hand, in a transaction if it writes; None: the view answers.
Work = Callable[[], ShortAnswer | None]
# Runs in the event loop, so it must not wait; None: the view answers.
Prepare = Callable[[ShortRequest, versions.ApiVersion], Work | None]
