"""The channel layer between the hubs of several processes.

It carries hints only: that the log has something new, that a user is typing, that a connection was
replaced. The hubs find lost messages in the database.
"""

import asyncio
import logging
import uuid
from collections.abc import Callable
from typing import Any

from channels.layers import InMemoryChannelLayer, get_channel_layer

logger = logging.getLogger(__name__)

_GROUP = "live"
# Identifies this process in messages, so that it ignores its own.
_PROCESS = uuid.uuid4().hex
_RETRY_SECONDS = 1.0
# A network that drops every packet would otherwise keep `send_to_peers` waiting for ever.
_SEND_TIMEOUT_SECONDS = 5.0


def reaches_peers() -> bool:
    """Whether a channel layer is configured, and one that connects processes."""
    layer = get_channel_layer()
    return layer is not None and not isinstance(layer, InMemoryChannelLayer)


async def send_to_peers(message: dict[str, Any]) -> None:
    """Send a message to the hubs of the other processes. A failure is only logged."""
    layer: Any = get_channel_layer()
    try:
        async with asyncio.timeout(_SEND_TIMEOUT_SECONDS):
            await layer.group_send(_GROUP, {"type": "live", "from": _PROCESS, **message})
    except Exception as problem:
        logger.warning("Channel layer send failed error=%r", problem)


async def receive_from_peers(handle: Callable[[dict[str, Any]], None]) -> None:
    """Call `handle` with every message of the other processes, until cancelled."""
    if not reaches_peers():
        return
    layer: Any = get_channel_layer()
    while True:
        try:
            channel = await layer.new_channel()
            await layer.group_add(_GROUP, channel)
            while True:
                message = await layer.receive(channel)
                if message.get("from") != _PROCESS:
                    handle(message)
        except Exception as problem:
            logger.warning("Channel layer receive failed, retrying error=%r", problem)
            await asyncio.sleep(_RETRY_SECONDS)
