"""Live events over real connections: sockets, responses, TLS, restarts, slow readers."""

from __future__ import annotations

import asyncio
import json
import time
import uuid
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from load_testing.clients import (
    Site,
    Stream,
    bearer,
    people_of,
    signed,
    sse,
    trouter,
)
from load_testing.servers import start, stop, wait_until_ready
from tests.server import Server, running_server

Events = list[dict[str, Any]]


def texts(events: Events) -> list[str]:
    return [e["message"]["content"]["message"] for e in events if "message" in e]


@pytest.mark.parametrize("https", [False, True], ids=["http", "https"])
async def test_the_three_transports_deliver_the_same_events(server: Server, https: bool) -> None:
    site = Site.of(server, https=https)
    async with people_of(site) as people:
        alice, bob = await people.person("Alice"), await people.person("Bob")
        socket = await Stream.open(site, bearer(bob))
        assert (await socket.frame())["type"] == "connected"
        response = sse(site, people.session, bearer(bob))
        assert (await anext(response))["type"] == "connected"
        client = await trouter(site, bob)
        thread = await alice.create_thread(bob)
        for number in range(3):
            await alice.send(thread, f"{number} 👋")
        over_socket = await socket.frames(4)
        over_response = [await anext(response) for _ in range(4)]
        assert all(e.pop("_last_id") == e["id"] for e in over_response)
        assert over_socket == over_response
        assert texts(over_socket) == [f"{number} 👋" for number in range(3)]
        pushes = [await client.push() for _ in range(4)]
        assert [p["messageBody"] for p in pushes[1:]] == texts(over_socket)
        await response.aclose()
        await socket.socket.close()
        await client.socket.close()


async def test_server_sent_events_resume_after_the_last_event_id(server: Server) -> None:
    site = Site.of(server)
    async with people_of(site) as people:
        alice, bob = await people.person("Alice"), await people.person("Bob")
        thread = await alice.create_thread(bob)
        response = sse(site, people.session, bearer(bob))
        await anext(response)
        await alice.send(thread, "first")
        first = await anext(response)
        await response.aclose()
        await alice.send(thread, "second")
        headers = {**bearer(bob), "last-event-id": first["_last_id"]}
        again = sse(site, people.session, headers, after="1")
        connected = await anext(again)
        assert connected["recovered"] is True and connected["id"] == first["id"]
        assert texts([await anext(again)]) == ["second"]
        await alice.send(thread, "third")
        assert texts([await anext(again)]) == ["third"]
        await again.aclose()


@pytest.mark.parametrize(
    ("query", "authorization", "status"),
    [("", "", 401), ("", "Bearer x", 401), ("?ticket=x", "", 401), ("?after=x", "", 400)],
)
async def test_refusals_of_server_sent_events_can_be_read(
    server: Server, query: str, authorization: str, status: int
) -> None:
    headers = {"authorization": authorization} if authorization else {}
    headers["origin"] = "https://app.example"
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"{server.http_url}/chat/events{query}", headers=headers) as answer,
    ):
        assert answer.status == status
        assert answer.headers["access-control-allow-origin"] == "*"


async def test_a_service_reads_its_resource_with_the_access_key(server: Server) -> None:
    site = Site.of(server)
    headers = signed(site, "/chat/events")
    async with people_of(site) as people:
        stream = await Stream.open(site, headers)
        await stream.frame()
        response = sse(site, people.session, headers)
        await anext(response)
        alice = await people.person("Alice")
        thread = await alice.create_thread()
        await alice.send(thread, "hi")
        assert texts(await stream.frames(2)) == ["hi"]
        assert texts([await anext(response) for _ in range(2)]) == ["hi"]
        await response.aclose()
        await stream.socket.close()


async def test_a_service_that_signs_wrongly_is_refused(server: Server) -> None:
    site = Site.of(server)
    headers = signed(site, "/chat/other")
    with pytest.raises(InvalidStatus) as problem:
        await Stream.open(site, headers)
    assert problem.value.response.status_code == 403


async def test_events_arrive_promptly(server: Server) -> None:
    site = Site.of(server)
    async with people_of(site) as people:
        alice, bob = await people.person("Alice"), await people.person("Bob")
        thread = await alice.create_thread(bob)
        stream = await Stream.open(site, bearer(bob))
        await stream.frame()
        waits = []
        for number in range(9):
            started = time.monotonic()
            await asyncio.gather(stream.frame(), alice.send(thread, f"{number}"))
            waits.append(time.monotonic() - started)
        await stream.socket.close()
    # Without a notification each would take up to a second.
    assert sorted(waits)[4] < 0.5, waits


