"""Requested participants, and which of them can join a thread."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from django.conf import settings

from events.catalogue import EventParticipant
from identity.models import CommunicationUser
from threads.models import Participant
from wire.errors import bad_request


@dataclass(frozen=True)
class NewParticipant:
    """A participant in a request. `share_history_ms` 0 shares the whole history."""

    raw_id: str
    display_name: str = ""
    share_history_ms: int = 0
    metadata: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class InvalidParticipant:
    """A participant who could not be added; the SDKs identify the user by `raw_id`."""

    raw_id: str
    code: str
    message: str


def check_request_size(participants: Sequence[NewParticipant]) -> None:
    """Raises ChatError 400, without a message as in the real service, if there are too many."""
    if len(participants) > settings.LIMITS.participants_per_request:
        raise bad_request()


def check_thread_size(count: int) -> None:
    """Raises ChatError 400 if a thread would have too many participants."""
    limit = settings.LIMITS.participants_per_thread
    if count > limit:
        raise bad_request(f"A thread must not have more than {limit} participants.")


def resolve(
    resource_id: UUID, participants: Sequence[NewParticipant]
) -> tuple[dict[int, NewParticipant], list[InvalidParticipant]]:
    """The participants who can join, by primary key of the user, and those who cannot.

    Locks the users against deletion until the end of the transaction. Call it before locking a
    thread: deleting an identity takes the locks in the same order.

    Users of other resources and other kinds of identifiers get code 403, unknown users of this
    resource 404 (REST contract 6.2).
    """
    named = {participant.raw_id: participant for participant in reversed(participants)}
    known = dict(
        CommunicationUser.objects.filter(resource=resource_id, raw_id__in=named, deleted_at=None)
        .order_by("pk")
        .select_for_update(no_key=True)
        .values_list("raw_id", "pk")
    )
    own_prefix = f"8:acs:{resource_id}_"
    order = dict.fromkeys(participant.raw_id for participant in participants)
    invalid = [
        InvalidParticipant(raw_id, "404", "Not found")
        if raw_id.startswith(own_prefix)
        else InvalidParticipant(raw_id, "403", "Permissions check failed")
        for raw_id in order
        if raw_id not in known
    ]
    return {known[raw_id]: named[raw_id] for raw_id in order if raw_id in known}, invalid


def new_memberships(
    thread_pk: int, joining: dict[int, NewParticipant], *, at_ms: int, sequence: int
) -> list[Participant]:
    """Unsaved rows that begin with event `sequence`."""
    return [
        Participant(
            thread_id=thread_pk,
            user_id=user_pk,
            display_name=participant.display_name,
            share_history_ms=participant.share_history_ms,
            metadata=participant.metadata,
            joined_ms=at_ms,
            joined_sequence=sequence,
        )
        for user_pk, participant in joining.items()
    ]


def as_event_participants(joining: dict[int, NewParticipant]) -> tuple[EventParticipant, ...]:
    """The participants in the form that events carry."""
    return tuple(
        EventParticipant(
            raw_id=participant.raw_id,
            share_history_ms=participant.share_history_ms,
            display_name=participant.display_name,
            metadata=participant.metadata,
        )
        for participant in joining.values()
    )
