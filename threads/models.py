"""Threads and their participants. Times are epoch milliseconds, like message ids."""

from dataclasses import dataclass

from django.db import models

from identity.models import CommunicationUser, Resource
from wire.statements import Statement
from wire.times import now_ms


@dataclass(frozen=True)
class Position:
    """Numbers taken from a thread: the last ones if several were requested."""

    # Unique and increasing per thread: the id of a new message, and its version.
    version: int
    message_sequence: int
    event_sequence: int


# Takes the write lock of a thread and advances its counters in one statement. `version` follows the
# clock but always increases. The roster check makes sure that what the caller read about the
# participants is still true.
_ADVANCE = Statement(
    "next position of a thread",
    """
UPDATE threads_chatthread SET
    last_version = CASE WHEN last_version < %s THEN %s ELSE last_version + %s END,
    last_message_sequence = last_message_sequence + %s,
    last_event_sequence = last_event_sequence + %s,
    last_message_ms = CASE
        WHEN %s = 0 THEN last_message_ms
        WHEN last_version < %s THEN %s ELSE last_version + %s END
WHERE id = %s AND deleted_ms IS NULL AND roster_sequence = %s
RETURNING last_version, last_message_sequence, last_event_sequence
""",
)


class ChatThreadQuerySet(models.QuerySet["ChatThread"]):
    def advance(
        self,
        pk: int,
        *,
        roster_sequence: int,
        now_ms: int,
        messages: int = 0,
        events: int = 1,
        moves_activity: bool | None = None,
    ) -> Position | None:
        """Locks the thread's row until the end of the transaction and takes numbers from it.

        None if the thread is deleted or its participants changed since `roster_sequence` was read.
        `moves_activity` determines whether lastMessageReceivedOn changes; by default it does if
        `messages` is not 0.
        """
        moves = bool(messages) if moves_activity is None else moves_activity
        step = max(messages, 1)
        version = (now_ms, now_ms + step - 1, step)
        row = _ADVANCE.fetch_one(
            [*version, messages, events, int(moves), *version, pk, roster_sequence]
        )
        return Position(*row) if row else None

    def take_lock(self, pk: int) -> "tuple[ChatThread, Position] | None":
        """Locks the thread and takes the position of the next event, for changes by the server.

        None if the thread is deleted.
        """
        thread = self.select_for_update().filter(pk=pk, deleted_ms=None).first()
        if thread is None:
            return None
        position = self.advance(pk, roster_sequence=thread.roster_sequence, now_ms=now_ms())
        return (thread, position) if position else None


class ChatThread(models.Model):
    """A conversation. Its counters number its messages and events."""

    resource = models.ForeignKey(Resource, on_delete=models.CASCADE, related_name="+")
    thread_id = models.CharField(max_length=150, unique=True)
    topic = models.TextField()
    created_ms = models.BigIntegerField()
    created_by = models.ForeignKey(CommunicationUser, on_delete=models.PROTECT, related_name="+")
    deleted_ms = models.BigIntegerField(null=True, blank=True)
    metadata = models.JSONField(default=dict, blank=True)
    # `{"kind": "threadCreationDate", "deleteThreadAfterDays": 30..90}`, `{"kind": "none"}` or null.
    retention_policy = models.JSONField(null=True, blank=True)

    last_version = models.BigIntegerField()
    last_message_sequence = models.PositiveBigIntegerField(default=0)
    last_event_sequence = models.PositiveBigIntegerField(default=0)
    last_message_ms = models.BigIntegerField()
    # The sequence of the event that last changed the participants, and their number since then.
    roster_sequence = models.PositiveBigIntegerField(default=0)
    participant_count = models.PositiveIntegerField(default=0)

    objects = ChatThreadQuerySet.as_manager()

    class Meta:
        verbose_name = "thread"

    def __str__(self) -> str:
        return self.topic

    def change_roster(self, *, sequence: int, by: int) -> None:
        """Records that event `sequence` changed the number of participants by `by`."""
        ChatThread.objects.filter(pk=self.pk).update(
            roster_sequence=sequence, participant_count=models.F("participant_count") + by
        )


class ParticipantQuerySet(models.QuerySet["Participant"]):
    def current(self) -> "ParticipantQuerySet":
        """Without those who have left or were removed."""
        return self.filter(removed_ms=None)

    def in_join_order(self) -> "ParticipantQuerySet":
        """The creator first, then in the order of joining."""
        return self.order_by("id")


class Participant(models.Model):
    """One membership of a user in a thread: a user who leaves and returns has two.

    It lasts from event `joined_sequence` to event `removed_sequence`, both included: users see
    themselves join and leave, and nothing before or after.
    """

    thread = models.ForeignKey(ChatThread, on_delete=models.CASCADE, related_name="participants")
    user = models.ForeignKey(
        CommunicationUser, on_delete=models.PROTECT, related_name="memberships"
    )
    display_name = models.TextField(blank=True)
    # As the client sent it; responses show whole seconds.
    share_history_ms = models.BigIntegerField(default=0)
    metadata = models.JSONField(default=dict, blank=True)
    joined_ms = models.BigIntegerField()
    joined_sequence = models.PositiveBigIntegerField()
    removed_ms = models.BigIntegerField(null=True, blank=True)
    removed_sequence = models.PositiveBigIntegerField(null=True, blank=True)
    # The thread's topic when the membership ended: former participants do not see later ones.
    last_topic = models.TextField(blank=True)

    objects = ParticipantQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user", "thread"],
                condition=models.Q(removed_ms=None),
                name="one_current_stay",
            )
        ]

    def __str__(self) -> str:
        return self.display_name or self.user.raw_id


class RepeatableRequest(models.Model):
    """The response to a create thread request that the client may repeat (REST contract 6.1)."""

    user = models.ForeignKey(CommunicationUser, on_delete=models.CASCADE, related_name="+")
    request_id = models.CharField(max_length=255)
    thread = models.ForeignKey(ChatThread, on_delete=models.CASCADE, related_name="+", null=True)
    # The first response as JSON text: a JSON column would sort its metadata.
    answer = models.TextField(blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "request_id"], name="one_answer_per_request")
        ]

    def __str__(self) -> str:
        return self.request_id
