"""Response bodies of pages, shared by the ordinary view and the short path."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings

from identity.callers import Caller
from threads import details, listing, serializers
from wire import paging, strict_json
from wire.paging import QueryRequest
from wire.versions import ApiVersion

_REPEATED_PARAMETERS = ("maxPageSize", "startTime", "include", "membership")


def page_size(request: QueryRequest) -> int:
    """`maxPageSize` of a list of threads. Raises ChatError 400."""
    limits = settings.LIMITS
    return paging.page_size(request, default=limits.thread_page_size, maximum=limits.page_size)


def next_link(request: QueryRequest, sync_state: str) -> str:
    """The link to the next page, with the parameters of this one."""
    given = request.query_params
    parameters: dict[str, object] = {"syncState": sync_state}
    parameters |= {name: given[name] for name in _REPEATED_PARAMETERS if name in given}
    return paging.next_link(request, "/chat/threads", parameters)


class ThreadPage:
    """One page of ListChatThreads. Making it reads the query: raises ChatError 400."""

    def __init__(self, request: QueryRequest, include: Sequence[str] = ()) -> None:
        self._request, self._include = request, include
        self._size = page_size(request)
        self._start_ms = paging.start_time(request)
        token = request.query_params.get("syncState")
        self._cursor = listing.ThreadCursor.unpack(token) if token else None

    def render(self, caller: Caller, version: ApiVersion) -> bytes:
        """`{value, nextLink?}` as JSON. Raises ChatError 403 for a token of other scopes."""
        rows, following = listing.list_chat_threads(
            caller, start_ms=self._start_ms, size=self._size, cursor=self._cursor
        )
        items = [serializers.thread_item(*row[:4]) for row in rows]
        if self._include:
            self._add_details(caller, version, [row[4] for row in rows], items)
        body: dict[str, Any] = {"value": items}
        if following:
            body["nextLink"] = next_link(self._request, following.pack())
        return strict_json.render_fast(body)

    def _add_details(
        self,
        caller: Caller,
        version: ApiVersion,
        thread_pks: Sequence[int],
        items: Sequence[dict[str, Any]],
    ) -> None:
        more = details.describe(caller, version, self._include, thread_pks)
        for thread_pk, item in zip(thread_pks, items, strict=True):
            item.update(more.get(thread_pk, {}))
