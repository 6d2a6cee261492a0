"""What the project expects of an ASGI server, beyond ASGI itself."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from asgi_server.frames import Frame

Send = Callable[[dict[str, Any]], Awaitable[None]]

# A connection with more unsent bytes than this is too slow: `FrameWriter.write` refuses.
MAX_UNSENT_BYTES = 4 * 1024 * 1024
# Bulk senders wait while more than this is unsent (see `asgi_server.connections.drained`).
LOW_WATER_BYTES = 128 * 1024
DRAIN_SECONDS = 10.0


class FrameWriter(Protocol):
    """The sending side of an accepted WebSocket, or of a response whose head has been sent.

    No method waits for the client.
    """

    @property
    def is_closed_by_drain(self) -> bool:
        """Whether the server closes the connection itself when it drains."""

    def write(self, frame: Frame) -> bool:
        """Send a frame. Returns False, without sending, if the client is too far behind."""

    def unsent_bytes(self) -> int:
        """About how many bytes have been written but not sent yet."""

    def close(self, code: int) -> None:
        """Close the connection after everything written so far has been sent."""

    def abort(self) -> None:
        """Drop the connection now, with everything unsent."""

    def release(self) -> None:
        """Free what the writer holds. The application calls it when it has finished."""


class SocketWriter(FrameWriter, Protocol):
    """The sending side of an accepted WebSocket, which may also shorten the receiving side."""

    def receive_with(self, handle: Callable[[str | None], None]) -> None:
        """Call `handle` in the event loop with each message as it arrives; None for a binary one.

        If the server can do that, ASGI's `receive` has no more than the disconnect from then on,
        and messages that arrived before. Otherwise messages come by `receive` as always.
        `release` ends it.
        """


class ReadControl(Protocol):
    """The receiving side of a connection: backpressure for a client that sends too fast."""

    def pause_reading(self) -> None:
        """Stop reading from the network, so that the client has to wait."""

    def resume_reading(self) -> None:
        """Read from the network again."""


@dataclass(frozen=True)
class TLSFiles:
    """PEM files: a certificate, followed by its chain if it has one, and its private key."""

    certificate: Path
    key: Path

    def __str__(self) -> str:
        return f"the certificate {self.certificate} and the key {self.key}"


class InvalidTLSFiles(Exception):
    """A certificate or key file cannot be read or used."""


class CannotListen(Exception):
    """The port is in use, or the address does not belong to this machine."""


@dataclass(frozen=True)
class ServerOptions:
    """How to serve. `on_start` and `on_stop` are called in the event loop.

    `on_stop` is called when draining begins; it must end responses that never end by themselves.
    With `trusts_proxy` the headers X-Forwarded-For, -Port and -Proto replace the client's address
    and scheme.
    """

    on_start: Callable[[], None] = lambda: None
    on_stop: Callable[[], None] = lambda: None
    drain_seconds: float = DRAIN_SECONDS
    trusts_proxy: bool = False


class Server(Protocol):
    """A server process.

    Draining: it stops listening, closes WebSockets with code 1012 ("service restart", on which
    clients reconnect), and gives the requests in progress `drain_seconds` to finish.
    """

    @property
    def overdue(self) -> int:
        """How many requests were dropped because they did not finish while draining."""

    def listen(self, host: str, port: int, tls: TLSFiles | None = None) -> None:
        """Open a listening socket for every address of the host name.

        Connections wait in the kernel until the server runs. Raises CannotListen and
        InvalidTLSFiles.
        """

    def run(self, application: Any, options: ServerOptions) -> None:
        """Serve until SIGTERM or SIGINT, then drain."""

    async def drain(self) -> None:
        """Finish the work in progress, as described above."""
