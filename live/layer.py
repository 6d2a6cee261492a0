"""The channel layer between the hubs of several processes.

It carries hints only: that the log has something new, that somebody types, that a connection was
taken over. Whatever it loses, the hubs find in the database.
"""

import asyncio
import logging
import uuid
from collections.abc import Callable
from typing import Any

from channels.layers import InMemoryChannelLayer, get_channel_layer

logger = logging.getLogger(__name__)

_GROUP = "live"
# Names this process in messages, so that it leaves its own alone.
_PROCESS = uuid.uuid4().hex
_PAUSE = 1.0
# How long a message may take, in seconds: a network that swallows everything answers never.
_PATIENCE = 5.0


def reaches_others() -> bool:
    """Whether there is a layer, and one that reaches other processes."""
    layer = get_channel_layer()
    return layer is not None and not isinstance(layer, InMemoryChannelLayer)


async def tell(message: dict[str, Any]) -> None:
    """Sends a message to the hubs of the other processes; a failure is logged, no more."""
    layer: Any = get_channel_layer()
    try:
        async with asyncio.timeout(_PATIENCE):
            await layer.group_send(_GROUP, {"type": "live", "from": _PROCESS, **message})
    except Exception as problem:
        logger.warning("The channel layer did not take an announcement: %r", problem)


async def listen(hear: Callable[[dict[str, Any]], None]) -> None:
    """Calls `hear` with every message of another process, for ever."""
    if not reaches_others():
        return
    layer: Any = get_channel_layer()
    while True:
        try:
            channel = await layer.new_channel()
            await layer.group_add(_GROUP, channel)
            while True:
                message = await layer.receive(channel)
                if message.get("from") != _PROCESS:
                    hear(message)
        except Exception as problem:
            logger.warning("The channel layer cannot be heard, trying again: %s", problem)
            await asyncio.sleep(_PAUSE)
