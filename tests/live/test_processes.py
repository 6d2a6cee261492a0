"""Two server processes sharing PostgreSQL and Redis: it does not matter where clients connect."""

from __future__ import annotations

import asyncio
import time

import psycopg
import pytest

from events.following import Cursor
from load_testing.clients import Person, Stream, Trouter, bearer, people_of, signed, trouter
from load_testing.cluster import Cluster

pytestmark = [pytest.mark.postgresql, pytest.mark.redis, pytest.mark.timeout(240)]


async def until_it_is_quick(alice: Person, thread: str, stream: Stream) -> list[str]:
    """Send until several messages in a row arrived quickly. Returns what was sent.

    Without notifications a process reads the log only once a second.
    """
    sent: list[str] = []
    in_a_row = 0
    async with asyncio.timeout(60):
        while in_a_row < 4:
            sent.append(f"{len(sent)}")
            started = time.monotonic()
            await asyncio.gather(alice.send(thread, sent[-1]), stream.frame())
            in_a_row = in_a_row + 1 if time.monotonic() - started < 0.4 else 0
    return sent


async def answers_are_saved(cluster: Cluster, client: Trouter) -> None:
    """Wait until the client's position in the database is the end of the log."""
    statement = "SELECT position, (SELECT max(id) FROM events_event) FROM live_trouterendpoint"
    url = cluster.nodes[0].environment["DATABASE_URL"]
    async with (
        asyncio.timeout(10),
        await psycopg.AsyncConnection.connect(url, autocommit=True) as connection,
    ):
        while True:
            found = await connection.execute(statement + " WHERE epid = %s", [client.epid])
            position, end = await found.fetchone() or ("", None)
            if position and Cursor.parse(position).last_id == end:
                return
            await asyncio.sleep(0.02)


async def test_events_of_one_process_reach_clients_of_the_other(cluster: Cluster) -> None:
    here, there = (node.site for node in cluster.nodes)
    async with people_of(here) as people:
        alice, bob = await people.person("Alice"), await people.person("Bob")
        stream = await Stream.open(there, bearer(bob))
        await stream.frame()
        service = await Stream.open(there, signed(there, "/chat/events"))
        await service.frame()
        client = await trouter(there, bob)
        thread = await alice.create_thread(bob)
        assert (await stream.frames(1))[0]["type"] == "chatThreadCreated"
        sent = await until_it_is_quick(alice, thread, stream)
        assert (await alice.ask("POST", f"{thread}/typing"))[0] == 200
        assert (await stream.frames(1))[0]["type"] == "typingIndicatorReceived"
        pushes = [await client.push() for _ in range(len(sent) + 2)]
        assert [p["messageBody"] for p in pushes[1:-1]] == sent
        assert pushes[-1]["eventId"] == 245
        assert len(await service.frames(len(sent) + 2)) == len(pushes)
        for one in (stream, client, service):
            await one.socket.close()


async def test_a_client_that_reconnects_to_the_other_process_resumes(cluster: Cluster) -> None:
    here, there = (node.site for node in cluster.nodes)
    async with people_of(here) as people:
        alice, bob = await people.person("Alice"), await people.person("Bob")
        thread = await alice.create_thread(bob)
        client = await trouter(here, bob)
        await alice.send(thread, "here")
        assert (await client.push())["messageBody"] == "here"
        await answers_are_saved(cluster, client)
        # Without leaving: the newest connection is the one that receives.
        moved = await trouter(there, bob, client.epid)
        while (frame := await client.raw()) != "0:::dup":
            assert frame.startswith("6:::")
        await alice.send(thread, "there")
        assert (await moved.push())["messageBody"] == "there"
        await moved.socket.close()
        await alice.send(thread, "meanwhile")
        back = await trouter(here, bob, client.epid)
        assert (await back.push())["messageBody"] == "meanwhile"
        await back.socket.close()


