"""Who of the local readers may see an event: membership at the event's moment."""

from collections.abc import Iterator
from typing import TYPE_CHECKING
from uuid import UUID

from events.catalogue import (
    ChatThreadCreated,
    ChatThreadDeleted,
    EventParticipant,
    ParticipantsAdded,
    ParticipantsRemoved,
    ThreadEvent,
)
from live.log import Stay, Stays

if TYPE_CHECKING:
    from live.readers import Reader


class Member:
    """A user with readers in this process."""

    __slots__ = ("raw_id", "readers", "stays")

    def __init__(self, raw_id: str, stays: Stays) -> None:
        self.raw_id = raw_id
        self.readers: list[Reader] = []
        self.stays = stays

    def sees(self, event: ThreadEvent) -> bool:
        """Whether the user took part when the event happened."""
        sequence = event.sequence
        for stay in self.stays.get(event.thread_id, ()):
            if stay.joined <= sequence:
                if stay.removed is None or sequence < stay.removed:
                    return True
                # One's own leaving is the last thing to see. What is not stored carries the
                # number of the last event, so it may come after that.
                if sequence == stay.removed and event.is_stored:
                    return True
        return False


class Roster:
    """The readers of this process, by user and thread and by resource.

    Events must be passed to it in the order of the log: they change who takes part.
    """

    def __init__(self) -> None:
        self.members: dict[str, Member] = {}
        self.threads: dict[str, dict[str, Member]] = {}
        self.services: dict[UUID, list[Reader]] = {}

    def concerns(self, event: ThreadEvent) -> bool:
        """Whether a local reader may want the event. Safe to ask from any thread."""
        if event.thread_id in self.threads or event.resource_id in self.services:
            return True
        return any(person.raw_id in self.members for person in _joining(event))

    def add(self, reader: "Reader", stays: Stays) -> None:
        """Takes a reader in. `stays` are the user's, at the hub's place in the log or later."""
        if reader.raw_id is None:
            self.services.setdefault(reader.scope.resource_id, []).append(reader)
            return
        member = self.members.get(reader.raw_id)
        if member is None:
            member = self.members[reader.raw_id] = Member(reader.raw_id, stays)
            for thread_id in stays:
                self.threads.setdefault(thread_id, {})[member.raw_id] = member
        member.readers.append(reader)

    def discard(self, reader: "Reader") -> None:
        """Lets a reader go."""
        if reader.raw_id is None:
            services = self.services.get(reader.scope.resource_id, [])
            if reader in services:
                services.remove(reader)
            if not services:
                self.services.pop(reader.scope.resource_id, None)
            return
        member = self.members.get(reader.raw_id)
        if member is None or reader not in member.readers:
            return
        member.readers.remove(reader)
        if not member.readers:
            del self.members[member.raw_id]
            for thread_id in member.stays:
                self._leave(thread_id, member)

    def recipients(self, event: ThreadEvent) -> "Iterator[Reader]":
        """The readers that may see the event; takes note of who joins by it.

        After passing it on, call `settle`.
        """
        for person in _joining(event):
            self._join(person, event)
        for member in self.threads.get(event.thread_id, {}).values():
            if member.sees(event):
                yield from member.readers
        yield from self.services.get(event.resource_id, ())

    def settle(self, event: ThreadEvent) -> None:
        """Takes note of who left by the event; nothing comes after a thread's deletion."""
        if isinstance(event, ChatThreadDeleted):
            for gone in self.threads.pop(event.thread_id, {}).values():
                gone.stays.pop(event.thread_id, None)
            return
        if not isinstance(event, ParticipantsRemoved):
            return
        for person in event.participants:
            member = self.threads.get(event.thread_id, {}).get(person.raw_id)
            if member is not None:
                self._end_stay(member, event)

    def _join(self, person: EventParticipant, event: ThreadEvent) -> None:
        member = self.members.get(person.raw_id)
        if member is None:
            return
        stays = member.stays.setdefault(event.thread_id, [])
        # The stay may be known already: it was read after the event had happened.
        if not any(stay.joined == event.sequence for stay in stays):
            stays.append(Stay(event.sequence))
        self.threads.setdefault(event.thread_id, {})[member.raw_id] = member

    def _end_stay(self, member: Member, event: ThreadEvent) -> None:
        left = []
        for stay in member.stays.get(event.thread_id, []):
            if stay.removed is None and stay.joined < event.sequence:
                stay.removed = event.sequence
            if stay.removed is None or stay.removed > event.sequence:
                left.append(stay)
        if left:
            member.stays[event.thread_id] = left
        else:
            member.stays.pop(event.thread_id, None)
            self._leave(event.thread_id, member)

    def _leave(self, thread_id: str, member: Member) -> None:
        members = self.threads.get(thread_id)
        if members is not None:
            members.pop(member.raw_id, None)
            if not members:
                del self.threads[thread_id]


def _joining(event: ThreadEvent) -> tuple[EventParticipant, ...]:
    return event.participants if isinstance(event, ChatThreadCreated | ParticipantsAdded) else ()
