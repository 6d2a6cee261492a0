"""Daphne as the server process, on sockets opened beforehand, with graceful draining.

Importing this module installs Twisted's reactor, so only `asgi_server.process` imports it.
"""

# First of all imports: it installs the reactor, which any other import of Twisted might do.
import daphne.server  # isort: skip

import asyncio
import logging
import socket
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from daphne.ws_protocol import WebSocketProtocol
from OpenSSL import crypto
from twisted.internet import defer, reactor
from twisted.internet.interfaces import ISSLTransport
from twisted.internet.ssl import CertificateOptions
from twisted.logger import (
    FilteringLogObserver,
    LogLevel,
    LogLevelFilterPredicate,
    STDLibLogObserver,
    globalLogPublisher,
)
from twisted.protocols.tls import TLSMemoryBIOFactory

from asgi_server.interface import InvalidTLSFiles, ServerOptions, TLSFiles
from asgi_server.listening import listening_sockets

logger = logging.getLogger(__name__)

# Close code 1012, "service restart": clients of the protocol reconnect.
_SERVICE_RESTART = 1012
# Below the 60 seconds after which common proxies close a silent connection.
_PING_SECONDS = 50
_TIMEOUT_CHECK_SECONDS = 10
_POLL_SECONDS = 0.05
_PROXY_HEADERS = {
    "proxy_forwarded_address_header": "X-Forwarded-For",
    "proxy_forwarded_port_header": "X-Forwarded-Port",
    "proxy_forwarded_proto_header": "X-Forwarded-Proto",
}


@dataclass(frozen=True)
class _Listener:
    socket: socket.socket
    tls: CertificateOptions | None


class DaphneServer:
    """`asgi_server.interface.Server`, implemented with daphne."""

    def __init__(self) -> None:
        self._listeners: list[_Listener] = []
        self._daphne: _DrainingDaphne | None = None

    @property
    def overdue(self) -> int:
        return self._daphne.overdue if self._daphne else 0

    def listen(self, host: str, port: int, tls: TLSFiles | None = None) -> None:
        options = _certificate_options(tls) if tls else None
        self._listeners += [_Listener(opened, options) for opened in listening_sockets(host, port)]

    def run(self, application: Any, options: ServerOptions) -> None:
        self._daphne = _DrainingDaphne(application, self._listeners, options)
        self._daphne.run()

    async def drain(self) -> None:
        assert self._daphne is not None, "the server is not running"
        await self._daphne.drain()


def _certificate_options(files: TLSFiles) -> CertificateOptions:
    """TLS 1.2 and later with these files."""
    begin = b"-----BEGIN CERTIFICATE-----"
    try:
        pems = [begin + rest for rest in files.certificate.read_bytes().split(begin)[1:]]
        if not pems:
            raise InvalidTLSFiles(f"{files.certificate} contains no PEM certificate")
        leaf, *chain = (crypto.load_certificate(crypto.FILETYPE_PEM, pem) for pem in pems)
        private = crypto.load_privatekey(crypto.FILETYPE_PEM, files.key.read_bytes())
        return CertificateOptions(privateKey=private, certificate=leaf, extraCertChain=chain)
    except (OSError, ValueError, crypto.Error) as problem:
        raise InvalidTLSFiles(str(problem)) from None


