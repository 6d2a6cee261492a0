"""The native event stream as Server-Sent Events: `GET /chat/events`.

An ASGI application of its own, since Django's views occupy a thread as long as they run.
"""

import asyncio
from typing import Any

from django.core.exceptions import DisallowedHost
from django.db import DatabaseError
from rest_framework import exceptions

from asgi_server.connections import Send, response_outlet
from live import hub as hubs
from live.database import socket_desk
from live.http import refuse, start
from live.stream.readers import sse_reader
from live.stream.requests import StreamRequest, identify
from wire.errors import ChatError, bad_request, unauthorized


async def event_response(scope: dict[str, Any], receive: Any, send: Send) -> None:
    """The ASGI application."""
    try:
        request = StreamRequest.read(scope)
        credential = await socket_desk.run(identify, scope, request)
        if credential is None:
            raise unauthorized()
    except ChatError as refusal:
        return await refuse(send, refusal)
    except exceptions.AuthenticationFailed:
        return await refuse(send, unauthorized())
    except DisallowedHost:
        return await refuse(send, bad_request("The Host header names no host of this server."))
    except DatabaseError:
        error = ChatError(503, "ServiceUnavailable", headers={"Retry-After": "1"})
        return await refuse(send, error)
    await start(
        send,
        200,
        {
            "content-type": "text/event-stream; charset=utf-8",
            "cache-control": "no-store",
            # Proxies that gather answers before they pass them on would make it a dead one.
            "x-accel-buffering": "no",
        },
    )
    outlet = response_outlet(send)
    reader = sse_reader(credential, request.scope_of(credential), outlet)
    running = asyncio.create_task(reader.attend(reader.run(request.after)))
    try:
        while (await receive())["type"] != "http.disconnect":
            pass
    finally:
        hubs.here().detach(reader)
        running.cancel()
        outlet.stop()
