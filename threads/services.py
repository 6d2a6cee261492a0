"""Every change of threads and participants, with the names that the official SDKs use."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from typing import Any, Literal

from django.db import transaction
from django.utils import timezone

from events.catalogue import (
    ChatThreadCreated,
    ChatThreadDeleted,
    ChatThreadPropertiesUpdated,
    EventParticipant,
    ParticipantsAdded,
    ParticipantsRemoved,
)
from events.publish import publish
from identity.access import Capability, require
from identity.callers import Caller
from identity.models import CommunicationUser
from threads.access import ThreadAccess, access_thread, take_position
from threads.models import ChatThread, Participant, Position, RepeatableRequest
from threads.participants import (
    InvalidParticipant,
    NewParticipant,
    as_event_participants,
    check_request_size,
    check_thread_size,
    new_memberships,
    resolve,
)
from wire.errors import unauthorized
from wire.fields import merge_metadata
from wire.identifiers import new_thread_id
from wire.times import now_ms

# How long the response to a repeatable request is kept.
REPEATABLE_FOR = timedelta(hours=24)


@dataclass(frozen=True)
class CreatedThread:
    """A thread at its creation; a repeated request gets the same response."""

    thread_id: str
    topic: str
    created_ms: int
    created_by: str
    metadata: dict[str, str]
    retention_policy: dict[str, Any] | None
    invalid: list[InvalidParticipant] = field(default_factory=list)


def create_chat_thread(
    *,
    caller: Caller,
    topic: str,
    participants: Sequence[NewParticipant] = (),
    metadata: dict[str, str] | None = None,
    retention_policy: dict[str, Any] | None = None,
    request_id: str | None = None,
) -> CreatedThread:
    """Creates a thread with the caller and `participants`.

    A repeated request with the same `request_id` (repeatability-request-id) within 24 hours returns
    what the first one created. Raises ChatError: 403 if the token's scopes do not allow it, 400 for
    too many participants.
    """
    require(caller, Capability.MANAGE_THREADS)
    check_request_size(participants)
    with transaction.atomic(durable=True):
        repeatable = None
        if request_id is not None:
            repeatable = _repeatable_request(caller, request_id)
            if repeatable.thread_id is not None:
                return _first_answer(repeatable)
        thread_id = new_thread_id(repeatable=repeatable is not None)
        created, thread = _create(
            caller, thread_id, topic, participants, metadata or {}, retention_policy
        )
        if repeatable is not None:
            repeatable.thread, repeatable.answer = thread, json.dumps(asdict(created))
            repeatable.save(update_fields=["thread", "answer"])
    return created


def _repeatable_request(caller: Caller, request_id: str) -> RepeatableRequest:
    """The record of this request. A concurrent repetition waits here for the first request."""
    mine = RepeatableRequest.objects.filter(user_id=caller.user_id, request_id=request_id)
    mine.filter(created_at__lt=timezone.now() - REPEATABLE_FOR).delete()
    record, _ = mine.get_or_create(user_id=caller.user_id, request_id=request_id)
    return record


def _first_answer(repeatable: RepeatableRequest) -> CreatedThread:
    answer = json.loads(repeatable.answer)
    answer["invalid"] = [InvalidParticipant(**item) for item in answer["invalid"]]
    return CreatedThread(**answer)


def _create(
    caller: Caller,
    thread_id: str,
    topic: str,
    participants: Sequence[NewParticipant],
    metadata: dict[str, str],
    retention_policy: dict[str, Any] | None,
) -> tuple[CreatedThread, ChatThread]:
    created_ms = now_ms()
    # The creator is always a participant, and the first.
    creator = next((p for p in participants if p.raw_id == caller.raw_id), None)
    requested = [creator or NewParticipant(caller.raw_id), *participants]
    joining, invalid = resolve(caller.resource_id, requested)
    if caller.user_id not in joining:
        raise unauthorized()  # The identity was deleted after authentication.
    check_thread_size(len(joining))
    created = CreatedThread(
        thread_id, topic, created_ms, caller.raw_id, metadata, retention_policy, invalid
    )
    thread = _insert_thread(caller, created, participant_count=len(joining))
    Participant.objects.bulk_create(
        new_memberships(thread.pk, joining, at_ms=created_ms, sequence=1)
    )
    publish(
        ChatThreadCreated(
            resource_id=caller.resource_id,
            thread_id=thread.thread_id,
            sequence=1,
            at_ms=created_ms,
            initiator=caller.raw_id,
            topic=topic,
            participants=as_event_participants(joining),
            metadata=metadata,
            retention_policy=retention_policy,
        )
    )
    return created, thread


def _insert_thread(caller: Caller, created: CreatedThread, participant_count: int) -> ChatThread:
    return ChatThread.objects.create(
        resource_id=caller.resource_id,
        thread_id=created.thread_id,
        topic=created.topic,
        created_ms=created.created_ms,
        created_by_id=caller.user_id,
        metadata=created.metadata,
        retention_policy=created.retention_policy,
        # So that the id of the first message is the time of creation.
        last_version=created.created_ms - 1,
        last_message_ms=created.created_ms,
        last_event_sequence=1,
        roster_sequence=1,
        participant_count=participant_count,
    )


def update_chat_thread(
    *,
    access: ThreadAccess,
    topic: str | None = None,
    metadata: dict[str, str | None] | None = None,
    retention_policy: dict[str, Any] | None = None,
) -> None:
    """Changes the given properties; metadata is merged.

    Raises ChatError 400 if the merged metadata is over the limit.
    """
    if topic is None and metadata is None and retention_policy is None:
        return
    with transaction.atomic(durable=True):
        access, position = take_position(access)
        thread = ChatThread.objects.get(pk=access.thread_pk)
        thread.topic = thread.topic if topic is None else topic
        thread.metadata = merge_metadata(thread.metadata, metadata or {})
        thread.retention_policy = retention_policy or thread.retention_policy
        thread.save(update_fields=["topic", "metadata", "retention_policy"])
        publish(
            ChatThreadPropertiesUpdated(
                resource_id=access.caller.resource_id,
                thread_id=access.thread_id,
                sequence=position.event_sequence,
                at_ms=position.version,
                initiator=access.caller.raw_id,
                created_ms=thread.created_ms,
                topic=thread.topic,
                topic_given=topic is not None,
                metadata=thread.metadata,
                retention_policy=thread.retention_policy,
            )
        )


def delete_chat_thread(*, access: ThreadAccess) -> None:
    """Deletes the thread for all participants. Does nothing if it is deleted already.

    It remains in the participants' lists, marked as deleted (REST contract 6.4).
    """
    if access.deleted_ms is not None:
        return
    with transaction.atomic(durable=True):
        locked = ChatThread.objects.take_lock(access.thread_pk)
        if locked is None:
            return  # Deleted concurrently.
        # Checked again under the lock: the caller may have been removed meanwhile.
        access_thread(access.caller, access.thread_id, access.capability)
        _delete(*locked, initiator=access.caller.raw_id, reason="deletedByUser")


def delete_chat_thread_as_operator(
    *, thread: ChatThread, reason: Literal["deletedByUser", "deletedByPolicy"] = "deletedByPolicy"
) -> None:
    """Deletes a thread, without an initiator. Does nothing if it is deleted already."""
    with transaction.atomic(durable=True):
        locked = ChatThread.objects.take_lock(thread.pk)
        if locked is not None:
            _delete(*locked, initiator=None, reason=reason)


def _delete(
    thread: ChatThread,
    position: Position,
    *,
    initiator: str | None,
    reason: Literal["deletedByUser", "deletedByPolicy"],
) -> None:
    ChatThread.objects.filter(pk=thread.pk).update(deleted_ms=position.version)
    publish(
        ChatThreadDeleted(
            resource_id=thread.resource_id,
            thread_id=thread.thread_id,
            sequence=position.event_sequence,
            at_ms=position.version,
            initiator=initiator,
            created_ms=thread.created_ms,
            reason=reason,
        )
    )


def add_participants(
    *, access: ThreadAccess, participants: Sequence[NewParticipant]
) -> list[InvalidParticipant]:
    """Adds users of the resource who are not participants yet; returns those who cannot be added.

    Raises ChatError 400, and adds no one, if the request or the thread would be too large.
    """
    check_request_size(participants)
    with transaction.atomic(durable=True):
        joining, invalid = resolve(access.caller.resource_id, participants)
        access, position = take_position(access)
        present = set(
            Participant.objects.current()
            .filter(thread=access.thread_pk, user__in=joining)
            .values_list("user_id", flat=True)
        )
        joining = {pk: participant for pk, participant in joining.items() if pk not in present}
        if not joining:
            # Returns the sequence number: the event log has no gaps.
            transaction.set_rollback(True)
            return invalid
        thread = ChatThread.objects.get(pk=access.thread_pk)
        check_thread_size(thread.participant_count + len(joining))
        Participant.objects.bulk_create(
            new_memberships(
                thread.pk, joining, at_ms=position.version, sequence=position.event_sequence
            )
        )
        thread.change_roster(sequence=position.event_sequence, by=len(joining))
        publish(
            ParticipantsAdded(
                resource_id=thread.resource_id,
                thread_id=thread.thread_id,
                sequence=position.event_sequence,
                at_ms=position.version,
                initiator=access.caller.raw_id,
                created_ms=thread.created_ms,
                participants=as_event_participants(joining),
            )
        )
    return invalid


def remove_participant(*, access: ThreadAccess, raw_id: str) -> None:
    """Removes a participant, which may be the caller. Does nothing if the user is not one."""
    with transaction.atomic(durable=True):
        access, position = take_position(access)
        thread = ChatThread.objects.get(pk=access.thread_pk)
        participant = (
            Participant.objects.current()
            .select_related("user")
            .filter(thread=thread, user__raw_id=raw_id)
            .first()
        )
        if participant is None:
            transaction.set_rollback(True)  # Returns the sequence number.
            return
        _end_membership(thread, participant, position, initiator=access.caller.raw_id)


def remove_participant_as_operator(*, participant: Participant) -> None:
    """Removes a participant, without an initiator. Does nothing if it was removed already."""
    with transaction.atomic(durable=True):
        _end_current_membership(participant.thread_id, participant.user, initiator=None)


def _end_current_membership(
    thread_pk: int, user: CommunicationUser, *, initiator: str | None
) -> None:
    locked = ChatThread.objects.take_lock(thread_pk)
    if locked is None:
        return
    thread, position = locked
    participant = Participant.objects.current().filter(thread=thread, user=user).first()
    if participant is None:
        transaction.set_rollback(True)
        return
    _end_membership(thread, participant, position, initiator=initiator)


def _end_membership(
    thread: ChatThread, participant: Participant, position: Position, *, initiator: str | None
) -> None:
    participant.removed_ms, participant.removed_sequence = position.version, position.event_sequence
    participant.last_topic = thread.topic
    participant.save(update_fields=["removed_ms", "removed_sequence", "last_topic"])
    thread.change_roster(sequence=position.event_sequence, by=-1)
    removed = EventParticipant(
        participant.user.raw_id,
        participant.share_history_ms,
        participant.display_name,
        participant.metadata,
    )
    publish(
        ParticipantsRemoved(
            resource_id=thread.resource_id,
            thread_id=thread.thread_id,
            sequence=position.event_sequence,
            at_ms=position.version,
            initiator=initiator,
            created_ms=thread.created_ms,
            participants=(removed,),
        )
    )


def remove_from_all_threads(user: CommunicationUser) -> None:
    """Ends all memberships of a deleted user, one transaction each: there may be thousands."""
    memberships = Participant.objects.current().filter(user=user, thread__deleted_ms=None)
    for thread_pk in list(memberships.values_list("thread_id", flat=True)):
        with transaction.atomic(durable=True):
            _end_current_membership(thread_pk, user, initiator=user.raw_id)


def rename_participant(*, user_id: int, before: str, display_name: str) -> None:
    """Changes a user's display name in the current threads where it is `before`.

    Publishes no event: the protocol has none for display names.
    """
    current = Participant.objects.current().filter(user=user_id, display_name=before)
    current.update(display_name=display_name)
