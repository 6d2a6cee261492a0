"""Runs the 16 operations of the chat API in this process and prints their numbers of statements.

SQLite reports the statements, so that those without Django's cursors are counted too, in all
threads. Everything runs twice, the first time to open connections and fill caches.
"""

import asyncio
import json
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import quote

import django
from asgiref.testing import ApplicationCommunicator

from bench.client import API_VERSION, HOST, UnexpectedResponse
from bench.statements import OPERATIONS, SIZES, Count, Counts, to_json

CONTROL = ("BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE", "END")
RESPONSE_SECONDS = 10.0


@dataclass(frozen=True)
class User:
    id: str
    token: str

    @property
    def identifier(self) -> dict[str, Any]:
        """The user's identifier in the API."""
        return {"rawId": self.id, "communicationUser": {"id": self.id}}

    @property
    def participant(self) -> dict[str, Any]:
        """The user as a participant to add."""
        return {"communicationIdentifier": self.identifier, "displayName": "Bob"}


class Trace:
    """Collects the statements of every connection that Django opens from now on."""

    def __init__(self) -> None:
        from django.db.backends.signals import connection_created

        self._statements: list[str] = []
        connection_created.connect(self._watch, weak=False)

    def _watch(self, connection: Any, **kwargs: Any) -> None:
        cast(sqlite3.Connection, connection.connection).set_trace_callback(self._add)

    def _add(self, statement: str) -> None:
        # Statements of triggers and foreign keys are reported as comments.
        if not statement.startswith("--"):
            self._statements.append(statement)

    def take(self) -> Count:
        """Counts the statements since the last call."""
        taken, self._statements = self._statements, []
        control = [one for one in taken if one.lstrip().upper().startswith(CONTROL)]
        return Count(total=len(taken), control=len(control))


class Api:
    """Sends requests to the ASGI application and counts their statements."""

    def __init__(self, application: Any, trace: Trace) -> None:
        self._application, self._trace = application, trace
        self.counts: dict[str, Count] = {}

    async def request(self, name: str, user: User, method: str, path: str, body: Any = None) -> Any:
        """The JSON of a successful response; stores the number of statements under `name`."""
        payload = b"" if body is None else json.dumps(body).encode()
        headers = {
            "host": HOST,
            "authorization": f"Bearer {user.token}",
            "x-forwarded-proto": "https",
        }
        if body is not None:
            merge = "merge-patch+" if method == "PATCH" else ""
            headers |= {
                "content-type": f"application/{merge}json",
                "content-length": str(len(payload)),
            }
        self._trace.take()
        status, content = await self._exchange(method, path, headers, payload)
        self.counts[name] = self._trace.take()
        if not 200 <= status < 300:
            raise UnexpectedResponse(f"{name}: {status} {content[:300]!r}")
        return json.loads(content) if content else None

    async def _exchange(
        self, method: str, path: str, headers: dict[str, str], body: bytes
    ) -> tuple[int, bytes]:
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": path,
            "raw_path": quote(path).encode(),
            "root_path": "",
            "query_string": f"api-version={API_VERSION}".encode(),
            "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
            "client": [HOST, 50000],
            "server": [HOST, 80],
        }
        exchange = ApplicationCommunicator(self._application, scope)
        await exchange.send_input({"type": "http.request", "body": body, "more_body": False})
        status, content, more = 0, b"", True
        while more:
            message = await exchange.receive_output(RESPONSE_SECONDS)
            status = message.get("status", status)
            content += message.get("body", b"")
            more = message["type"] == "http.response.start" or message.get("more_body", False)
        await exchange.wait(RESPONSE_SECONDS)
        return status, content


async def run_operations(api: Api, alice: User, others: list[User]) -> None:
    """Runs every operation once, in a thread of Alice and all others except the last."""
    *members, newcomer = others
    participants = [member.participant for member in members]
    created = await api.request(
        "create chat thread",
        alice,
        "POST",
        "/chat/threads",
        {"topic": "Lunch", "participants": participants},
    )
    thread = f"/chat/threads/{created['chatThread']['id']}"
    await api.request("list chat threads", alice, "GET", "/chat/threads")
    await api.request("get chat thread properties", alice, "GET", thread)
    await api.request("update chat thread", alice, "PATCH", thread, {"topic": "Dinner"})
    await _messages(api, alice, thread)
    await _participants(api, alice, thread, newcomer)
    await api.request("delete chat thread", alice, "DELETE", thread)


async def _messages(api: Api, alice: User, thread: str) -> None:
    messages = f"{thread}/messages"
    sent = await api.request(
        "send message", alice, "POST", messages, {"content": "Hello", "type": "text"}
    )
    message = f"{messages}/{sent['id']}"
    receipt = {"chatMessageId": sent["id"]}
    await api.request("list messages", alice, "GET", messages)
    await api.request("get message", alice, "GET", message)
    await api.request("update message", alice, "PATCH", message, {"content": "Hello again"})
    await api.request("send read receipt", alice, "POST", f"{thread}/readReceipts", receipt)
    await api.request("list read receipts", alice, "GET", f"{thread}/readReceipts")
    await api.request("send typing notification", alice, "POST", f"{thread}/typing", {})
    await api.request("delete message", alice, "DELETE", message)


async def _participants(api: Api, alice: User, thread: str, newcomer: User) -> None:
    path = f"{thread}/participants"
    await api.request("list participants", alice, "GET", path)
    add = {"participants": [newcomer.participant]}
    await api.request("add participants", alice, "POST", f"{path}/:add", add)
    await api.request("remove participant", alice, "POST", f"{path}/:remove", newcomer.identifier)


def _create_users(count: int) -> Iterator[User]:
    from identity import services

    resource = services.ensure_default_resource()
    for _ in range(count):
        user = services.create_user(resource=resource)
        token = services.issue_access_token(user=user, scopes=["chat"])
        yield User(id=user.raw_id, token=token.token)


async def _count(trace: Trace, users: list[User]) -> Counts:
    from chatsite.asgi import application

    counts: Counts = {}
    for size in SIZES:
        for _ in range(2):
            api = Api(application, trace)
            await run_operations(api, users[0], users[1 : size + 1])
        counts[size] = {name: api.counts[name] for name in OPERATIONS}
    return counts


def main() -> None:
    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    users = list(_create_users(max(SIZES) + 1))
    print(to_json(asyncio.run(_count(Trace(), users))))


if __name__ == "__main__":
    main()
