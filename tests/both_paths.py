"""The ordinary handler and the one with the short path, in one process and database."""

import asyncio
import re
import time
from dataclasses import dataclass
from typing import Any, NamedTuple
from urllib.parse import quote, unquote

from django.test import override_settings

from chatsite.handler import PooledHandler
from identity import tokens
from tests.cast import Person

Headers = list[tuple[bytes, bytes]]

# Values that differ from one answer to the next.
VOLATILE = (b"date", b"ms-cv", b"x-processing-time")
MILLISECONDS = re.compile(rb"\b\d{13}\b")


class Answer(NamedTuple):
    """A response as the handler passed it to the server."""

    status: int
    headers: Headers
    body: bytes

    def normalized(self) -> "Answer":
        """Without what differs between two answers to the same request."""
        headers = [
            (name.lower(), b"*" if name.lower() in VOLATILE else MILLISECONDS.sub(b"#", value))
            for name, value in self.headers
        ]
        return Answer(self.status, headers, MILLISECONDS.sub(b"#", self.body))


class Counted:
    """A handler, and whether its short path gave the last answer."""

    def __init__(self) -> None:
        self._handler = PooledHandler()
        self.was_short = False
        paths = self._handler._short_paths
        answer = paths.answer

        async def counting(*arguments: Any) -> bool:
            self.was_short = await answer(*arguments)
            return self.was_short

        paths.answer = counting  # type: ignore[method-assign, assignment]

    async def __call__(self, scope: dict[str, Any], body: bytes) -> Answer:
        sent: list[dict[str, Any]] = []
        self.was_short = False

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)

        await self._handler(scope, receive, send)
        content = b"".join(message.get("body", b"") for message in sent[1:])
        return Answer(sent[0]["status"], list(sent[0]["headers"]), content)


class Both:
    """The ordinary handler and the one with the short path."""

    def __init__(self) -> None:
        with override_settings(CHATSITE_SHORT_PATH=False):
            self.ordinary = Counted()
        self.short = Counted()

    def ask(
        self, method: str, target: str, headers: Headers, body: bytes = b""
    ) -> tuple[Answer, Answer]:
        """The answers of both, the ordinary one first."""
        path, _, query = target.partition("?")
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": unquote(path),
            "raw_path": path.encode(),
            "root_path": "",
            "query_string": query.encode(),
            "headers": headers,
            "client": ["127.0.0.1", 50000],
            "server": ["127.0.0.1", 80],
        }

        async def both() -> tuple[Answer, Answer]:
            return await self.ordinary(dict(scope), body), await self.short(dict(scope), body)

        return asyncio.run(both())

    def assert_same(
        self,
        name: object,
        method: str,
        target: str,
        headers: Headers,
        body: bytes = b"",
        *,
        short: bool | None = None,
    ) -> Answer:
        """Asserts that both responses are the same, and that no error came from the short path.

        `short` also asserts whether the short path answered. `name` identifies the request in a
        failure.
        """
        ordinary, shortly = self.ask(method, target, headers, body)
        assert shortly.normalized() == ordinary.normalized(), name
        assert self.ordinary.was_short is False
        if short is not None:
            assert self.short.was_short is short, name
        assert not (self.short.was_short and ordinary.status >= 300), name
        return shortly


def headers_of(token: str, *more: tuple[str, str], kind: str = "application/json") -> Headers:
    """The headers of an ordinary request."""
    given = [("host", "testserver"), ("authorization", f"Bearer {token}"), ("accept", "*/*")]
    given += [("content-type", kind)] if kind else []
    return [(name.encode(), value.encode("latin-1")) for name, value in (*given, *more)]


@dataclass
class Stage:
    """A thread of alice and bob with some messages, and everybody's tokens."""

    people: dict[str, Person]
    tokens: dict[str, str]
    thread: str
    deleted: str
    first_message: str

    @property
    def raw_thread(self) -> str:
        return self.thread.rpartition("/")[2]

    def path(self, template: str) -> str:
        """The path with the ids of this stage, escaped as the SDKs do."""
        ids = {"thread": self.raw_thread, "deleted": self.deleted.rpartition("/")[2]}
        return template.format(**{name: quote(one, safe="") for name, one in ids.items()})

    def body(self, body: bytes) -> bytes:
        return body.replace(b"{first}", self.first_message.encode())


def expired_token(person: Person) -> str:
    resource, now = person.user.resource, int(time.time())
    return tokens.sign(
        raw_id=person.id,
        resource_id=str(resource.id),
        key_id=str(resource.primary_key_id),
        access_key=resource.primary_key,
        scopes=["chat"],
        generation=person.user.token_generation,
        issued=now - 7200,
        expires=now - 3600,
    ).token
