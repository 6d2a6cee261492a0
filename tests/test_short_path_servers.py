"""A server with the short path gives the answers of one without it, as they arrive."""

import asyncio
import contextlib
import http.client
import re
from collections.abc import Iterator
from typing import NamedTuple
from urllib.parse import quote, urlsplit

import pytest

from load_testing.clients import Person as Client
from load_testing.clients import Site, people_of
from tests.both_paths import MILLISECONDS, VOLATILE
from tests.server import Server, running_server

NEWEST = "2025-03-15"
_DATES = re.compile(rb"\d{4}-\d\d-\d\dT[\d:.]+Z")


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Server]]:
    """A server without the short path, and one with it."""
    folder = tmp_path_factory.mktemp("short-path")
    with contextlib.ExitStack() as stack:
        yield [
            stack.enter_context(running_server(folder / flag, CHATSITE_SHORT_PATH=flag))
            for flag in ("0", "1")
        ]


async def _prepare(server: Server) -> tuple[Client, str]:
    async with people_of(Site.of(server)) as people:
        alice, bob = await people.person("Alice"), await people.person("Bob")
        thread = await alice.create_thread(bob)
        for number in range(3):
            await alice.send(thread, f"message {number} 🚆")
        return alice, thread


class Wire(NamedTuple):
    """A response as it arrived, without what differs between two servers."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes


def _exchange(
    server: Server, client: Client, thread: str, method: str, path: str, body: bytes
) -> Wire:
    known = [thread, quote(thread, safe="/"), quote(thread, safe="/@"), client.id]
    url = urlsplit(server.http_url)
    known += [url.netloc, *(one.rpartition("/")[2] for one in known)]

    def hide(value: bytes) -> bytes:
        for one in known:
            value = value.replace(one.encode(), b"*")
        value = re.sub(rb"8:acs:[0-9a-f_-]+", b"*", value)
        value = re.sub(rb"syncState=[\w%.-]+", b"*", value)
        return _DATES.sub(b"*", MILLISECONDS.sub(b"#", value))

    connection = http.client.HTTPConnection(url.netloc, timeout=15)
    headers = {"Authorization": f"Bearer {client.token}", "Content-Type": "application/json"}
    with contextlib.closing(connection):
        connection.request(
            method, f"{quote(thread)}{path}", body, headers | {"Origin": "https://a"}
        )
        response = connection.getresponse()
        kept = [
            (name, "*" if name.lower().encode() in VOLATILE else hide(value.encode()).decode())
            for name, value in response.getheaders()
        ]
        return Wire(response.status, kept, hide(response.read()))


def test_two_servers_answer_alike(servers: list[Server]) -> None:
    prepared = [(server, *asyncio.run(_prepare(server))) for server in servers]
    version = f"api-version={NEWEST}"
    requests: list[tuple[str, str, bytes]] = [
        ("POST", f"/messages?{version}", b'{"content": "hello"}'),
        ("GET", f"/messages?{version}", b""),
        ("GET", f"/messages?maxPageSize=1&{version}", b""),
        ("HEAD", f"/messages?{version}", b""),
        ("POST", f"/typing?{version}", b"{}"),
        ("POST", f"/typing?{version}", b""),
        ("POST", f"/readReceipts?{version}", b'{"chatMessageId": "1"}'),
        ("POST", f"/messages?{version}", b"{"),
        ("POST", "/messages", b'{"content": "hello"}'),
        ("POST", f"/messages?{version}", b"x" * 300_000),
    ]
    for request in requests:
        ordinary, shortly = (_exchange(*one, *request) for one in prepared)
        assert shortly == ordinary
