"""Rows that outlive a connection or are shared by processes. Times are epoch milliseconds."""

from django.db import models

from identity.models import CommunicationUser


class Ticket(models.Model):
    """Opens the event stream once, for clients that cannot set request headers.

    It carries the credential of the request that created it.
    """

    secret_hash = models.CharField(max_length=64, unique=True)
    user = models.ForeignKey(CommunicationUser, on_delete=models.CASCADE, related_name="+")
    key_id = models.CharField(max_length=32)
    generation = models.PositiveIntegerField()
    # When the access token expires, in epoch seconds, and when the ticket does.
    token_expires = models.BigIntegerField()
    until_ms = models.BigIntegerField(db_index=True)

    def __str__(self) -> str:
        return f"ticket of {self.user_id}"


class TrouterEndpoint(models.Model):
    """One client of the official SDK: a user and the `epid` that its ChatClient keeps for life.

    Only the connection that was opened last receives events and advances the position.
    """

    user = models.ForeignKey(CommunicationUser, on_delete=models.CASCADE, related_name="+")
    epid = models.CharField(max_length=100)
    # Of the last handshake, until its socket has been opened.
    sid_hash = models.CharField(max_length=64, null=True, unique=True)  # noqa: DJ001
    sid_until_ms = models.BigIntegerField(default=0)
    key_id = models.CharField(max_length=32)
    generation = models.PositiveIntegerField()
    token_expires = models.BigIntegerField()

    connection = models.UUIDField(null=True)
    # The cursor up to which the client has answered every push; empty if it never connected.
    position = models.TextField(blank=True)
    seen_ms = models.BigIntegerField(default=0, db_index=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "epid"], name="one_endpoint_per_epid")
        ]

    def __str__(self) -> str:
        return self.epid
