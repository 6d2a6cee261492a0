"""Frames of socket.io 0.9, `type:id[+]:endpoint:data`, as far as the SDKs use them."""

import json
import uuid
from dataclasses import dataclass
from typing import Any

from asgi_server.frames import Frame
from live.outgoing import OutgoingEvent
from live.trouter.payloads import event_name, payload

# In seconds. With a week the SDK renews its registration every two hours.
TTL = 604_800
# The client registers this path and strips it from the URL of each push.
PUSH_PATH = "/v4/f/chat/"

OPEN = Frame(b"1::")


def text(content: str) -> Frame:
    """A frame with ASCII content."""
    return Frame(content.encode("ascii"))


def event(name: str, *args: Any) -> Frame:
    """A socket.io event sent by the server."""
    return text("5:::" + json.dumps({"name": name, "args": list(args)}))


CONNECTED = event("trouter.connected", {"ttl": TTL, "dur": "1"})
REPLACED = Frame(b"0:::dup")
CLOSED = Frame(b"0::")
UNAUTHORIZED = text('0:::{"reason":"unauthorized"}')
DEPRECATED = text('0:::{"reason":"skypetoken-deprecated"}')


@dataclass(slots=True)
class Received:
    """A parsed frame from the client."""

    type: str
    # Set if the client asks for an acknowledgement; else "".
    id: str
    data: str

    @classmethod
    def parse(cls, content: str) -> "Received | None":
        """The parsed frame; None if it is malformed."""
        parts = content.split(":", 3)
        if len(parts) < 3 or len(parts[0]) != 1 or not parts[0].isdigit():
            return None
        wants_answer = parts[1].endswith("+")
        number = parts[1].removesuffix("+")
        if number and not (number.isascii() and number.isdigit() and len(number) < 12):
            return None
        return cls(parts[0], number if wants_answer else "", parts[3] if len(parts) > 3 else "")

    def answer(self) -> Frame | None:
        """The acknowledgement of an event, with `pong` for a ping; None if none is due."""
        if self.type != "5" or not self.id:
            return None
        if '"ping"' in self.data[:40]:
            return Frame(b'6:::%b+["pong"]' % self.id.encode())
        return Frame(b"6:::%b" % self.id.encode())

    def answered(self) -> int | None:
        """The number of the push that this answers, with any status; None if it is no answer."""
        if self.type != "3":
            return None
        # The SDKs write the id first, which saves parsing the whole frame.
        digits = self.data[6 : self.data.find(",")] if self.data.startswith('{"id":') else ""
        if digits.isascii() and digits.isdigit() and len(digits) < 12:
            return int(digits)
        try:
            number = json.loads(self.data)["id"]
        except (ValueError, TypeError, KeyError, RecursionError):
            return None
        return number if isinstance(number, int) and not isinstance(number, bool) else None


# Placeholder for the recipient in a rendered push. It cannot be guessed and sent in a message.
_RECIPIENT = uuid.uuid4().hex


class Push:
    """The push of an event, rendered once; only the number and the recipient differ by client."""

    __slots__ = ("_parts",)

    def __init__(self, outgoing: OutgoingEvent) -> None:
        message = {
            "method": "POST",
            "url": PUSH_PATH + event_name(outgoing.event),
            "headers": {"Content-Type": "application/json"},
            "body": json.dumps(payload(outgoing.event, _RECIPIENT)),
        }
        content = ',"' + json.dumps(message, separators=(",", ":"))[2:]
        self._parts = [part.encode() for part in content.split(_RECIPIENT)]
        assert len(self._parts) == 3, "the payload contains the recipient twice"

    def to(self, recipient: bytes, number: int) -> Frame:
        """The frame of push `number`. `recipient` is a raw ID, which needs no escaping."""
        first, second, third = self._parts
        return Frame(
            b'3:::{"id":%d%b%b%b%b%b' % (number, first, recipient, second, recipient, third)
        )
