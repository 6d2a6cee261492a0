"""The server process: daphne on several sockets, ending without losing anybody's work.

Importing this module installs Twisted's reactor, so only the command that serves imports it.
"""

# First of all imports: it chooses the reactor, which whatever else imports Twisted would do too.
import daphne.server  # isort: skip

import asyncio
import errno
import logging
import socket
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from daphne.ws_protocol import WebSocketProtocol
from OpenSSL import crypto
from twisted.internet import defer, reactor
from twisted.internet.ssl import CertificateOptions
from twisted.logger import (
    FilteringLogObserver,
    LogLevel,
    LogLevelFilterPredicate,
    STDLibLogObserver,
    globalLogPublisher,
)
from twisted.protocols.tls import TLSMemoryBIOFactory

logger = logging.getLogger(__name__)

# Close code 1012, "service restart": clients of the protocol reconnect.
RESTARTING = 1012
DRAIN_SECONDS = 10.0
_TICK = 0.05


class PortInUse(Exception):
    """Somebody else listens there already, or the address is none of ours."""


@dataclass(frozen=True)
class Listener:
    """A listening socket; with `tls` it speaks TLS."""

    socket: socket.socket
    tls: CertificateOptions | None = None


def listen(host: str, port: int, tls: CertificateOptions | None = None) -> list[Listener]:
    """Listen on every address that the host name stands for.

    From here on connections wait in the kernel until the server runs. Raises `PortInUse`.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except socket.gaierror:
        raise PortInUse(f"There is no address for the host {host!r}.") from None
    return [Listener(_listening_socket(family, at), tls) for family, _, _, _, at in found]


def _listening_socket(family: int, address: Any) -> socket.socket:
    host, port = address[:2]
    try:
        # "::" stands for all addresses, those of IPv4 included.
        both = host == "::" and socket.has_dualstack_ipv6()
        listening = socket.create_server(address, family=family, backlog=1024, dualstack_ipv6=both)
    except OSError as problem:
        reason = {
            errno.EADDRINUSE: f"Port {port} on {host} is in use by another program.",
            errno.EACCES: f"Port {port} on {host} may only be opened by root.",
            errno.EADDRNOTAVAIL: f"{host} is not an address of this machine.",
        }
        raise PortInUse(reason.get(problem.errno or 0, f"{host}:{port}: {problem}")) from None
    listening.setblocking(False)
    return listening


def tls_options(certificate: Path, key: Path) -> CertificateOptions:
    """TLS 1.2 and later with the certificate (and the chain behind it) and key of two PEM files."""
    begin = b"-----BEGIN CERTIFICATE-----"
    pems = [begin + rest for rest in certificate.read_bytes().split(begin)[1:]]
    leaf, *chain = (crypto.load_certificate(crypto.FILETYPE_PEM, pem) for pem in pems)
    private = crypto.load_privatekey(crypto.FILETYPE_PEM, key.read_bytes())
    return CertificateOptions(privateKey=private, certificate=leaf, extraCertChain=chain)


class DrainingServer(daphne.server.Server):
    """Daphne, except that it serves sockets opened beforehand and drains when it is told to stop.

    Draining: listening ends, sockets get a close frame with code 1012, and requests in progress
    have `drain_seconds` to finish. Then `overdue` counts those that did not.
    """

    def __init__(
        self,
        application: Any,
        listeners: Sequence[Listener],
        *,
        on_start: Callable[[], None] = lambda: None,
        on_stop: Callable[[], None] = lambda: None,
        drain_seconds: float = DRAIN_SECONDS,
        **options: Any,
    ) -> None:
        options = {"server_name": "", "signal_handlers": True} | options
        super().__init__(application, endpoints=["opened already"], **options)
        # Daphne opens these itself; ours are adopted once it has made its factories.
        self.endpoints: list[str] = []
        self.ready_callable = self._start
        self.waiting_listeners = listeners
        self.ports: list[Any] = []
        self.on_start = on_start
        # Called when draining begins: whoever holds responses that never end should end them.
        self.on_stop = on_stop
        self.drain_seconds = drain_seconds
        self.overdue = 0

    def _start(self) -> None:
        _log_failures_of_twisted()
        for listener in self.waiting_listeners:
            factory = self.http_factory
            if listener.tls:
                factory = TLSMemoryBIOFactory(listener.tls, False, factory)
            with listener.socket as opened:
                # The reactor keeps a duplicate of its own.
                self.ports.append(reactor.adoptStreamPort(opened.fileno(), opened.family, factory))
        reactor.callWhenRunning(self.on_start)

    def create_application(self, protocol: Any, scope: dict[str, Any]) -> Any:
        """Daphne lets clients choose the root path, by a header, and so where redirects lead."""
        return super().create_application(protocol, scope | {"root_path": self.root_path})

    def kill_all_applications(self) -> Any:
        """What the reactor calls, and waits for, before it stops."""
        draining = asyncio.ensure_future(self._drain(), loop=reactor._asyncioEventloop)
        return defer.Deferred.fromFuture(draining)

    async def _drain(self) -> None:
        for port in self.ports:
            await _finished(port.stopListening())
        self.on_stop()
        deadline = time.monotonic() + self.drain_seconds
        while self._is_busy() and time.monotonic() < deadline:
            self._close_sockets()
            await asyncio.sleep(_TICK)
        unfinished = list(self._unfinished())
        self.overdue = len(unfinished)
        for application in unfinished:
            application.cancel()
        if unfinished:
            logger.warning("%d requests were not finished in time and are dropped", self.overdue)

    def _is_busy(self) -> bool:
        """Whether a request runs, a socket is open, or bytes wait to be written."""
        return any(self._unfinished()) or any(self._open_sockets()) or bool(reactor.getWriters())

    def _unfinished(self) -> Iterable["asyncio.Future[Any]"]:
        applications = (c.get("application_instance") for c in self.connections.values())
        return (a for a in applications if a is not None and not a.done())

    def _open_sockets(self) -> Iterable[WebSocketProtocol]:
        return (
            connection
            for connection in self.connections
            if isinstance(connection, WebSocketProtocol)
            and connection.state == WebSocketProtocol.STATE_OPEN
        )

    def _close_sockets(self) -> None:
        for connection in list(self._open_sockets()):
            # sendClose() would refuse the code: it lets applications use 1000 and 3000-4999 only.
            connection.sendCloseFrame(code=RESTARTING)


async def _finished(deferred: Any) -> None:
    if isinstance(deferred, defer.Deferred):
        await deferred.asFuture(asyncio.get_running_loop())


def _log_failures_of_twisted() -> None:
    """Daphne throws all of Twisted's messages away; unhandled failures deserve a line."""
    only_failures = LogLevelFilterPredicate(defaultLogLevel=LogLevel.critical)
    globalLogPublisher.addObserver(
        FilteringLogObserver(STDLibLogObserver("twisted"), [only_failures])
    )
