"""The HTTP client of webhooks: it goes only where it may, follows nobody, and always ends.

A request has one deadline for everything, from the name's resolution to the answer's last byte
that is looked at: a receiver that trickles does not hold a sender longer than one that is silent.
"""

import contextlib
import http.client
import select
import socket
import ssl
import threading
import time
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.conf import settings

from webhooks.addresses import (
    Endpoint,
    ForbiddenAddress,
    UnknownHost,
    parse_endpoint,
    resolve,
)

TIMEOUT_SECONDS = 30.0
# How much of an answer is read, and for how long after its status is known.
ANSWER_BYTES = 64 * 1024
_ANSWER_SECONDS = 5.0
_CONNECT_SECONDS = 10.0
# Idle connections are kept so long, and so many for each endpoint.
_IDLE_SECONDS = 20.0
_MOST_IDLE = 16
_WATCH_SECONDS = 0.2


# How it looks when the other side has closed a connection, without TLS and with.
_LOST = (ConnectionError, ssl.SSLEOFError, ssl.SSLZeroReturnError)


@dataclass(frozen=True)
class Reply:
    """An answer; `body` is its beginning."""

    status: int
    headers: dict[str, str]
    body: bytes


class RequestFailed(Exception):
    """There was no answer. `outcome` is Event Grid's word for the reason."""

    def __init__(self, outcome: str, text: str) -> None:
        super().__init__(text)
        self.outcome = outcome


@cache
def _tls(ca_file: str) -> ssl.SSLContext:
    context = ssl.create_default_context()
    # Whatever the machine's own configuration allows.
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if ca_file:
        context.load_verify_locations(ca_file)
    return context


class _Connection(http.client.HTTPConnection):
    """A connection to a checked address of an endpoint."""

    def __init__(self, endpoint: Endpoint, deadline: float, watchdog: "_Watchdog") -> None:
        super().__init__(endpoint.host, endpoint.port)
        self.endpoint = endpoint
        self.deadline = deadline
        self.watchdog = watchdog
        self.idle_since = 0.0
        # A second handle on the same connection, which the watchdog can shut from its thread
        # without disturbing the TLS object that this thread works with.
        self.handle: socket.socket | None = None
        self.is_shut = False

    def connect(self) -> None:
        """Connect to the first address that answers, by the deadline."""
        plain = self._connect_to_any()
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        plain.settimeout(TIMEOUT_SECONDS)
        self.handle = plain.dup()
        self.watchdog.watch(self)
        self.sock = plain
        if self.endpoint.is_tls:
            context = _tls(str(settings.CHATSITE_WEBHOOK_CA or ""))
            self.sock = context.wrap_socket(plain, server_hostname=self.endpoint.host)

    def _connect_to_any(self) -> socket.socket:
        problem: OSError = TimeoutError("timed out")
        for family, address in resolve(self.endpoint):
            left = self.deadline - time.monotonic()
            if left <= 0:
                break
            plain = socket.socket(family, socket.SOCK_STREAM)
            try:
                plain.settimeout(min(left, _CONNECT_SECONDS))
                plain.connect(address)
                return plain
            except OSError as found:
                plain.close()
                problem = found
        raise problem

    @property
    def is_lost(self) -> bool:
        """Whether the endpoint has closed it, or says something unasked, while it was idle."""
        poll = select.poll()
        if self.handle:
            poll.register(self.handle, select.POLLIN)
        return bool(poll.poll(0))

    def shut(self) -> None:
        """End whatever the connection's own thread waits for."""
        self.is_shut = True
        with contextlib.suppress(OSError):
            if self.handle:
                self.handle.shutdown(socket.SHUT_RDWR)

    def end(self) -> None:
        """Close the connection for good, and its second handle.

        Not in `close`, which http.client calls as soon as an answer announces the end of its
        connection: what the endpoint then says, and how slowly, is still to be watched.
        """
        self.watchdog.forget(self)
        self.close()
        if self.handle:
            self.handle.close()
            self.handle = None


