"""Messages and read receipts. Times are epoch milliseconds; a message's id is one."""

from django.db import models

from identity.models import CommunicationUser
from threads.models import ChatThread


class MessageType(models.TextChoices):
    """The message types of the protocol. Users can send only the first two."""

    TEXT = "text"
    HTML = "html"
    TOPIC_UPDATED = "topicUpdated"
    PARTICIPANT_ADDED = "participantAdded"
    PARTICIPANT_REMOVED = "participantRemoved"


SENT_TYPES = (MessageType.TEXT, MessageType.HTML)


class Priority(models.IntegerChoices):
    """The urgency of a message. A message without one counts as normal."""

    NORMAL = 0, "normal"
    HIGH = 1, "high"


class ChatMessage(models.Model):
    """A message or system message. The row remains after it is deleted."""

    thread = models.ForeignKey(ChatThread, on_delete=models.CASCADE, related_name="messages")
    # Epoch milliseconds of its arrival, unique per thread.
    message_id = models.BigIntegerField()
    sequence = models.PositiveBigIntegerField()
    # Epoch milliseconds of the last change; equals the id until then.
    version = models.BigIntegerField()
    # The version before the last change: paging that began earlier lists the message there.
    previous_version = models.BigIntegerField(null=True, blank=True)
    type = models.CharField(max_length=20, choices=MessageType)
    # The text or html, or the topic of a topicUpdated message.
    content = models.TextField(blank=True)
    # The sender, or the initiator of a system message; None if the server was the initiator.
    sender = models.ForeignKey(
        CommunicationUser, on_delete=models.PROTECT, null=True, related_name="+"
    )
    sender_display_name = models.TextField(blank=True)
    metadata = models.JSONField(default=dict, blank=True)
    priority = models.SmallIntegerField(choices=Priority, null=True, blank=True)
    # The participants of a participantAdded or participantRemoved message, as EventParticipant.
    participants = models.JSONField(null=True, blank=True)
    edited_ms = models.BigIntegerField(null=True, blank=True)
    deleted_ms = models.BigIntegerField(null=True, blank=True)

    class Meta:
        verbose_name = "message"
        constraints = [
            models.UniqueConstraint(fields=["thread", "message_id"], name="message_id_of_thread"),
            # The index that lists use.
            models.UniqueConstraint(fields=["thread", "version"], name="message_version_of_thread"),
        ]

    def __str__(self) -> str:
        return str(self.message_id)

    @property
    def is_sent(self) -> bool:
        """Whether a user sent it; otherwise it is a system message."""
        return self.type in SENT_TYPES


class RepeatableSend(models.Model):
    """The response to a send request that the client may repeat (docs/api-extensions.md)."""

    thread = models.ForeignKey(ChatThread, on_delete=models.CASCADE, related_name="+")
    user = models.ForeignKey(CommunicationUser, on_delete=models.CASCADE, related_name="+")
    request_id = models.CharField(max_length=255)
    message_id = models.BigIntegerField()
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["thread", "user", "request_id"], name="one_message_per_request"
            )
        ]

    def __str__(self) -> str:
        return self.request_id


class ReadReceipt(models.Model):
    """The last message that a user has read in a thread."""

    thread = models.ForeignKey(ChatThread, on_delete=models.CASCADE, related_name="+")
    user = models.ForeignKey(CommunicationUser, on_delete=models.CASCADE, related_name="+")
    message_id = models.BigIntegerField()
    read_ms = models.BigIntegerField()

    class Meta:
        verbose_name = "read receipt"
        constraints = [
            models.UniqueConstraint(fields=["thread", "user"], name="one_receipt_per_reader")
        ]

    def __str__(self) -> str:
        return f"{self.user_id} read {self.message_id}"
