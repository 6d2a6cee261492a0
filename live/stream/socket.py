"""The native event stream over a WebSocket: `/chat/events`.

The server's frames are JSON objects: first `connected` (`recovered` is false if the log does not
reach back to `after`), then events, `heartbeat`, and `disconnecting` with a reason before a close.
The client may send `{"type": "authenticate", "token" or "ticket"}`: as its first frame, if it
cannot set headers, and later with a new token of the same user, which extends the connection.
"""

import asyncio
import json
from typing import Any

from django.core.exceptions import DisallowedHost
from django.db import DatabaseError
from rest_framework.exceptions import APIException

from asgi_server.connections import socket_writer
from asgi_server.interface import Send
from live import credentials
from live import hub as hubs
from live.credentials import Credential
from live.database import connection_database
from live.stream.requests import StreamRequest, identify, redeem
from live.stream.subscribers import StreamSubscriber, close_message, socket_subscriber
from live.subscribers import CloseReason, TokenBucket
from wire.errors import ChatError

AUTHENTICATION_SECONDS = 10.0
MAX_FRAME_LENGTH = 16 * 1024
# Sockets of this process that have not authenticated yet.
MAX_UNAUTHENTICATED = 500

REFUSALS = (ChatError, APIException, DisallowedHost)


class _Disconnect(Exception):
    """The connection must be closed, because of what the client did."""

    def __init__(self, reason: CloseReason) -> None:
        super().__init__(reason.name)
        self.reason = reason


class _ClientGone(Exception):
    """The client closed the connection."""


_unauthenticated: set[int] = set()


async def event_socket(scope: dict[str, Any], receive: Any, send: Send) -> None:
    """Serve a WebSocket at `/chat/events`, as an ASGI application."""
    await receive()
    try:
        request = StreamRequest.read(scope)
        credential = await connection_database.run(identify, scope, request)
        host = credentials.host_of(scope)
    except (*REFUSALS, DatabaseError):
        # ASGI has no other refusal of a handshake than 403.
        await send({"type": "websocket.close"})
        return
    if credential is None and len(_unauthenticated) >= MAX_UNAUTHENTICATED:
        await send({"type": "websocket.close"})
        return
    await send({"type": "websocket.accept"})
    connection = _Connection(host, receive)
    try:
        if credential is None:
            credential = await connection.authenticate()
        await connection.serve(request, credential, send)
    except _Disconnect as problem:
        text = close_message(problem.reason).payload.decode()
        await send({"type": "websocket.send", "text": text})
        await send({"type": "websocket.close", "code": problem.reason.value})
    except _ClientGone:
        pass


class _Connection:
    """The receiving side of an accepted socket."""

    def __init__(self, host: str, receive: Any) -> None:
        self._host, self._receive = host, receive
        self._bucket = TokenBucket(capacity=50, rate=10)

    async def authenticate(self) -> Credential:
        """The credential in the first frame, which must arrive in time."""
        _unauthenticated.add(id(self))
        try:
            async with asyncio.timeout(AUTHENTICATION_SECONDS):
                return await self._authenticated(await self._frame())
        except TimeoutError:
            raise _Disconnect(CloseReason.UNAUTHORIZED) from None
        finally:
            _unauthenticated.discard(id(self))

    async def serve(self, request: StreamRequest, credential: Credential, send: Send) -> None:
        """Run a subscriber until the client is gone."""
        writer = socket_writer(send)
        subscriber = socket_subscriber(credential, request.scope_of(credential), writer)
        running = asyncio.create_task(subscriber.run_guarded(subscriber.run(request.after)))
        try:
            await self._receive_frames(subscriber)
        except _Disconnect as problem:
            subscriber.disconnect(problem.reason)
            await self._wait_until_gone()
        finally:
            hubs.get_hub().detach(subscriber)
            running.cancel()
            writer.release()

    async def _receive_frames(self, subscriber: StreamSubscriber) -> None:
        while True:
            frame = await self._frame()
            renewed = await self._authenticated(frame)
            if renewed.user_id != subscriber.credential.user_id:
                raise _Disconnect(CloseReason.UNAUTHORIZED)
            subscriber.credential = renewed

    async def _frame(self) -> dict[str, Any]:
        """The JSON object of the next frame."""
        message = await self._receive()
        if message["type"] == "websocket.disconnect":
            raise _ClientGone
        if not self._bucket.take():
            raise _Disconnect(CloseReason.TOO_FAST)
        text = message.get("text")
        if text is not None and len(text) > MAX_FRAME_LENGTH:
            raise _Disconnect(CloseReason.TOO_LARGE)
        try:
            body = json.loads(text or "")
        except (ValueError, RecursionError):
            body = None
        if not isinstance(body, dict) or body.get("type") != "authenticate":
            raise _Disconnect(CloseReason.MALFORMED)
        return body

    async def _authenticated(self, frame: dict[str, Any]) -> Credential:
        token, ticket = frame.get("token"), frame.get("ticket")
        credential = None
        try:
            if isinstance(token, str):
                credential = await connection_database.run(credentials.of_token, token, self._host)
            elif isinstance(ticket, str):
                credential = await connection_database.run(redeem, ticket)
        except REFUSALS:
            credential = None
        except DatabaseError:
            # The credential may be valid; the client should try again.
            raise _Disconnect(CloseReason.RESTARTING) from None
        if credential is None:
            raise _Disconnect(CloseReason.UNAUTHORIZED)
        return credential

    async def _wait_until_gone(self) -> None:
        while (await self._receive())["type"] != "websocket.disconnect":
            pass