class _DrainingDaphne(daphne.server.Server):
    """Daphne, except that it serves sockets opened beforehand and drains when it is stopped."""

    def __init__(
        self, application: Any, listeners: Iterable[_Listener], options: ServerOptions
    ) -> None:
        proxy_headers = _PROXY_HEADERS if options.trusts_proxy else {}
        super().__init__(
            application,
            endpoints=["opened already"],
            server_name="",
            ping_interval=_PING_SECONDS,
            **proxy_headers,
        )
        # Daphne opens these itself; ours are adopted once it has made its factories.
        self.endpoints: list[str] = []
        self.ready_callable = self._start
        self._waiting_listeners = listeners
        self._ports: list[Any] = []
        self._options = options
        self.overdue = 0
        # Whether an application has finished, or a connection has ended, since the last check.
        self._has_changed = False

    def _start(self) -> None:
        _log_unhandled_failures()
        for listener in self._waiting_listeners:
            factory = self.http_factory
            if listener.tls:
                factory = TLSMemoryBIOFactory(listener.tls, False, factory)
            with listener.socket as opened:
                # The reactor keeps a duplicate of its own.
                self._ports.append(reactor.adoptStreamPort(opened.fileno(), opened.family, factory))
        reactor.callWhenRunning(self._options.on_start)

    def create_application(self, protocol: Any, scope: dict[str, Any]) -> Any:
        """Corrects what daphne puts into the scope.

        It takes the root path from a request header, with which a client could choose where
        redirects lead. For a WebSocket it omits the scheme.
        """
        own = {"root_path": self.root_path}
        if scope["type"] == "websocket":
            own |= _socket_target(protocol)
        created = super().create_application(protocol, scope | own)
        running = self.connections[protocol].get("application_instance")
        if running is not None:
            running.add_done_callback(self._note_change)
        return created

    def protocol_disconnected(self, protocol: Any) -> None:
        super().protocol_disconnected(protocol)
        self._has_changed = True

    def _note_change(self, _: object) -> None:
        self._has_changed = True

    def application_checker(self) -> None:
        """Daphne goes through all connections every second, even if nothing has happened."""
        if not self._has_changed:
            reactor.callLater(1, self.application_checker)
            return
        super().application_checker()
        # The applications of connections that have ended may still run.
        self._has_changed = any("disconnected" in one for one in self.connections.values())

    def timeout_checker(self) -> None:
        """As daphne's, less often: its time-outs are of many seconds."""
        for protocol in list(self.connections):
            protocol.check_timeouts()
        reactor.callLater(_TIMEOUT_CHECK_SECONDS, self.timeout_checker)

    def kill_all_applications(self) -> Any:
        """The reactor calls this, and waits for it, before it stops."""
        draining = asyncio.ensure_future(self.drain(), loop=reactor._asyncioEventloop)
        return defer.Deferred.fromFuture(draining)

    async def drain(self) -> None:
        for port in self._ports:
            await _finished(port.stopListening())
        self._options.on_stop()
        deadline = time.monotonic() + self._options.drain_seconds
        while self._is_busy() and time.monotonic() < deadline:
            self._close_sockets()
            await asyncio.sleep(_POLL_SECONDS)
        unfinished = list(self._unfinished())
        self.overdue = len(unfinished)
        for application in unfinished:
            application.cancel()
        if unfinished:
            logger.warning("Requests dropped at shutdown count=%d", self.overdue)

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
            # sendClose() would refuse the code: it allows applications 1000 and 3000-4999 only.
            connection.sendCloseFrame(code=_SERVICE_RESTART)


def _socket_target(protocol: WebSocketProtocol) -> dict[str, Any]:
    """Scheme and path of a WebSocket, determined as for an HTTP request.

    Autobahn's parser, which daphne uses for the path, takes the first segment after two slashes
    for a host name.
    """
    path = protocol.http_request_uri.partition("?")[0]
    is_encrypted = ISSLTransport.providedBy(protocol.transport)
    return {
        "scheme": "wss" if is_encrypted else "ws",
        "path": unquote(path),
        "raw_path": path.encode("ascii"),
    }


async def _finished(deferred: Any) -> None:
    if isinstance(deferred, defer.Deferred):
        await deferred.asFuture(asyncio.get_running_loop())


def _log_unhandled_failures() -> None:
    """Daphne discards all of Twisted's log messages; keep those of unhandled failures."""
    only_failures = LogLevelFilterPredicate(defaultLogLevel=LogLevel.critical)
    globalLogPublisher.addObserver(
        FilteringLogObserver(STDLibLogObserver("twisted"), [only_failures])
    )
