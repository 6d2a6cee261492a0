"""The native event stream as Server-Sent Events: `GET /chat/events`.

It is an ASGI application of its own, because a view of Django occupies a thread while it runs.
"""

import asyncio
from typing import Any

from django.core.exceptions import DisallowedHost
from django.db import DatabaseError
from rest_framework import exceptions

from asgi_server.connections import response_writer
from asgi_server.interface import Send
from live import hub as hubs
from live.database import connection_database
from live.http import refuse, start
from live.stream.requests import StreamRequest, identify
from live.stream.subscribers import sse_subscriber
from wire.errors import ChatError, bad_request, unauthorized


async def event_response(scope: dict[str, Any], receive: Any, send: Send) -> None:
    """Answer `GET /chat/events`, as an ASGI application."""
    try:
        request = StreamRequest.read(scope)
        credential = await connection_database.run(identify, scope, request)
        if credential is None:
            raise unauthorized()
    except ChatError as refusal:
        return await refuse(send, refusal)
    except exceptions.AuthenticationFailed:
        return await refuse(send, unauthorized())
    except DisallowedHost:
        return await refuse(send, bad_request("The Host header names another server."))
    except DatabaseError:
        error = ChatError(503, "ServiceUnavailable", headers={"Retry-After": "1"})
        return await refuse(send, error)
    await start(
        send,
        200,
        {
            "content-type": "text/event-stream; charset=utf-8",
            "cache-control": "no-store",
            # nginx would otherwise buffer the response instead of passing events on.
            "x-accel-buffering": "no",
        },
    )
    writer = response_writer(send)
    subscriber = sse_subscriber(credential, request.scope_of(credential), writer)
    running = asyncio.create_task(subscriber.run_guarded(subscriber.run(request.after)))
    try:
        while (await receive())["type"] != "http.disconnect":
            pass
    finally:
        hubs.get_hub().detach(subscriber)
        running.cancel()
        writer.release()
