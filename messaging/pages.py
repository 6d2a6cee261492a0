"""Response bodies of pages, shared by the ordinary view and the short path."""

from typing import Any

from django.conf import settings

from messaging import listing, serializers
from threads.access import ThreadAccess
from wire import paging, strict_json, times
from wire.paging import QueryRequest
from wire.versions import ApiVersion


class MessagePage:
    """One page of ListChatMessages. Making it reads the query: raises ChatError 400."""

    def __init__(self, request: QueryRequest) -> None:
        limits = settings.LIMITS
        self._request = request
        self._size = paging.page_size(
            request, default=limits.message_page_size, maximum=limits.page_size
        )
        self._start_ms = paging.start_time(request)
        self._token = request.query_params.get("syncState")

    def render(self, access: ThreadAccess, version: ApiVersion) -> bytes:
        """`{value, nextLink?}` as JSON. Raises ChatError 400 for a malformed syncState."""
        rows, following = listing.list_messages(
            access,
            start_ms=self._start_ms,
            size=self._size,
            cursor=listing.MessageCursor.unpack(self._token) if self._token else None,
        )
        body: dict[str, Any] = {"value": [serializers.message(version, row) for row in rows]}
        if following:
            parameters: dict[str, object] = {
                "syncState": following.pack(),
                "startTime": times.to_link(self._start_ms or 0),
                "maxPageSize": self._size,
            }
            path = f"/chat/threads/{access.thread_id}/messages"
            body["nextLink"] = paging.next_link(self._request, path, parameters)
        return strict_json.render_fast(body)
