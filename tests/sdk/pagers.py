"""Reading what the SDKs list: sizes of pages and contents of messages."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from azure.communication.chat import ChatMessageType


def page_sizes(pager: Any) -> list[int]:
    """The number of items on each page; a full last page may be followed by an empty one."""
    return [size for page in pager.by_page() if (size := len(list(page)))]


async def page_sizes_aio(pager: Any) -> list[int]:
    """The same for an asynchronous pager."""
    sizes = [len([item async for item in page]) async for page in pager.by_page()]
    return [size for size in sizes if size]


def texts(messages: Iterable[Any]) -> list[str]:
    """The contents of the text messages, in the order given."""
    return [m.content.message for m in messages if m.type == ChatMessageType.TEXT]
