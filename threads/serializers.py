"""Bodies of the thread and participant operations (REST contract 4 and 5)."""

from collections.abc import Sequence
from typing import Any, Required, TypedDict, cast

from django.conf import settings

from threads.participants import InvalidParticipant, NewParticipant
from threads.services import CreatedThread
from wire import fields, times
from wire.errors import bad_request
from wire.identifiers import communication_user
from wire.versions import ApiVersion


class ParticipantModel(fields.WireSerializer):
    """A participant in a request."""

    communicationIdentifier = fields.Identifier(source="raw_id")
    displayName = fields.DisplayName("display_name")
    shareHistoryTime = fields.Time(source="share_history_ms", required=False)
    metadata = fields.Metadata(required=False)


class Participants(fields.InputField):
    default_error_messages = {"invalid": "it must be a list of participants."}

    def to_internal_value(self, data: Any) -> list[NewParticipant]:
        if not isinstance(data, list) or not all(isinstance(item, dict) for item in data):
            self.fail("invalid")
        return [_new_participant(ParticipantModel.read(item)) for item in data]


def _new_participant(given: dict[str, Any]) -> NewParticipant:
    return NewParticipant(
        raw_id=given["raw_id"],
        display_name=given.get("display_name", ""),
        share_history_ms=given.get("share_history_ms", 0),
        metadata=fields.without_nulls(given.get("metadata", {})),
    )


class RetentionPolicy(fields.InputField):
    """`{"kind": "threadCreationDate", "deleteThreadAfterDays": 30..90}` or `{"kind": "none"}`."""

    default_error_messages = {
        "kind": "its kind must be 'threadCreationDate' or 'none'.",
        "days": "its deleteThreadAfterDays must be from {least} to {most}.",
    }

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        kind = data.get("kind") if isinstance(data, dict) else None
        if kind == "none":
            return {"kind": "none"}
        if kind != "threadCreationDate":
            self.fail("kind")
        days = data.get("deleteThreadAfterDays")
        least = settings.LIMITS.retention_days_minimum
        most = settings.LIMITS.retention_days_maximum
        if isinstance(days, bool) or not isinstance(days, int) or not least <= days <= most:
            self.fail("days", least=least, most=most)
        return {"kind": kind, "deleteThreadAfterDays": days}


class NewThread(TypedDict, total=False):
    """Arguments of `services.create_chat_thread`."""

    topic: Required[str]
    participants: list[NewParticipant]
    metadata: dict[str, str]
    retention_policy: dict[str, Any]


class CreateThreadRequest(fields.WireSerializer):
    """`POST /chat/threads`."""

    topic = fields.Text(characters="topic_length")
    participants = Participants(required=False)
    metadata = fields.Metadata(required=False)
    retentionPolicy = RetentionPolicy(source="retention_policy", required=False)

    @classmethod
    def read_for(cls, version: ApiVersion, body: dict[str, Any]) -> NewThread:
        """The members that `version` has. Raises ChatError 400."""
        given = cls.read(_known_to(version, body))
        if "metadata" in given:
            given["metadata"] = fields.without_nulls(given["metadata"])
        return cast(NewThread, given)


class ThreadChanges(TypedDict, total=False):
    """Arguments of `services.update_chat_thread`."""

    topic: str
    metadata: dict[str, str | None]
    retention_policy: dict[str, Any]


class UpdateThreadRequest(fields.WireSerializer):
    """`PATCH /chat/threads/{id}`, a merge patch."""

    topic = fields.Text(characters="topic_length", required=False)
    metadata = fields.Metadata(required=False)
    retentionPolicy = RetentionPolicy(source="retention_policy", required=False)

    @classmethod
    def read_for(cls, version: ApiVersion, body: dict[str, Any]) -> ThreadChanges:
        """The members that `version` has. Raises ChatError 400."""
        return cast(ThreadChanges, cls.read(_known_to(version, body)))


class AddParticipantsRequest(fields.WireSerializer):
    """`POST /chat/threads/{id}/participants/:add`."""

    participants = Participants()

    @classmethod
    def read_for(cls, version: ApiVersion, body: dict[str, Any]) -> list[NewParticipant]:
        """The participants to add, at least one. Raises ChatError 400."""
        participants: list[NewParticipant] = cls.read(_known_to(version, body))["participants"]
        if not participants:
            raise bad_request("The participants field must not be empty.", target="participants")
        return participants


def _known_to(version: ApiVersion, body: dict[str, Any]) -> dict[str, Any]:
    """`body` without the members that `version` does not have."""
    unknown = set()
    if not version.thread_metadata:
        unknown.add("metadata")
        body = {**body, "participants": _without_metadata(body.get("participants"))}
    if not version.retention_policy:
        unknown.add("retentionPolicy")
    return {name: value for name, value in body.items() if name not in unknown}


def _without_metadata(participants: Any) -> Any:
    if not isinstance(participants, list):
        return participants
    return [
        {name: value for name, value in item.items() if name != "metadata"}
        if isinstance(item, dict)
        else item
        for item in participants
    ]


def thread_properties(
    version: ApiVersion,
    *,
    thread_id: str,
    topic: str,
    created_ms: int,
    created_by: str,
    metadata: dict[str, str],
    retention_policy: dict[str, Any] | None,
) -> dict[str, Any]:
    """ChatThreadProperties."""
    body: dict[str, Any] = {
        "id": thread_id,
        "topic": topic,
        "createdOn": times.to_wire(created_ms),
        "createdByCommunicationIdentifier": communication_user(created_by),
    }
    if version.thread_metadata and metadata:
        body["metadata"] = metadata
    if version.retention_policy and retention_policy:
        body["retentionPolicy"] = retention_policy
    return body


def created_thread(version: ApiVersion, created: CreatedThread) -> dict[str, Any]:
    """CreateChatThreadResult."""
    properties = thread_properties(
        version,
        thread_id=created.thread_id,
        topic=created.topic,
        created_ms=created.created_ms,
        created_by=created.created_by,
        metadata=created.metadata,
        retention_policy=created.retention_policy,
    )
    return {"chatThread": properties, **invalid_participants(created.invalid)}


def invalid_participants(invalid: Sequence[InvalidParticipant]) -> dict[str, Any]:
    """`{invalidParticipants}`, or `{}` if all could be added."""
    if not invalid:
        return {}
    return {
        "invalidParticipants": [
            {"code": item.code, "message": item.message, "target": item.raw_id} for item in invalid
        ]
    }


def thread_item(
    thread_id: str, topic: str, deleted_ms: int | None, last_message_ms: int
) -> dict[str, Any]:
    """ChatThreadItem."""
    body = {"id": thread_id, "topic": topic}
    if deleted_ms is not None:
        body["deletedOn"] = times.to_wire(deleted_ms)
    return {**body, "lastMessageReceivedOn": times.to_wire(last_message_ms)}


def left_thread(thread_id: str, topic: str, left_ms: int) -> dict[str, Any]:
    """A thread that the caller has left, with its topic at that time."""
    return {"id": thread_id, "topic": topic, "leftOn": times.to_wire(left_ms)}


def participant(
    version: ApiVersion,
    raw_id: str,
    display_name: str,
    share_history_ms: int,
    metadata: dict[str, str],
) -> dict[str, Any]:
    """ChatParticipant."""
    body: dict[str, Any] = {"communicationIdentifier": communication_user(raw_id)}
    if display_name:
        body["displayName"] = display_name
    body["shareHistoryTime"] = times.to_wire(share_history_ms)
    if version.thread_metadata and metadata:
        body["metadata"] = metadata
    return body
