"""The readers of the native event stream."""

from collections.abc import Callable
from typing import Any

from asgi_server.connections import Outlet
from events.following import Cursor
from live import hub as hubs
from live import log
from live.announcements import Announcement, Frame
from live.credentials import Credential
from live.database import socket_desk
from live.log import Scope
from live.readers import Ending, Reader
from live.stream import events
from wire.strict_json import render

# So often something is sent when nothing happens, in seconds: connections stay open, and the
# cursor of a quiet client does not grow old.
HEARTBEAT = 25.0

# What closing frames cannot say on every server (daphne sends no reasons).
REASONS = {
    Ending.MALFORMED: "malformed",
    Ending.UNAUTHORIZED: "unauthorized",
    Ending.REVOKED: "revoked",
    Ending.SILENT: "silent",
    Ending.TOO_LARGE: "tooLarge",
    Ending.TOO_SLOW: "tooSlow",
    Ending.TOO_FAST: "tooFast",
    Ending.RESTARTING: "restarting",
}


class StreamReader(Reader):
    """A client of the native stream; `wrap` and `draw` render for its transport."""

    def __init__(
        self,
        credential: Credential,
        scope: Scope,
        outlet: Outlet,
        *,
        draw: Callable[[Announcement], Frame],
        wrap: Callable[[dict[str, Any]], Frame],
    ) -> None:
        super().__init__(credential, scope, outlet)
        self._draw, self._wrap = draw, wrap

    async def run(self, after: Cursor | None) -> None:
        """Joins the hub, says so, replays what came after `after`, and goes live."""
        hub = hubs.here()
        await hub.attach(self)
        recovered = after is None or await socket_desk.run(log.reaches_back_to, after)
        start = after if after is not None and recovered else self.start
        self.write(self._wrap({"id": str(start), "type": "connected", "recovered": recovered}))
        await hub.replay(self, start)

    def deliver(self, announcement: Announcement) -> None:
        self.write(announcement.rendered(self._draw))

    def say_goodbye(self, ending: Ending) -> None:
        self.outlet.write(farewell(ending, self._wrap))

    def tick(self, now: float, cursor: Cursor) -> None:
        if self.is_live and now - self.last_sent >= HEARTBEAT:
            self.write(self._wrap({"id": str(cursor), "type": "heartbeat"}))


def socket_message(body: dict[str, Any]) -> Frame:
    """A JSON object as a WebSocket message."""
    return Frame(render(body))


def farewell(ending: Ending, wrap: Callable[[dict[str, Any]], Frame] = socket_message) -> Frame:
    """The last message of a connection: why the server ends it."""
    return wrap({"type": "disconnecting", "reason": REASONS.get(ending, "closed")})


def sse_message(body: dict[str, Any]) -> Frame:
    """A JSON object as a block; a heartbeat moves the client's last event id and is no event."""
    if body["type"] == "heartbeat":
        return Frame(b"id: %s\n\n" % str(body["id"]).encode())
    if "id" not in body:
        return Frame(b"data: %s\n\n" % render(body))
    return events.sse_block(body)


def socket_reader(credential: Credential, scope: Scope, outlet: Outlet) -> StreamReader:
    """The reader behind a WebSocket."""
    return StreamReader(credential, scope, outlet, draw=events.socket_frame, wrap=socket_message)


def sse_reader(credential: Credential, scope: Scope, outlet: Outlet) -> StreamReader:
    """The reader behind a response of Server-Sent Events."""
    return StreamReader(credential, scope, outlet, draw=events.sse_frame, wrap=sse_message)
