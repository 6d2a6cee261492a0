"""Frames of socket.io 0.9, `type:id[+]:endpoint:data`, as far as the SDKs speak it."""

import json
import uuid
from dataclasses import dataclass
from typing import Any

from live.announcements import Announcement, Frame
from live.trouter.payloads import event_name, payload

# Connections live a week; the registration of the client is then renewed every two hours.
TTL = 604_800
# Where pushes go, as the client sees it: it registers the address and cuts it off of each push.
PUSH_PATH = "/v4/f/chat/"

OPEN = Frame(b"1::")
HEARTBEAT = Frame(b"2::")


def text(content: str) -> Frame:
    """A frame of our own making: ASCII."""
    return Frame(content.encode("ascii"))


def event(name: str, *args: Any) -> Frame:
    """An event of the server."""
    return text("5:::" + json.dumps({"name": name, "args": list(args)}))


CONNECTED = event("trouter.connected", {"ttl": TTL, "dur": "1"})
REPLACED = Frame(b"0:::dup")
CLOSED = Frame(b"0::")
UNAUTHORIZED = text('0:::{"reason":"unauthorized"}')
DEPRECATED = text('0:::{"reason":"skypetoken-deprecated"}')


@dataclass(frozen=True)
class Received:
    """A client's frame, taken apart."""

    type: str
    # Of a message that asks for an acknowledgement; else "".
    id: str
    data: str

    @classmethod
    def parse(cls, content: str) -> "Received | None":
        """None when it is no frame."""
        parts = content.split(":", 3)
        if len(parts) < 3 or len(parts[0]) != 1 or not parts[0].isdigit():
            return None
        wants_answer = parts[1].endswith("+")
        number = parts[1].removesuffix("+")
        if number and not (number.isascii() and number.isdigit() and len(number) < 12):
            return None
        return cls(parts[0], number if wants_answer else "", parts[3] if len(parts) > 3 else "")

    def answer(self) -> Frame | None:
        """What it asks for: every event is acknowledged, a ping with a pong."""
        if self.type != "5" or not self.id:
            return None
        if '"ping"' in self.data[:40]:
            return text(f'6:::{self.id}+["pong"]')
        return text(f"6:::{self.id}")

    def answered(self) -> int | None:
        """The number of the push that this answers, whatever the status."""
        if self.type != "3":
            return None
        # The form in which the SDK writes it, which need not be parsed as a whole.
        digits = self.data[6 : self.data.find(",")] if self.data.startswith('{"id":') else ""
        if digits.isascii() and digits.isdigit() and len(digits) < 12:
            return int(digits)
        try:
            number = json.loads(self.data)["id"]
        except (ValueError, TypeError, KeyError, RecursionError):
            return None
        return number if isinstance(number, int) and not isinstance(number, bool) else None


# Stands for the recipient until a push is addressed. Nobody can guess and write it.
_RECIPIENT = uuid.uuid4().hex


class Push:
    """An event's push, rendered once: for each client a number and the recipient are put in."""

    __slots__ = ("_parts",)

    def __init__(self, announcement: Announcement) -> None:
        happened = announcement.event
        message = {
            "method": "POST",
            "url": PUSH_PATH + event_name(happened),
            "headers": {"Content-Type": "application/json"},
            "body": json.dumps(payload(happened, _RECIPIENT)),
        }
        content = ',"' + json.dumps(message, separators=(",", ":"))[2:]
        self._parts = [part.encode() for part in content.split(_RECIPIENT)]
        assert len(self._parts) == 3, "the recipient is named twice"

    def to(self, recipient: bytes, number: int) -> Frame:
        """The frame of push `number` to a user, whose raw id needs no escaping."""
        first, second, third = self._parts
        return Frame(
            b'3:::{"id":%d%b%b%b%b%b' % (number, first, recipient, second, recipient, third)
        )
