"""Paging: page sizes, cursors and next links (REST contract 7)."""

import base64
import binascii
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import quote, urlencode

from wire import times
from wire.errors import bad_request

LARGEST = 2**63 - 1


class QueryRequest(Protocol):
    """What paging needs of a request: one of REST framework, or of the short path."""

    @property
    def query_params(self) -> Mapping[str, str]:
        """The parameters of the query."""

    @property
    def scheme(self) -> str | None:
        """`http` or `https`, as the client used it."""

    def get_host(self) -> str:
        """The Host header. Raises DisallowedHost."""


def page_size(request: QueryRequest, *, default: int, maximum: int) -> int:
    """`maxPageSize`, at most `maximum`. Raises ChatError 400 if it is not a number or below 1."""
    return min(_whole_number(request, "maxPageSize", default, minimum=1), maximum)


def skip(request: QueryRequest) -> int:
    """The number of items to skip. Raises ChatError 400 if it is not a number."""
    return _whole_number(request, "skip", 0, minimum=0)


def _whole_number(request: QueryRequest, name: str, default: int, *, minimum: int) -> int:
    text = request.query_params.get(name)
    if text is None:
        return default
    if not text.isascii() or not text.isdigit() or len(text) > 18 or int(text) < minimum:
        raise bad_request(f"The value '{text}' is not valid for {name}.", target=name)
    return int(text)


def start_time(request: QueryRequest) -> int | None:
    """`startTime` in epoch milliseconds, or None. Raises ChatError 400 if it is not a time."""
    text = request.query_params.get("startTime")
    if text is None:
        return None
    try:
        return times.parse_link(text)
    except ValueError:
        raise bad_request(f"The value '{text}' is not valid for startTime.") from None


def next_link(request: QueryRequest, path: str, parameters: dict[str, object]) -> str:
    """An absolute link with the host and the api-version of the request.

    `path` is not escaped: the real service leaves the `:` and `@` of thread ids as they are.
    """
    query = {**parameters, "api-version": request.query_params["api-version"]}
    return f"{absolute(request, path)}?{urlencode(query, quote_via=quote, safe='')}"


def absolute(request: QueryRequest, path: str) -> str:
    """`path` with the scheme and host of the request."""
    return f"{request.scheme}://{request.get_host()}{path}"


def pack(numbers: Sequence[int]) -> str:
    """A cursor of whole numbers, in characters that need no escaping in URLs."""
    raw = struct.pack(f"<{len(numbers)}q", *numbers)
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def unpack(token: str, count: int) -> tuple[int, ...]:
    """The `count` numbers in a cursor. Raises ChatError 400 for an invalid one."""
    try:
        raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
        return struct.unpack(f"<{count}q", raw)
    except (binascii.Error, struct.error, ValueError):
        raise bad_request("The value of syncState is not valid.", target="syncState") from None


@dataclass(frozen=True)
class Window:
    """A page of a list that is paged by position: `size` items at most, after `skip` items."""

    skip: int
    size: int

    @classmethod
    def of(cls, request: QueryRequest, *, default: int, maximum: int) -> "Window":
        """The window of the query parameters `skip` and `maxPageSize`."""
        return cls(skip(request), page_size(request, default=default, maximum=maximum))

    @property
    def stop(self) -> int:
        """The position after the last item."""
        return self.skip + self.size


def window_body(
    request: QueryRequest, path: str, window: Window, items: list[dict[str, object]], *, more: bool
) -> dict[str, object]:
    """`{value, nextLink?}` for a list that is paged by position."""
    body: dict[str, object] = {"value": items}
    if more:
        following: dict[str, object] = {"skip": window.stop, "maxPageSize": window.size}
        body["nextLink"] = next_link(request, path, following)
    return body