class _Watchdog:
    """A thread that shuts connections whose deadline has passed."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._watched: set[_Connection] = set()
        self._thread: threading.Thread | None = None

    def watch(self, connection: _Connection) -> None:
        with self._lock:
            self._watched.add(connection)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="webhook-watch", daemon=True)
                self._thread.start()

    def forget(self, connection: _Connection) -> None:
        with self._lock:
            self._watched.discard(connection)

    def _run(self) -> None:
        while True:
            time.sleep(_WATCH_SECONDS)
            now = time.monotonic()
            with self._lock:
                # Inside the lock, so that a handle is not closed and reused in between.
                for connection in self._watched:
                    if connection.deadline < now:
                        connection.shut()


class Client:
    """Sends requests from any thread, over connections that it keeps for the next one."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._idle: dict[Endpoint, list[_Connection]] = defaultdict(list)
        self._watchdog = _Watchdog()

    def send(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes = b"",
        *,
        seconds: float = TIMEOUT_SECONDS,
    ) -> Reply:
        """The answer, whatever its status. Raises RequestFailed, after `seconds` at the latest."""
        deadline = time.monotonic() + seconds
        try:
            endpoint = parse_endpoint(url)
        except ValueError as problem:
            raise RequestFailed("Aborted", str(problem)) from None
        try:
            return self._send(method, endpoint, headers, body, deadline)
        except (ForbiddenAddress, UnknownHost) as problem:
            raise RequestFailed("ResolutionError", str(problem)) from None
        except (OSError, http.client.HTTPException, ValueError) as problem:
            if isinstance(problem, TimeoutError) or time.monotonic() >= deadline:
                text = f"There was no answer within {seconds:g} seconds."
                raise RequestFailed("TimedOut", text) from None
            # It may quote what the endpoint said; no database keeps NUL.
            text = (str(problem) or type(problem).__name__).replace("\x00", "\ufffd")
            raise RequestFailed("SocketError", text[:500]) from None

    def _send(
        self,
        method: str,
        endpoint: Endpoint,
        headers: Mapping[str, str],
        body: bytes,
        deadline: float,
    ) -> Reply:
        connection = self._take_idle(endpoint, deadline)
        if connection:
            try:
                return self._exchange(connection, method, headers, body)
            except _LOST:
                # The endpoint closed it at this very moment; events may arrive twice, so again.
                if time.monotonic() >= deadline:
                    raise
        return self._exchange(
            _Connection(endpoint, deadline, self._watchdog), method, headers, body
        )

    def _exchange(
        self, connection: _Connection, method: str, headers: Mapping[str, str], body: bytes
    ) -> Reply:
        is_reusable = False
        try:
            endpoint = connection.endpoint
            connection.request(
                method, endpoint.target, body, {"Host": endpoint.host_header, **headers}
            )
            response = connection.getresponse()
            if connection.is_shut:
                # http.client takes the end of a connection for the end of the headers.
                raise TimeoutError
            # The status decides; nobody needs to wait long for what follows.
            connection.deadline = min(connection.deadline, time.monotonic() + _ANSWER_SECONDS)
            with response:
                head, is_whole = _read(response)
            is_reusable = is_whole and not response.will_close
            return Reply(response.status, {k.lower(): v for k, v in response.getheaders()}, head)
        finally:
            if is_reusable:
                self._keep(connection)
            else:
                connection.end()

    def _take_idle(self, endpoint: Endpoint, deadline: float) -> _Connection | None:
        with self._lock:
            waiting = self._idle.get(endpoint)
            connection = waiting.pop() if waiting else None
        if connection is None:
            return None
        if connection.is_lost or time.monotonic() - connection.idle_since > _IDLE_SECONDS:
            connection.end()
            return self._take_idle(endpoint, deadline)
        connection.deadline = deadline
        self._watchdog.watch(connection)
        return connection

    def _keep(self, connection: _Connection) -> None:
        self._watchdog.forget(connection)
        connection.idle_since = time.monotonic()
        with self._lock:
            waiting = self._idle[connection.endpoint]
            waiting.append(connection)
            surplus = [waiting.pop(0)] if len(waiting) > _MOST_IDLE else []
        for old in surplus:
            old.end()

    def close_idle(self, *, older_than: float = _IDLE_SECONDS) -> None:
        """Close connections that nobody has used for so many seconds."""
        limit = time.monotonic() - older_than
        with self._lock:
            old = [c for kept in self._idle.values() for c in kept if c.idle_since <= limit]
            self._idle = defaultdict(
                list,
                {
                    endpoint: fresh
                    for endpoint, kept in self._idle.items()
                    if (fresh := [c for c in kept if c.idle_since > limit])
                },
            )
        for connection in old:
            connection.end()


def _read(response: http.client.HTTPResponse) -> tuple[bytes, bool]:
    """The beginning of the body, and whether that is all of it."""
    head = b""
    try:
        while len(head) < ANSWER_BYTES:
            chunk: Any = response.read(min(8192, ANSWER_BYTES - len(head)))
            if not chunk:
                return head, True
            head += chunk
    except (OSError, http.client.HTTPException, ValueError):
        return head, False
    return head, False
