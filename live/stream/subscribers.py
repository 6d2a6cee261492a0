"""The subscribers of the native event stream."""

from collections.abc import Callable
from typing import Any

from asgi_server.frames import Frame
from asgi_server.interface import FrameWriter
from events.following import Cursor
from live import event_log
from live import hub as hubs
from live.credentials import Credential
from live.database import connection_database
from live.event_log import Scope
from live.outgoing import OutgoingEvent
from live.stream import events
from live.subscribers import CloseReason, Subscriber
from wire.strict_json import render

# Heartbeats keep idle connections open, and the cursor of a quiet client recent.
HEARTBEAT_SECONDS = 25.0

# The `reason` of the last message, because daphne sends close frames without a reason.
REASONS = {
    CloseReason.MALFORMED: "malformed",
    CloseReason.UNAUTHORIZED: "unauthorized",
    CloseReason.REVOKED: "revoked",
    CloseReason.SILENT: "silent",
    CloseReason.TOO_LARGE: "tooLarge",
    CloseReason.TOO_SLOW: "tooSlow",
    CloseReason.TOO_FAST: "tooFast",
    CloseReason.RESTARTING: "restarting",
}


class StreamSubscriber(Subscriber):
    """A client of the native stream.

    `render_event` and `render_message` make the frames of its transport.
    """

    def __init__(
        self,
        credential: Credential,
        scope: Scope,
        writer: FrameWriter,
        *,
        render_event: Callable[[OutgoingEvent], Frame],
        render_message: Callable[[dict[str, Any]], Frame],
    ) -> None:
        super().__init__(credential, scope, writer)
        self._render_event, self._render_message = render_event, render_message

    async def run(self, after: Cursor | None) -> None:
        """Join the hub, send `connected`, replay what came after `after`, and go live."""
        hub = hubs.get_hub()
        await hub.attach(self)
        recovered = after is None or await connection_database.run(event_log.reaches_back_to, after)
        start = after if after is not None and recovered else self.start
        connected = {"id": str(start), "type": "connected", "recovered": recovered}
        self.write(self._render_message(connected))
        await hub.replay(self, start)

    def deliver(self, outgoing: OutgoingEvent) -> None:
        self.write(outgoing.rendered(self._render_event))

    def write_close_message(self, reason: CloseReason) -> None:
        self.writer.write(close_message(reason, self._render_message))

    def next_check(self, now: float, clock: float) -> float:
        heartbeat = self.last_sent + HEARTBEAT_SECONDS if self.is_live else now
        return min(super().next_check(now, clock), heartbeat)

    def tick(self, now: float, cursor: Cursor) -> None:
        if self.is_live and now - self.last_sent >= HEARTBEAT_SECONDS:
            self.write(self._render_message({"id": str(cursor), "type": "heartbeat"}))


def socket_message(body: dict[str, Any]) -> Frame:
    """A JSON object as a WebSocket message."""
    return Frame(render(body))


def close_message(
    reason: CloseReason, render_message: Callable[[dict[str, Any]], Frame] = socket_message
) -> Frame:
    """The last message of a connection that the server closes."""
    return render_message({"type": "disconnecting", "reason": REASONS.get(reason, "closed")})


def sse_message(body: dict[str, Any]) -> Frame:
    """A JSON object as a block. A heartbeat only sets the client's last event id."""
    if body["type"] == "heartbeat":
        return Frame(b"id: %s\n\n" % str(body["id"]).encode())
    if "id" not in body:
        return Frame(b"data: %s\n\n" % render(body))
    return events.sse_block(body)


def socket_subscriber(
    credential: Credential, scope: Scope, writer: FrameWriter
) -> StreamSubscriber:
    """The subscriber of a WebSocket."""
    return StreamSubscriber(
        credential,
        scope,
        writer,
        render_event=events.socket_frame,
        render_message=socket_message,
    )


def sse_subscriber(credential: Credential, scope: Scope, writer: FrameWriter) -> StreamSubscriber:
    """The subscriber of a response of Server-Sent Events."""
    return StreamSubscriber(
        credential, scope, writer, render_event=events.sse_frame, render_message=sse_message
    )
