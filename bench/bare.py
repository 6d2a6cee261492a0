"""The baseline: a bare ASGI application that sends and lists messages, without Django.

It runs on the same daphne as chatsite, verifies a token of the same format, and executes the same
statements: for a send, the caller, the membership, and a transaction with a counter update, a
message and an event; for a list, a keyset query in place of the transaction. The difference to
chatsite is the cost of its framework, checks and features. The statements run in the event loop, on
one connection, with chatsite's pragmas.
"""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any
from urllib.parse import parse_qsl, unquote

from bench.bare_store import END_OF_TIME, Store

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]

SECRET = b"bench: signs tokens that only the bare application accepts"


# --- tokens --------------------------------------------------------------------------------------


def _base64url(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")


def _signature(signed: bytes) -> bytes:
    return _base64url(hmac.new(SECRET, signed, hashlib.sha256).digest())


def issue_token(raw_id: str) -> str:
    """A JSON Web Token (HMAC-SHA256, valid for a day) with the claims of a user access token."""
    now = int(time.time())
    claims = {
        "skypeid": raw_id[2:],
        "scp": 1792,
        "csi": str(now),
        "exp": now + 86400,
        "iat": now,
        "acsScope": "chat",
    }
    header = {"alg": "HS256", "kid": "bench", "typ": "JWT"}
    signed = b".".join(_base64url(json.dumps(part).encode()) for part in (header, claims))
    return (signed + b"." + _signature(signed)).decode()


def _bearer(headers: Iterable[tuple[bytes, bytes]]) -> str | None:
    """The raw id in the bearer token; None if it is missing, forged or expired."""
    token = next((value[7:] for name, value in headers if name == b"authorization"), b"")
    signed, _, signature = token.rpartition(b".")
    if not signed or not hmac.compare_digest(_signature(signed), signature):
        return None
    claims = json.loads(base64.urlsafe_b64decode(signed.partition(b".")[2] + b"=="))
    return f"8:{claims['skypeid']}" if claims["exp"] > time.time() else None


# --- application ---------------------------------------------------------------------------------

_store: Store | None = None


async def application(scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
    """`POST` and `GET /chat/threads/{id}/messages` with the same responses as chatsite."""
    global _store
    if scope["type"] != "http":
        return
    _store = _store or Store()
    status, body, headers = _respond(_store, scope, await _read_body(receive))
    headers += [
        (b"content-length", b"%d" % len(body)),
        (b"content-type", b"application/json; charset=utf-8"),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def _read_body(receive: Receive) -> bytes:
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            return body


def _respond(
    store: Store, scope: MutableMapping[str, Any], body: bytes
) -> tuple[int, bytes, Headers]:
    raw_id = _bearer(scope["headers"])
    caller = store.caller(raw_id) if raw_id else None
    if raw_id is None or caller is None:
        return 401, b"", []
    thread = scope["path"].split("/")[3]
    membership = store.membership(thread, caller)
    if membership is None:
        return 403, b"", []
    host = next(value for name, value in scope["headers"] if name == b"host").decode()
    address = f"http://{host}/chat/threads/{thread.replace(':', '%3A')}/messages"
    if scope["method"] == "POST":
        message = store.send(membership[0], caller, raw_id, json.loads(body))
        return 201, b'{"id":"%d"}' % message, [(b"location", f"{address}/{message}".encode())]
    query = dict(parse_qsl(scope["query_string"].decode()))
    size, before = int(query.get("maxPageSize", 10)), int(query.get("before", END_OF_TIME))
    page: dict[str, Any] = {"value": store.page(*membership, before, size)}
    if len(page["value"]) == size:
        page["nextLink"] = (
            f"{unquote(address)}?before={page['value'][-1]['version']}&maxPageSize={size}"
        )
    return 200, json.dumps(page, separators=(",", ":")).encode(), []
