"""The baseline of live delivery: a bare ASGI application that writes to its sockets directly.

A message is stored as in `bench.bare` and then sent to every socket of its thread in a loop. There
is no event log, no check of memberships and no replay.
"""

import json
import time
from collections import defaultdict
from collections.abc import MutableMapping
from typing import Any
from urllib.parse import parse_qs

from bench import bare

# By thread: send functions of native sockets, and for Trouter also user and last message number.
_native: dict[str, list[bare.Send]] = defaultdict(list)
_trouter: dict[str, list[list[Any]]] = defaultdict(list)


async def application(
    scope: MutableMapping[str, Any], receive: bare.Receive, send: bare.Send
) -> None:
    """WebSockets; other requests are passed to `bench.bare`, and sent messages are pushed."""
    if scope["type"] == "websocket":
        await _socket(scope, receive, send)
        return
    body = b""

    async def keep(message: bare.Message) -> None:
        nonlocal body
        body = message.get("body", body)
        await send(message)

    sent = b""

    async def read() -> bare.Message:
        nonlocal sent
        message = await receive()
        sent += message.get("body", b"")
        return message

    await bare.application(scope, read, keep)
    if scope["type"] == "http" and scope["method"] == "POST" and body.startswith(b'{"id"'):
        thread = scope["path"].split("/")[3]
        await _push(thread, json.loads(body)["id"], json.loads(sent)["content"])


async def _socket(scope: MutableMapping[str, Any], receive: bare.Receive, send: bare.Send) -> None:
    query = parse_qs(scope["query_string"].decode())
    thread, user = query["thread"][0], query["user"][0]
    await receive()
    await send({"type": "websocket.accept"})
    if scope["path"] == "/chat/events":
        _native[thread].append(send)
        await send({"type": "websocket.send", "text": '{"type":"connected"}'})
    else:
        _trouter[thread].append([send, user, 0])
        await send({"type": "websocket.send", "text": "1::"})
        await send({"type": "websocket.send", "text": '5:::{"name":"trouter.connected"}'})
    while (message := await receive())["type"] != "websocket.disconnect":
        text = message.get("text") or ""
        if text.startswith("5:"):
            number = text[2 : text.index("+")]
            await send({"type": "websocket.send", "text": f'6:::{number}+["pong"]'})
    _native[thread] = [one for one in _native[thread] if one is not send]
    _trouter[thread] = [one for one in _trouter[thread] if one[0] is not send]


async def _push(thread: str, message: str, content: str) -> None:
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    if _native[thread]:
        text = json.dumps(_native_event(thread, message, content, now), separators=(",", ":"))
        for send in _native[thread]:
            await send({"type": "websocket.send", "text": text})
    if _trouter[thread]:
        first, second, third = _trouter_frame(thread, message, content, now)
        for client in _trouter[thread]:
            client[2] += 1
            send, user, number = client
            text = f'3:::{{"id":{number},{first}{user}{second}{user}{third}'
            await send({"type": "websocket.send", "text": text})


def _native_event(thread: str, message: str, content: str, now: str) -> dict[str, Any]:
    return {
        "id": message,
        "type": "chatMessageReceived",
        "threadId": thread,
        "message": {
            "id": message,
            "type": "text",
            "sequenceId": "1",
            "version": message,
            "content": {"message": content, "attachments": []},
            "senderDisplayName": "Alice",
            "createdOn": now,
            "senderCommunicationIdentifier": {"rawId": "8:acs:" + "x" * 73},
        },
    }


def _trouter_frame(thread: str, message: str, content: str, now: str) -> list[str]:
    """The frame without its opening brace, split at the two places of the recipient's id."""
    body = {
        "eventId": 200,
        "senderId": "8:acs:" + "x" * 73,
        "recipientMri": "@@",
        "recipientId": "@@",
        "groupId": thread,
        "messageId": message,
        "messageType": "Text",
        "messageBody": content,
        "senderDisplayName": "Alice",
        "originalArrivalTime": now,
        "version": message,
        "acsChatMessageMetadata": "{}",
    }
    frame = {"method": "POST", "url": "/v4/f/x/chatMessageReceived", "body": json.dumps(body)}
    return json.dumps(frame)[1:].split("@@")