async def test_clients_resume_after_a_restart(tmp_path: Path) -> None:
    with running_server(tmp_path / "data") as server:
        site = Site.of(server)
        async with people_of(site) as people:
            alice, bob = await people.person("Alice"), await people.person("Bob")
            thread = await alice.create_thread(bob)
            stream = await Stream.open(site, bearer(bob))
            await stream.frame()
            response = sse(site, people.session, bearer(bob))
            await anext(response)
            client = await trouter(site, bob)
            await alice.send(thread, "before")
            (seen,) = await stream.frames(1)
            assert texts([await anext(response)]) == ["before"]
            assert (await client.push())["messageBody"] == "before"
            stopping = asyncio.create_task(asyncio.to_thread(stop, server.process))
            assert await stream.frame() == {"type": "disconnecting", "reason": "restarting"}
            with pytest.raises(ConnectionClosed) as closed:
                await stream.frame()
            assert closed.value.rcvd is not None and closed.value.rcvd.code == 1012
            assert (await anext(response))["type"] == "disconnecting"
            with pytest.raises(StopAsyncIteration):
                await anext(response)
            while (frame := await client.raw()) != "0::":
                assert frame.startswith("6:::")
            assert await stopping == 0
            # No request held the shutdown up.
            assert "Requests dropped at shutdown" not in server.log.read_text()

            process = start(server.environment, tmp_path / "second.log")
            try:
                wait_until_ready(process, server.http_url, tmp_path / "second.log")
                await alice.send(thread, "after")
                again = await Stream.open(site, bearer(bob), seen["id"])
                await again.frame()
                assert texts(await again.frames(1)) == ["after"]
                back = await trouter(site, bob, client.epid)
                assert (await back.push())["messageBody"] == "after"
                await again.socket.close()
                await back.socket.close()
            finally:
                await asyncio.to_thread(stop, process)


async def test_a_client_that_reads_nothing_is_disconnected_and_resumes(server: Server) -> None:
    site = Site.of(server)
    async with people_of(site) as people:
        alice, bob = await people.person("Alice"), await people.person("Bob")
        thread = await alice.create_thread(bob)
        witness = await Stream.open(site, bearer(bob))
        first = await witness.frame()
        reader, writer = await _deaf_client(site, bob.token)
        sent = 0
        async with asyncio.timeout(60):
            while sent < 400:
                await asyncio.gather(*(alice.send(thread, "x" * 25_000) for _ in range(20)))
                sent += 20
        frames = await witness.frames(sent)
        assert len(texts(frames)) == sent
        # What the server did not send is discarded with the connection.
        received = 0
        with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
            async with asyncio.timeout(30):
                while True:
                    received += len(await reader.readexactly(65536))
        assert received < 9_000_000
        writer.close()
        again = await Stream.open(site, bearer(bob), first["id"])
        await again.frame()
        assert texts(await again.frames(sent)) == texts(frames)
        await again.socket.close()
        await witness.socket.close()


async def _deaf_client(site: Site, token: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    host, _, port = site.host.partition(":")
    reader, writer = await asyncio.open_connection(host, int(port), limit=1024)
    writer.write(
        f"GET /chat/events HTTP/1.1\r\nHost: {site.host}\r\nUpgrade: websocket\r\n"
        "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        f"Authorization: Bearer {token}\r\n\r\n".encode()
    )
    await reader.readuntil(b"\r\n\r\n")
    return reader, writer


async def test_polling_delivers_what_a_socket_would(server: Server) -> None:
    site = Site.of(server)
    async with people_of(site) as people:
        alice, bob, eve = [await people.person(name) for name in ("Alice", "Bob", "Eve")]
        thread = await alice.create_thread(bob)
        epid = str(uuid.uuid4())
        headers = {"x-skypetoken": bob.token}
        address = f"{site.url}/socket.io/1/?epid={epid}"
        async with people.session.get(address, headers=headers) as answer:
            sid = (await answer.text()).partition(":")[0]
        address = f"{site.url}/socket.io/1/xhr-polling/{sid}?epid={epid}"

        async def poll(token: str = bob.token) -> tuple[int, str]:
            async with people.session.get(address, headers={"x-skypetoken": token}) as answer:
                return answer.status, await answer.text()

        async def post(body: str) -> int:
            async with people.session.post(
                address, data=body.encode(), headers=headers | {"content-type": "text/plain"}
            ) as answer:
                return answer.status

        assert (await poll(eve.token))[0] == 404
        seen = ""
        while "trouter.connected" not in seen:
            status, text = await poll()
            assert status == 200
            seen += text
        assert "1::" in seen
        # A poll that waits already is part of live/tests/test_polling.py.
        (status, text), _ = await asyncio.gather(poll(), alice.send(thread, "hello"))
        assert status == 200 and text.startswith("3:::")
        push = json.loads(text[4:])
        assert json.loads(push["body"])["messageBody"] == "hello"
        frame = '5:1+::{"name":"ping"}'
        assert await post(f"\ufffd{len(frame)}\ufffd{frame}\ufffd{len(frame)}\ufffd{frame}") == 200
        status, text = await poll()
        pong = '6:::1+["pong"]'
        assert text == f"\ufffd{len(pong)}\ufffd{pong}" * 2
        assert await post("\ufffdx") == 400
        assert (await poll(eve.token))[0] == 404
        assert (await poll("x"))[0] == 401
