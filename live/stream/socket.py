"""The native event stream over a WebSocket: `/chat/events`.

Server's frames are JSON objects: first `connected` (`recovered`: false means the log does not
reach back to `after`), then events, `heartbeat`, and `disconnecting` with a reason before a close.
The client may send `{"type": "authenticate", "token" or "ticket"}`: first, when it could set no
header, and later with a fresh token of the same user, which prolongs the connection.
"""

import asyncio
import json
from typing import Any

from django.core.exceptions import DisallowedHost
from django.db import DatabaseError
from rest_framework.exceptions import APIException

from asgi_server.connections import Send, socket_outlet
from live import credentials
from live import hub as hubs
from live.credentials import Credential
from live.database import socket_desk
from live.readers import Bucket, Ending
from live.stream.readers import StreamReader, farewell, socket_reader
from live.stream.requests import StreamRequest, identify, redeem
from wire.errors import ChatError

AUTHENTICATION_SECONDS = 10.0
LARGEST_FRAME = 16 * 1024
# Sockets that have not said yet who they are, in this process.
MOST_UNKNOWN = 500

REFUSALS = (ChatError, APIException, DisallowedHost)


class _Goodbye(Exception):
    """The client did something that ends the connection."""

    def __init__(self, ending: Ending) -> None:
        super().__init__(ending.name)
        self.ending = ending


class _Gone(Exception):
    """The client closed the connection."""


_unknown: set[int] = set()


async def event_socket(scope: dict[str, Any], receive: Any, send: Send) -> None:
    """The ASGI application."""
    await receive()
    try:
        request = StreamRequest.read(scope)
        credential = await socket_desk.run(identify, scope, request)
        host = credentials.host_of(scope)
    except (*REFUSALS, DatabaseError):
        # Before it is accepted a handshake can be refused with 403 only.
        await send({"type": "websocket.close"})
        return
    if credential is None and len(_unknown) >= MOST_UNKNOWN:
        await send({"type": "websocket.close"})
        return
    await send({"type": "websocket.accept"})
    connection = _Connection(host, receive)
    try:
        if credential is None:
            credential = await connection.first_frame()
        await connection.serve(request, credential, send)
    except _Goodbye as problem:
        text = farewell(problem.ending).payload.decode()
        await send({"type": "websocket.send", "text": text})
        await send({"type": "websocket.close", "code": problem.ending.value})
    except _Gone:
        pass


class _Connection:
    """One accepted socket, as far as its client's frames go."""

    def __init__(self, host: str, receive: Any) -> None:
        self._host, self._receive = host, receive
        self._bucket = Bucket(most=50, rate=10)

    async def first_frame(self) -> Credential:
        """Who it is, told in time."""
        _unknown.add(id(self))
        try:
            async with asyncio.timeout(AUTHENTICATION_SECONDS):
                return await self._authenticated(await self._frame())
        except TimeoutError:
            raise _Goodbye(Ending.UNAUTHORIZED) from None
        finally:
            _unknown.discard(id(self))

    async def serve(self, request: StreamRequest, credential: Credential, send: Send) -> None:
        """Runs a reader until the client is gone."""
        reader = socket_reader(credential, request.scope_of(credential), socket_outlet(send))
        running = asyncio.create_task(reader.attend(reader.run(request.after)))
        try:
            await self._listen(reader)
        except _Goodbye as problem:
            reader.end(problem.ending)
            await self._wait_until_gone()
        finally:
            hubs.here().detach(reader)
            running.cancel()
            reader.outlet.stop()

    async def _listen(self, reader: StreamReader) -> None:
        while True:
            frame = await self._frame()
            fresh = await self._authenticated(frame)
            if fresh.user_id != reader.credential.user_id:
                raise _Goodbye(Ending.UNAUTHORIZED)
            reader.credential = fresh

    async def _frame(self) -> dict[str, Any]:
        """The next frame's JSON object."""
        message = await self._receive()
        if message["type"] == "websocket.disconnect":
            raise _Gone
        if not self._bucket.take():
            raise _Goodbye(Ending.TOO_FAST)
        text = message.get("text")
        if text is not None and len(text) > LARGEST_FRAME:
            raise _Goodbye(Ending.TOO_LARGE)
        try:
            body = json.loads(text or "")
        except (ValueError, RecursionError):
            body = None
        if not isinstance(body, dict) or body.get("type") != "authenticate":
            raise _Goodbye(Ending.MALFORMED)
        return body

    async def _authenticated(self, frame: dict[str, Any]) -> Credential:
        token, ticket = frame.get("token"), frame.get("ticket")
        credential = None
        try:
            if isinstance(token, str):
                credential = await socket_desk.run(credentials.of_token, token, self._host)
            elif isinstance(ticket, str):
                credential = await socket_desk.run(redeem, ticket)
        except REFUSALS:
            credential = None
        except DatabaseError:
            # The client's proof may be good: it shall try again.
            raise _Goodbye(Ending.RESTARTING) from None
        if credential is None:
            raise _Goodbye(Ending.UNAUTHORIZED)
        return credential

    async def _wait_until_gone(self) -> None:
        while (await self._receive())["type"] != "websocket.disconnect":
            pass