async def test_nothing_is_lost_while_redis_is_away(cluster: Cluster) -> None:
    here, there = (node.site for node in cluster.nodes)
    async with people_of(here) as people:
        alice, bob = await people.person("Alice"), await people.person("Bob")
        thread = await alice.create_thread(bob)
        stream = await Stream.open(there, bearer(bob))
        await stream.frame()
        client = await trouter(there, bob)
        expected = []

        async def say(text: str) -> None:
            expected.append(text)
            await alice.send(thread, text)

        await say("before")
        assert cluster.redis
        cluster.redis.stop()
        for number in range(5):
            await say(f"without {number}")
        cluster.redis.start()
        for number in range(5):
            await say(f"with again {number}")
        frames = await stream.frames(len(expected))
        assert [f["message"]["content"]["message"] for f in frames] == expected
        assert [(await client.push())["messageBody"] for _ in expected] == expected
        await until_it_is_quick(alice, thread, stream)
        await stream.socket.close()
        await client.socket.close()


async def test_nothing_is_lost_when_a_process_is_killed(cluster: Cluster) -> None:
    node = cluster.nodes[1]
    here, there = (one.site for one in cluster.nodes)
    async with people_of(here) as people:
        alice, bob = await people.person("Alice"), await people.person("Bob")
        thread = await alice.create_thread(bob)
        stream = await Stream.open(there, bearer(bob))
        last = (await stream.frame())["id"]
        client = await trouter(there, bob)
        for number in range(5):
            await alice.send(thread, f"{number}")
        seen = await stream.frames(5)
        assert [(await client.push())["messageBody"] for _ in range(5)] == list("01234")
        last = seen[-1]["id"]
        await answers_are_saved(cluster, client)
        await asyncio.to_thread(node.kill)
        for number in range(5, 10):
            await alice.send(thread, f"{number}")
        again = await Stream.open(here, bearer(bob), last)
        assert (await again.frame())["recovered"] is True
        texts = [f["message"]["content"]["message"] for f in await again.frames(5)]
        assert texts == list("56789")
        back = await trouter(here, bob, client.epid)
        assert [(await back.push())["messageBody"] for _ in range(5)] == list("56789")
        await again.socket.close()
        await back.socket.close()
        await asyncio.to_thread(node.restart)


async def test_events_of_many_writers_arrive_in_the_order_of_their_threads(
    cluster: Cluster,
) -> None:
    sites = [node.site for node in cluster.nodes]
    async with people_of(sites[0]) as people:
        alice, bob = await people.person("Alice"), await people.person("Bob")
        threads = [await alice.create_thread(bob) for _ in range(4)]
        readers = [
            await Stream.open(site, headers)
            for site in sites
            for headers in (bearer(bob), signed(site, "/chat/events"))
        ]
        starts = [(await reader.frame())["id"] for reader in readers]

        async def writer(number: int) -> None:
            site = sites[number % 2]
            for turn in range(15):
                await alice.send(threads[(number + turn) % 4], f"{number}.{turn}", site=site)

        await asyncio.gather(*(writer(number) for number in range(16)))
        heard = [await reader.frames(240) for reader in readers]
        for events in heard:
            for thread in threads:
                numbers = [e["sequence"] for e in events if thread.endswith(e["threadId"])]
                assert numbers == [*range(numbers[0], numbers[0] + len(numbers))]
            assert len({(e["threadId"], e["sequence"]) for e in events}) == 240
        # From any event on, a reader gets exactly the rest.
        for place in (0, 7, 100, 238):
            after = heard[0][place]["id"]
            again = await Stream.open(sites[1], bearer(bob), after)
            await again.frame()
            rest = await again.frames(239 - place)
            known = {(e["threadId"], e["sequence"]) for e in heard[0][: place + 1]}
            got = {(e["threadId"], e["sequence"]) for e in rest}
            assert not known & got
            assert len(got) == 239 - place
            await again.socket.close()
        assert all(starts)
        for reader in readers:
            await reader.socket.close()
