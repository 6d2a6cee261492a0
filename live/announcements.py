"""An event on its way to local readers, rendered once per dialect."""

from collections.abc import Callable
from typing import Any, TypeVar

from events.catalogue import ThreadEvent
from events.following import Cursor

Rendered = TypeVar("Rendered")


class Announcement:
    """An event and the cursor of a reader who has got it and all before it."""

    __slots__ = ("_renderings", "cursor", "event")

    def __init__(self, event: ThreadEvent, cursor: Cursor) -> None:
        self.event = event
        self.cursor = cursor
        self._renderings: dict[Callable[[Announcement], Any], Any] = {}

    def rendered(self, render: "Callable[[Announcement], Rendered]") -> Rendered:
        """What `render` makes of it; asked for by many readers, made once."""
        if render not in self._renderings:
            self._renderings[render] = render(self)
        rendering: Rendered = self._renderings[render]
        return rendering


def size_of(event: ThreadEvent) -> int:
    """About how many bytes an event takes, in memory or on a socket."""
    return 1024 + len(getattr(event, "content", ""))


class Frame:
    """A text message, and the same as an unmasked WebSocket frame; made once, sent to many."""

    __slots__ = ("_wire", "payload")

    def __init__(self, payload: bytes) -> None:
        self.payload = payload
        self._wire: bytes | None = None

    @property
    def wire(self) -> bytes:
        """The frame's bytes, header included (RFC 6455, section 5.2)."""
        if self._wire is None:
            self._wire = text_header(len(self.payload)) + self.payload
        return self._wire


def text_header(length: int) -> bytes:
    """The header of a final, unmasked text frame."""
    if length < 126:
        return bytes((0x81, length))
    if length < 65536:
        return b"\x81\x7e" + length.to_bytes(2, "big")
    return b"\x81\x7f" + length.to_bytes(8, "big")
