"""All event types. Times are epoch milliseconds, users are raw ids.

`sequence` counts the stored events of a thread without gaps. A user who was a participant at an
event's sequence may see it (see `threads.models.Participant`).
"""

from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal
from uuid import UUID


@dataclass(frozen=True)
class EventParticipant:
    """A participant as events and system messages name them."""

    raw_id: str
    share_history_ms: int
    display_name: str = ""
    metadata: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class ThreadEvent:
    """Something that happened in a thread."""

    resource_id: UUID
    thread_id: str
    sequence: int
    # When it happened; for changes of a message also the message's new version.
    at_ms: int
    # Who caused it; None if the server did, by policy.
    initiator: str | None

    # Whether `publish` writes it to the log.
    is_stored: ClassVar[bool] = True

    @property
    def type(self) -> str:
        """The name of the type in the log."""
        return type(self).__name__


@dataclass(frozen=True, kw_only=True)
class ChatThreadCreated(ThreadEvent):
    """A thread with its first participants."""

    topic: str
    participants: tuple[EventParticipant, ...]
    metadata: dict[str, str]
    retention_policy: dict[str, Any] | None


@dataclass(frozen=True, kw_only=True)
class ChatThreadPropertiesUpdated(ThreadEvent):
    """Topic, metadata or retention policy changed; the values are those after the change."""

    created_ms: int
    topic: str
    topic_given: bool
    metadata: dict[str, str]
    retention_policy: dict[str, Any] | None


@dataclass(frozen=True, kw_only=True)
class ChatThreadDeleted(ThreadEvent):
    """The thread was deleted; its participants still list it as deleted."""

    created_ms: int
    reason: Literal["deletedByUser", "deletedByPolicy"]


@dataclass(frozen=True, kw_only=True)
class ParticipantsAdded(ThreadEvent):
    """Users joined; they see this event themselves."""

    created_ms: int
    participants: tuple[EventParticipant, ...]


@dataclass(frozen=True, kw_only=True)
class ParticipantsRemoved(ThreadEvent):
    """Users left or were removed; it is the last event that they see."""

    created_ms: int
    participants: tuple[EventParticipant, ...]


@dataclass(frozen=True, kw_only=True)
class ChatMessageEvent(ThreadEvent):
    """Common members of the three message events. The initiator is the sender."""

    message_id: int
    message_sequence: int
    message_type: Literal["text", "html"]
    sender_display_name: str


@dataclass(frozen=True, kw_only=True)
class ChatMessageReceived(ChatMessageEvent):
    """A message was sent."""

    content: str
    metadata: dict[str, str]


@dataclass(frozen=True, kw_only=True)
class ChatMessageEdited(ChatMessageEvent):
    """Content or metadata of a message changed."""

    content: str
    metadata: dict[str, str]


@dataclass(frozen=True, kw_only=True)
class ChatMessageDeleted(ChatMessageEvent):
    """A message was deleted. `deleted_by` differs from the sender if an operator deleted it."""

    deleted_by: str | None


@dataclass(frozen=True, kw_only=True)
class ReadReceiptReceived(ThreadEvent):
    """A participant has read up to a message."""

    message_id: int


@dataclass(frozen=True, kw_only=True)
class TypingIndicatorReceived(ThreadEvent):
    """A participant is typing. Not stored: `sequence` is that of the last stored event."""

    is_stored: ClassVar[bool] = False

    sender_display_name: str


_TYPES: tuple[type[ThreadEvent], ...] = (
    ChatThreadCreated,
    ChatThreadPropertiesUpdated,
    ChatThreadDeleted,
    ParticipantsAdded,
    ParticipantsRemoved,
    ChatMessageReceived,
    ChatMessageEdited,
    ChatMessageDeleted,
    ReadReceiptReceived,
    TypingIndicatorReceived,
)
EVENT_TYPES = {event_type.__name__: event_type for event_type in _TYPES}
