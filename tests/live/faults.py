"""A load of senders and sockets, with or without faults, and the account of it afterwards.

`manage.py chatload --faults` runs it. Twenty users send, and every user listens twice, in the
native stream and in the SDKs' dialect. Meanwhile server processes are killed, sockets cut and Redis
restarted. At the end the log itself, read by a service, says what every socket should have got.

A push of the dialect counts as doubled when it comes again although it was answered well before
the connection ended; an answer of the last moment may not have arrived.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import time
import uuid
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from websockets.exceptions import WebSocketException

from live.event_log import Stay
from tests.live.clients import People, Person, Site, Stream, bearer, people_of, signed, trouter
from tests.live.cluster import Cluster

# Thread and version: what both dialects tell of every event.
Key = tuple[str, str]

USERS = 25
THREADS = 8
THREADS_OF_A_USER = 3
# Seconds in which an answer may not have arrived before a connection ended.
LAST_MOMENT = 1.0
FAILURES = (OSError, WebSocketException, aiohttp.ClientError, TimeoutError, AssertionError)


@dataclass(frozen=True)
class Happened:
    """An event of the log."""

    thread: str
    sequence: int
    version: str
    type: str
    people: tuple[str, ...] = ()

    @property
    def key(self) -> Key:
        """What a reader can know it by."""
        return self.thread, self.version


@dataclass
class Listener:
    """One socket of a user, as long as the load lasts."""

    person: Person
    dialect: str
    received: list[Key] = field(default_factory=list)
    doubled: int = 0
    repeated: int = 0
    connections: int = 0
    transport: Any = None

    def cut(self) -> None:
        """Resets the connection, as networks do."""
        if self.transport is not None:
            self.transport.abort()


@dataclass
class Report:
    """How it went; the four numbers must be 0."""

    acknowledged: int
    events: int
    deliveries: int
    connections: int
    repeated: int
    seconds: float
    lost: int = 0
    duplicated: int = 0
    reordered: int = 0
    leaked: int = 0

    def __str__(self) -> str:
        return "\n".join(
            (
                f"{self.acknowledged} messages acknowledged, {self.events} events, "
                f"{self.deliveries} deliveries over {self.connections} connections "
                f"in {self.seconds:.0f} s",
                f"{self.repeated} pushes came again whose answer was of the last moment",
                f"lost {self.lost}, duplicated {self.duplicated}, reordered {self.reordered}, "
                f"leaked {self.leaked}",
            )
        )

    @property
    def is_clean(self) -> bool:
        """Whether every entitled socket got everything once, in order, and nobody else anything."""
        return not (self.lost or self.duplicated or self.reordered or self.leaked)


class Load:
    """The senders and the sockets."""

    def __init__(self, cluster: Cluster, people: People, *, seed: int, rate: float) -> None:
        self.cluster, self.people = cluster, people
        self.dice = random.Random(seed)
        self.rate = rate
        self.listeners: list[Listener] = []
        self.members: dict[str, list[Person]] = {}
        self.acknowledged: set[tuple[str, str]] = set()
        self.is_over = asyncio.Event()
        self.visitor: Person | None = None

    @property
    def sites(self) -> list[Site]:
        """Where the processes are."""
        return [node.site for node in self.cluster.nodes]

    async def prepare(self) -> list[Person]:
        """Users and threads."""
        users = [await self.people.person(f"User {n}") for n in range(USERS)]
        for number in range(THREADS):
            members = [
                user
                for place, user in enumerate(users)
                if (number - place) % THREADS < THREADS_OF_A_USER
            ]
            thread = await members[0].create_thread(*members[1:], topic=f"{number}")
            self.members[thread] = members
        self.visitor = await self.people.person("Visitor")
        for person in [*users, self.visitor]:
            self.listeners += [Listener(person, "native"), Listener(person, "trouter")]
        return users

    # --- people ----------------------------------------------------------------------------------

    async def send(self, person: Person) -> None:
        """Sends to the person's threads until it is over."""
        threads = [thread for thread, members in self.members.items() if person in members]
        number = 0
        while not self.is_over.is_set():
            number += 1
            thread = self.dice.choice(threads)
            with contextlib.suppress(*FAILURES):
                async with asyncio.timeout(10):
                    message = await person.send(
                        thread, f"{person.name}: {number}", site=self.dice.choice(self.sites)
                    )
                self.acknowledged.add((thread.rpartition("/")[2], message))
            await asyncio.sleep(self.dice.uniform(0.5, 1.5) / self.rate)

    async def come_and_go(self) -> None:
        """Somebody joins and leaves a thread, over and over."""
        thread, members = next(iter(self.members.items()))
        host, visitor = members[0], self.visitor
        assert visitor is not None
        join = {"participants": [visitor.participant]}
        leave = visitor.participant["communicationIdentifier"]
        while not self.is_over.is_set():
            for verb, body in ((":add", join), (":remove", leave)):
                with contextlib.suppress(*FAILURES):
                    async with asyncio.timeout(10):
                        site = self.dice.choice(self.sites)
                        await host.ask("POST", f"{thread}/participants/{verb}", body, site=site)
                await asyncio.sleep(0.7)

    # --- sockets ---------------------------------------------------------------------------------

    async def listen(self, listener: Listener, ready: Callable[[], None]) -> None:
        """Stays connected, comes back after every end, here or there."""
        attend = self._native if listener.dialect == "native" else self._trouter
        state: dict[str, Any] = {"ready": ready}
        while True:
            with contextlib.suppress(*FAILURES):
                await attend(listener, self.dice.choice(self.sites), state)
            listener.transport = None
            await asyncio.sleep(self.dice.uniform(0.05, 0.3))

    async def _native(self, listener: Listener, site: Site, state: dict[str, Any]) -> None:
        async with asyncio.timeout(10):
            stream = await Stream.open(site, bearer(listener.person), state.get("last", ""))
            connected = await stream.frame()
        assert connected["recovered"] is True
        state.setdefault("last", connected["id"])
        self._connected(listener, stream.socket.transport, state)
        async for text in stream.socket:
            frame = json.loads(text)
            if "id" in frame:
                state["last"] = frame["id"]
            if "threadId" in frame and frame["type"] != "typingIndicatorReceived":
                listener.received.append((frame["threadId"], frame["version"]))

    async def _trouter(self, listener: Listener, site: Site, state: dict[str, Any]) -> None:
        epid = state.setdefault("epid", str(uuid.uuid4()))
        answered: dict[Key, float] = state.setdefault("answered", {})
        async with asyncio.timeout(10):
            client = await trouter(site, listener.person, epid)
        self._connected(listener, client.socket.transport, state)
        ended = state.get("ended", 0.0)
        try:
            async for content in client.socket:
                assert isinstance(content, str)
                if not content.startswith("3:::"):
                    continue
                message = json.loads(content[4:])
                body = json.loads(message["body"])
                key = body["groupId"], body["version"]
                if key in answered:
                    if answered[key] < ended - LAST_MOMENT:
                        listener.doubled += 1
                    else:
                        listener.repeated += 1
                else:
                    listener.received.append(key)
                number = message["id"]
                await client.socket.send(f'3:::{{"id":{number},"status":200}}')
                await client.socket.send(f'5:{number}+::{{"name":"ping"}}')
                answered[key] = time.monotonic()
        finally:
            state["ended"] = time.monotonic()

    def _connected(self, listener: Listener, transport: Any, state: dict[str, Any]) -> None:
        listener.transport = transport
        listener.connections += 1
        ready = state.pop("ready", None)
        if ready:
            ready()

    # --- faults ----------------------------------------------------------------------------------

    async def cut_sockets(self) -> None:
        """Half of the connections end without a word."""
        for listener in self.dice.sample(self.listeners, len(self.listeners) // 2):
            listener.cut()

    async def kill_a_process(self) -> None:
        """A crash, and a new start."""
        node = self.dice.choice(self.cluster.nodes)
        await asyncio.to_thread(node.kill)
        await asyncio.sleep(0.5)
        await asyncio.to_thread(node.restart)

    async def restart_redis(self) -> None:
        """Redis is away for a moment."""
        assert self.cluster.redis
        await asyncio.to_thread(self.cluster.redis.stop)
        await asyncio.sleep(1.5)
        await asyncio.to_thread(self.cluster.redis.start)

    async def do_damage(self, seconds: float) -> None:
        """One fault after the other until the time is over, each of them at least once."""
        until = time.monotonic() + seconds
        kinds = [self.cut_sockets, self.kill_a_process]
        if self.cluster.redis:
            kinds.append(self.restart_redis)
        number = 0
        while time.monotonic() < until or number < len(kinds):
            await asyncio.sleep(1.5)
            await kinds[number % len(kinds)]()
            number += 1

    # --- account ---------------------------------------------------------------------------------

    async def read_log(self, after: str) -> list[Happened]:
        """Everything that happened since the cursor, by the word of the log."""
        site = self.sites[0]
        stream = await Stream.open(site, signed(site, f"/chat/events?after={after}"), after)
        assert (await stream.frame())["recovered"] is True
        events: list[Happened] = []
        with contextlib.suppress(TimeoutError):
            while True:
                frame = await stream.frame(3)
                if "sequence" in frame:
                    events.append(_happened(frame))
        await stream.socket.close()
        return events

    def account(self, events: list[Happened], seconds: float) -> Report:
        """Compares what was received with what should have been."""
        report = Report(
            acknowledged=len(self.acknowledged),
            events=len(events),
            deliveries=sum(len(listener.received) for listener in self.listeners),
            connections=sum(listener.connections for listener in self.listeners),
            repeated=sum(listener.repeated for listener in self.listeners),
            seconds=seconds,
        )
        sent = {(e.thread, e.version) for e in events if e.type == "chatMessageReceived"}
        report.lost += len(self.acknowledged - sent)
        stays = self._stays(events)
        order = {event.key: (event.thread, event.sequence) for event in events}
        for listener in self.listeners:
            entitled = {e.key for e in events if _sees(stays[listener.person.id], e)}
            got = listener.received
            report.lost += len(entitled - set(got))
            report.leaked += len(set(got) - entitled)
            report.duplicated += len(got) - len(set(got)) + listener.doubled
            report.reordered += _reordered(order[key] for key in got if key in order)
        return report

    def _stays(self, events: Iterable[Happened]) -> dict[str, dict[str, list[Stay]]]:
        stays: dict[str, dict[str, list[Stay]]] = defaultdict(lambda: defaultdict(list))
        for thread, members in self.members.items():
            for member in members:
                stays[member.id][thread.rpartition("/")[2]].append(Stay(1))
        for event in events:
            for person in event.people:
                here = stays[person][event.thread]
                if event.type == "participantsAdded":
                    here.append(Stay(event.sequence))
                elif event.type == "participantsRemoved":
                    here[-1].removed = event.sequence
        return stays


def _happened(frame: dict[str, Any]) -> Happened:
    people = tuple(p["communicationIdentifier"]["rawId"] for p in frame.get("participants", ()))
    return Happened(frame["threadId"], frame["sequence"], frame["version"], frame["type"], people)


def _sees(stays: dict[str, list[Stay]], event: Happened) -> bool:
    return any(
        stay.joined <= event.sequence and (stay.removed is None or event.sequence <= stay.removed)
        for stay in stays.get(event.thread, ())
    )


def _reordered(places: Iterable[tuple[str, int]]) -> int:
    last: dict[str, int] = {}
    count = 0
    for thread, sequence in places:
        count += sequence < last.get(thread, 0)
        last[thread] = max(sequence, last.get(thread, 0))
    return count


async def run(
    cluster: Cluster,
    *,
    seconds: float,
    with_faults: bool,
    senders: int = 20,
    rate: float = 3.0,
    seed: int = 1,
    say: Callable[[str], None] = print,
) -> Report:
    """Runs a load for so many seconds (with faults, until each has happened) and accounts for it.

    `rate` is messages a second and sender.
    """
    async with people_of(cluster.nodes[0].site) as people:
        load = Load(cluster, people, seed=seed, rate=rate)
        users = await load.prepare()
        site = load.sites[0]
        probe = await Stream.open(site, signed(site, "/chat/events"))
        begin = (await probe.frame())["id"]
        await probe.socket.close()
        ready = asyncio.Semaphore(0)
        async with asyncio.TaskGroup() as group:
            listening = [
                group.create_task(load.listen(one, ready.release)) for one in load.listeners
            ]
            for _ in load.listeners:
                await ready.acquire()
            say(f"{len(load.listeners)} sockets are connected; {senders} users begin to send")
            started = time.monotonic()
            sending = [group.create_task(load.send(user)) for user in users[:senders]]
            sending.append(group.create_task(load.come_and_go()))
            await _last(load, seconds, with_faults)
            load.is_over.set()
            await asyncio.gather(*sending)
            took = time.monotonic() - started
            say("the senders have stopped; waiting for the sockets")
            await _until_quiet(load)
            for task in listening:
                task.cancel()
        return load.account(await load.read_log(begin), took)


def _last(load: Load, seconds: float, with_faults: bool) -> Awaitable[None]:
    return load.do_damage(seconds) if with_faults else asyncio.sleep(seconds)


async def _until_quiet(load: Load, most: float = 40.0) -> None:
    """Until nothing has come for a while and everybody is connected."""
    until = time.monotonic() + most
    count, quiet_since = -1, time.monotonic()
    while time.monotonic() < until:
        now = sum(len(listener.received) for listener in load.listeners)
        everybody = all(listener.transport is not None for listener in load.listeners)
        if now != count or not everybody:
            count, quiet_since = now, time.monotonic()
        elif time.monotonic() - quiet_since > 4:
            return
        await asyncio.sleep(0.2)
