"""The event log."""

from dataclasses import fields
from functools import cache
from typing import Any

from django.db import models

from events.catalogue import EVENT_TYPES, EventParticipant, ThreadEvent
from identity.models import Resource

# Members of an event that are columns of their own.
_COLUMNS = {"resource_id", "thread_id", "sequence", "at_ms"}


class Event(models.Model):
    """One stored event, written once, in the transaction of the change it describes."""

    resource = models.ForeignKey(Resource, on_delete=models.CASCADE, related_name="+")
    # The id of the thread in the protocol: this package does not know the model of threads.
    thread_id = models.CharField(max_length=150)
    sequence = models.PositiveBigIntegerField()
    type = models.CharField(max_length=40)
    at_ms = models.BigIntegerField()
    data = models.JSONField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["thread_id", "sequence"], name="event_sequence_of_thread"
            )
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.sequence} of {self.thread_id}"

    @classmethod
    def of(cls, event: ThreadEvent) -> "Event":
        """The unsaved row of an event."""
        return cls(
            resource_id=event.resource_id,
            thread_id=event.thread_id,
            sequence=event.sequence,
            type=event.type,
            at_ms=event.at_ms,
            data=event_data(event),
        )

    def event(self) -> ThreadEvent:
        """The event as it was published."""
        data: dict[str, Any] = dict(self.data)
        if "participants" in data:
            data["participants"] = tuple(EventParticipant(**item) for item in data["participants"])
        return EVENT_TYPES[self.type](
            resource_id=self.resource_id,
            thread_id=self.thread_id,
            sequence=self.sequence,
            at_ms=self.at_ms,
            **data,
        )


@cache
def _data_members(type_name: str) -> tuple[str, ...]:
    members = fields(EVENT_TYPES[type_name])
    return tuple(member.name for member in members if member.name not in _COLUMNS)


def event_data(event: ThreadEvent) -> dict[str, Any]:
    """The members of an event that are no columns, as its row stores them."""
    data = {name: getattr(event, name) for name in _data_members(event.type)}
    if "participants" in data:
        data["participants"] = [vars(participant) for participant in data["participants"]]
    return data


class LogPosition(models.Model):
    """How far a follower has read the event log (see `events.following`)."""

    name = models.CharField(max_length=50, primary_key=True)
    cursor = models.TextField()

    def __str__(self) -> str:
        return f"{self.name}: {self.cursor}"
