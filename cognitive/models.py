"""Stored results for messages, and request counts of users. Times are epoch milliseconds."""

from django.db import models

from identity.models import CommunicationUser
from messaging.models import ChatMessage


class CognitiveResult(models.Model):
    """The result of an engine for one version of a message; stored until the message changes."""

    message = models.ForeignKey(ChatMessage, on_delete=models.CASCADE, related_name="+")
    message_version = models.BigIntegerField()
    # An ability of `cognitive.abilities`.
    kind = models.CharField(max_length=20)
    # The languages of a translation, in the codes of the engine; empty otherwise.
    source = models.CharField(max_length=35, blank=True)
    target = models.CharField(max_length=35, blank=True)
    engine = models.CharField(max_length=50)
    engine_version = models.CharField(max_length=100)
    value = models.JSONField()
    created_ms = models.BigIntegerField()

    class Meta:
        verbose_name = "cognitive result"
        constraints = [
            models.UniqueConstraint(
                fields=[
                    "message",
                    "message_version",
                    "kind",
                    "source",
                    "target",
                    "engine",
                    "engine_version",
                ],
                name="one_cognitive_result",
            )
        ]
        indexes = [models.Index(fields=["created_ms"], name="cognitive_result_age")]

    def __str__(self) -> str:
        return f"{self.kind} of {self.message_id}"


class CognitiveUse(models.Model):
    """How many requests a user sent in the current minute."""

    user = models.OneToOneField(
        CommunicationUser, on_delete=models.CASCADE, primary_key=True, related_name="+"
    )
    # Minutes since the epoch.
    minute = models.BigIntegerField()
    requests = models.PositiveIntegerField()

    def __str__(self) -> str:
        return f"{self.user_id} in {self.minute}"
