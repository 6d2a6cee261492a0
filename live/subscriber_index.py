"""Which subscribers of this process may see an event: those who took part when it happened."""

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
from live.event_log import Membership, Memberships

if TYPE_CHECKING:
    from live.subscribers import Subscriber


class Member:
    """A user with subscribers in this process."""

    __slots__ = ("raw_id", "memberships", "subscribers")

    def __init__(self, raw_id: str, memberships: Memberships) -> None:
        self.raw_id = raw_id
        self.subscribers: list[Subscriber] = []
        self.memberships = memberships

    def sees(self, event: ThreadEvent) -> bool:
        """Whether the user took part when the event happened."""
        sequence = event.sequence
        for membership in self.memberships.get(event.thread_id, ()):
            if membership.joined <= sequence:
                if membership.removed is None or sequence < membership.removed:
                    return True
                # A user's own removal is the last event to see. Ephemeral events carry the
                # number of the last stored one, so they may come after that.
                if sequence == membership.removed and event.is_stored:
                    return True
        return False


class SubscriberIndex:
    """The subscribers of this process, by user and thread and by resource.

    Events must be passed to it in the order of the log: they change who takes part.
    """

    def __init__(self) -> None:
        self.members: dict[str, Member] = {}
        self.threads: dict[str, dict[str, Member]] = {}
        self.services: dict[UUID, list[Subscriber]] = {}

    def has_recipients(self, event: ThreadEvent) -> bool:
        """Whether a local subscriber may want the event. May be called from any thread."""
        if event.thread_id in self.threads or event.resource_id in self.services:
            return True
        return any(person.raw_id in self.members for person in _joining(event))

    def add(self, subscriber: "Subscriber", memberships: Memberships) -> None:
        """Add a subscriber with its user's memberships, as of the hub's position or later."""
        if subscriber.raw_id is None:
            self.services.setdefault(subscriber.scope.resource_id, []).append(subscriber)
            return
        member = self.members.get(subscriber.raw_id)
        if member is None:
            member = self.members[subscriber.raw_id] = Member(subscriber.raw_id, memberships)
            for thread_id in memberships:
                self.threads.setdefault(thread_id, {})[member.raw_id] = member
        member.subscribers.append(subscriber)

    def discard(self, subscriber: "Subscriber") -> None:
        """Remove a subscriber, if it is there."""
        if subscriber.raw_id is None:
            services = self.services.get(subscriber.scope.resource_id, [])
            if subscriber in services:
                services.remove(subscriber)
            if not services:
                self.services.pop(subscriber.scope.resource_id, None)
            return
        member = self.members.get(subscriber.raw_id)
        if member is None or subscriber not in member.subscribers:
            return
        member.subscribers.remove(subscriber)
        if not member.subscribers:
            del self.members[member.raw_id]
            for thread_id in member.memberships:
                self._leave(thread_id, member)

    def recipients(self, event: ThreadEvent) -> "Iterator[Subscriber]":
        """The subscribers that may see the event; records who joins by it.

        After delivering the event, call `record_departures`.
        """
        for person in _joining(event):
            self._join(person, event)
        for member in self.threads.get(event.thread_id, {}).values():
            if member.sees(event):
                yield from member.subscribers
        yield from self.services.get(event.resource_id, ())

    def record_departures(self, event: ThreadEvent) -> None:
        """Record who left by the event, and forget a deleted thread."""
        if isinstance(event, ChatThreadDeleted):
            for gone in self.threads.pop(event.thread_id, {}).values():
                gone.memberships.pop(event.thread_id, None)
            return
        if not isinstance(event, ParticipantsRemoved):
            return
        for person in event.participants:
            member = self.threads.get(event.thread_id, {}).get(person.raw_id)
            if member is not None:
                self._end_membership(member, event)

    def _join(self, person: EventParticipant, event: ThreadEvent) -> None:
        member = self.members.get(person.raw_id)
        if member is None:
            return
        memberships = member.memberships.setdefault(event.thread_id, [])
        # The membership may be known already: it was read after the event had happened.
        if not any(membership.joined == event.sequence for membership in memberships):
            memberships.append(Membership(event.sequence))
        self.threads.setdefault(event.thread_id, {})[member.raw_id] = member

    def _end_membership(self, member: Member, event: ThreadEvent) -> None:
        left = []
        for membership in member.memberships.get(event.thread_id, []):
            if membership.removed is None and membership.joined < event.sequence:
                membership.removed = event.sequence
            if membership.removed is None or membership.removed > event.sequence:
                left.append(membership)
        if left:
            member.memberships[event.thread_id] = left
        else:
            member.memberships.pop(event.thread_id, None)
            self._leave(event.thread_id, member)

    def _leave(self, thread_id: str, member: Member) -> None:
        members = self.threads.get(thread_id)
        if members is not None:
            members.pop(member.raw_id, None)
            if not members:
                del self.threads[thread_id]


def _joining(event: ThreadEvent) -> tuple[EventParticipant, ...]:
    return event.participants if isinstance(event, ChatThreadCreated | ParticipantsAdded) else ()
