"""A load of senders and sockets, with or without faults, and its report.

`manage.py chatload --faults` runs it. Twenty users send, and every user listens twice, in the
native stream and in the SDKs' protocol. Meanwhile server processes are killed, connections reset
and Redis restarted. At the end a service reads the log, which says what every socket should have
received.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from collections.abc import Awaitable, Callable

from load_testing.clients import People, Person, Site, Stream, people_of, signed
from load_testing.cluster import Cluster
from load_testing.listeners import FAILURES, Listener, NativeListener, TrouterListener
from load_testing.report import Key, LoggedEvent, Report, compare

USERS = 25
THREADS = 8
THREADS_PER_USER = 3
PAUSE_BETWEEN_FAULTS = 1.5


class Load:
    """The senders and the sockets."""

    def __init__(self, cluster: Cluster, people: People, *, seed: int, rate: float) -> None:
        self.cluster, self.people = cluster, people
        self.random = random.Random(seed)
        self.rate = rate
        self.listeners: list[Listener] = []
        self.members: dict[str, list[Person]] = {}
        self.acknowledged: set[Key] = set()
        self.is_over = asyncio.Event()
        self.visitor: Person | None = None

    @property
    def sites(self) -> list[Site]:
        """The servers."""
        return [node.site for node in self.cluster.nodes]

    async def prepare(self) -> list[Person]:
        """Create users, threads and sockets that are not connected yet."""
        users = [await self.people.person(f"User {n}") for n in range(USERS)]
        for number in range(THREADS):
            members = [
                user
                for position, user in enumerate(users)
                if (number - position) % THREADS < THREADS_PER_USER
            ]
            thread = await members[0].create_thread(*members[1:], topic=f"{number}")
            self.members[thread] = members
        self.visitor = await self.people.person("Visitor")
        for person in [*users, self.visitor]:
            self.listeners.append(NativeListener(person, self.random))
            self.listeners.append(TrouterListener(person, self.random))
        return users

    # --- users -----------------------------------------------------------------------------------

    async def send(self, person: Person) -> None:
        """Send to the person's threads until the load is over."""
        threads = [thread for thread, members in self.members.items() if person in members]
        number = 0
        while not self.is_over.is_set():
            number += 1
            thread = self.random.choice(threads)
            with contextlib.suppress(*FAILURES):
                async with asyncio.timeout(10):
                    message = await person.send(
                        thread, f"{person.name}: {number}", site=self.random.choice(self.sites)
                    )
                self.acknowledged.add((thread.rpartition("/")[2], message))
            await asyncio.sleep(self.random.uniform(0.5, 1.5) / self.rate)

    async def join_and_leave(self) -> None:
        """Add the visitor to a thread and remove it, until the load is over."""
        thread, members = next(iter(self.members.items()))
        host, visitor = members[0], self.visitor
        assert visitor is not None
        join = {"participants": [visitor.participant]}
        leave = visitor.participant["communicationIdentifier"]
        while not self.is_over.is_set():
            for verb, body in ((":add", join), (":remove", leave)):
                with contextlib.suppress(*FAILURES):
                    async with asyncio.timeout(10):
                        site = self.random.choice(self.sites)
                        await host.ask("POST", f"{thread}/participants/{verb}", body, site=site)
                await asyncio.sleep(0.7)

    # --- faults ----------------------------------------------------------------------------------

    async def cut_sockets(self) -> None:
        """Reset half of the connections."""
        for listener in self.random.sample(self.listeners, len(self.listeners) // 2):
            listener.cut()

    async def kill_a_process(self) -> None:
        """Kill a server and start it again."""
        node = self.random.choice(self.cluster.nodes)
        await asyncio.to_thread(node.kill)
        await asyncio.sleep(0.5)
        await asyncio.to_thread(node.restart)

    async def restart_redis(self) -> None:
        """Stop Redis for a moment."""
        assert self.cluster.redis
        await asyncio.to_thread(self.cluster.redis.stop)
        await asyncio.sleep(1.5)
        await asyncio.to_thread(self.cluster.redis.start)

    async def inject_faults(self, seconds: float) -> None:
        """One fault after the other until the time is over, each of them at least once."""
        deadline = time.monotonic() + seconds
        faults = [self.cut_sockets, self.kill_a_process]
        if self.cluster.redis:
            faults.append(self.restart_redis)
        number = 0
        while time.monotonic() < deadline or number < len(faults):
            await asyncio.sleep(PAUSE_BETWEEN_FAULTS)
            await faults[number % len(faults)]()
            number += 1

    # --- afterwards ------------------------------------------------------------------------------

    async def wait_until_quiet(self, timeout_seconds: float = 40.0) -> None:
        """Wait until every socket is connected and none has received anything for a while."""
        deadline = time.monotonic() + timeout_seconds
        count, quiet_since = -1, time.monotonic()
        while time.monotonic() < deadline:
            now = sum(len(listener.received.keys) for listener in self.listeners)
            all_connected = all(listener.transport is not None for listener in self.listeners)
            if now != count or not all_connected:
                count, quiet_since = now, time.monotonic()
            elif time.monotonic() - quiet_since > 4:
                return
            await asyncio.sleep(0.2)

    async def read_log(self, after: str) -> list[LoggedEvent]:
        """All stored events after the cursor, read as a service."""
        site = self.sites[0]
        stream = await Stream.open(site, signed(site, f"/chat/events?after={after}"), after)
        assert (await stream.frame())["recovered"] is True
        events: list[LoggedEvent] = []
        with contextlib.suppress(TimeoutError):
            while True:
                frame = await stream.frame(3)
                if "sequence" in frame:
                    events.append(LoggedEvent.of_frame(frame))
        await stream.socket.close()
        return events


async def run(
    cluster: Cluster,
    *,
    seconds: float,
    with_faults: bool,
    senders: int = 20,
    rate: float = 3.0,
    seed: int = 1,
    report_progress: Callable[[str], None] = print,
) -> Report:
    """Run a load for so many seconds (with faults, until each has happened once) and report.

    `rate` is messages per second and sender.
    """
    async with people_of(cluster.nodes[0].site) as people:
        load = Load(cluster, people, seed=seed, rate=rate)
        users = await load.prepare()
        begin = await _current_cursor(load.sites[0])
        async with asyncio.TaskGroup() as group:
            listening = await _connect(load, group)
            report_progress(f"{len(load.listeners)} sockets connected; {senders} users send")
            started = time.monotonic()
            sending = [group.create_task(load.send(user)) for user in users[:senders]]
            sending.append(group.create_task(load.join_and_leave()))
            await _run_for(load, seconds, with_faults)
            load.is_over.set()
            await asyncio.gather(*sending)
            took = time.monotonic() - started
            report_progress("sending has stopped; waiting for the sockets")
            await load.wait_until_quiet()
            for task in listening:
                task.cancel()
        return compare(
            await load.read_log(begin),
            [listener.received for listener in load.listeners],
            acknowledged=load.acknowledged,
            members=load.members,
            seconds=took,
        )


async def _current_cursor(site: Site) -> str:
    stream = await Stream.open(site, signed(site, "/chat/events"))
    cursor: str = (await stream.frame())["id"]
    await stream.socket.close()
    return cursor


async def _connect(load: Load, group: asyncio.TaskGroup) -> list[asyncio.Task[None]]:
    """Start the sockets, and return when all are connected."""
    ready = asyncio.Semaphore(0)
    tasks = [group.create_task(one.listen(load.sites, ready.release)) for one in load.listeners]
    for _ in load.listeners:
        await ready.acquire()
    return tasks


def _run_for(load: Load, seconds: float, with_faults: bool) -> Awaitable[None]:
    return load.inject_faults(seconds) if with_faults else asyncio.sleep(seconds)
