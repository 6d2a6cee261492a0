"""The native event stream as Server-Sent Events: `GET /chat/events`.

It is an ASGI application of its own, because a view of Django occupies a thread while it runs.
"""

import asyncio
from typing import Any

from django.core.exceptions import DisallowedHost
from django.db import DatabaseError
from rest_framework.exceptions import AuthenticationFailed

from asgi_server.connections import response_writer
from asgi_server.interface import Send
from live import hub as hubs
from live.database import connection_database
from live.http import refuse, start
from live.stream.requests import StreamRequest, identify
from live.stream.subscribers import sse_subscriber
from wire.errors import ChatError, bad_request, unauthorized

_HEADERS = {
    "content-type": "text/event-stream; charset=utf-8",
    "cache-control": "no-store",
    # nginx would otherwise buffer the response instead of passing events on.
    "x-accel-buffering": "no",
}


async def event_response(scope: dict[str, Any], receive: Any, send: Send) -> None:
    """Answer `GET /chat/events`, as an ASGI application."""
    try:
        request = StreamRequest.read(scope)
        credential = await connection_database.run(identify, scope, request)
        if credential is None:
            raise unauthorized()
    except (ChatError, AuthenticationFailed, DisallowedHost, DatabaseError) as problem:
        return await refuse(send, _refusal(problem))
    await start(send, 200, _HEADERS)
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


def _refusal(problem: Exception) -> ChatError:
    match problem:
        case ChatError():
            return problem
        case AuthenticationFailed():
            return unauthorized()
        case DisallowedHost():
            return bad_request("The Host header names another server.")
    return ChatError(503, "ServiceUnavailable", headers={"Retry-After": "1"})
