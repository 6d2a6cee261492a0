"""An event on its way to the subscribers of this process, rendered once per protocol."""

from collections.abc import Callable
from typing import Any, TypeVar

from events.catalogue import ThreadEvent
from events.following import Cursor

Rendered = TypeVar("Rendered")


class OutgoingEvent:
    """An event, and the cursor of a subscriber that has received it and everything before it."""

    __slots__ = ("_renderings", "cursor", "event")

    def __init__(self, event: ThreadEvent, cursor: Cursor) -> None:
        self.event = event
        self.cursor = cursor
        self._renderings: dict[Callable[[OutgoingEvent], Any], Any] = {}

    def rendered(self, render: "Callable[[OutgoingEvent], Rendered]") -> Rendered:
        """The result of `render`, which is called once however many subscribers ask."""
        if render not in self._renderings:
            self._renderings[render] = render(self)
        rendering: Rendered = self._renderings[render]
        return rendering


def size_of(event: ThreadEvent) -> int:
    """About how many bytes an event takes, in memory or on a socket."""
    return 1024 + len(getattr(event, "content", ""))
