"""Resources (tenants) and their users."""

import base64
import secrets
import uuid
from typing import Any

from django.db import models


def new_access_key() -> str:
    """64 random bytes in base64, like the keys of the real service (identity contract 3)."""
    return base64.b64encode(secrets.token_bytes(64)).decode()


def new_key_id() -> str:
    """The id of an access key, which tokens carry as `kid`. A regenerated key gets a new one."""
    return secrets.token_hex(8)


class Resource(models.Model):
    """A tenant. Its id is part of every user id and token; resources share no data."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    name = models.CharField(max_length=100, unique=True)
    hostname = models.CharField(
        max_length=253,
        unique=True,
        null=True,
        blank=True,
        help_text="Requests to this host belong to this resource; all others to the default one.",
    )
    is_default = models.BooleanField(default=False, editable=False)
    primary_key = models.CharField(max_length=200, default=new_access_key, editable=False)
    primary_key_id = models.CharField(max_length=32, default=new_key_id, editable=False)
    secondary_key = models.CharField(max_length=200, default=new_access_key, editable=False)
    secondary_key_id = models.CharField(max_length=32, default=new_key_id, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["is_default"],
                condition=models.Q(is_default=True),
                name="one_default_resource",
            )
        ]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Converts the host name to lower case, and an empty one to None."""
        self.hostname = (self.hostname or "").strip().lower() or None
        super().save(*args, **kwargs)

    def keys(self) -> dict[str, str]:
        """The current access keys by id, primary first."""
        return {
            self.primary_key_id: self.primary_key,
            self.secondary_key_id: self.secondary_key,
        }

    def connection_string(self, endpoint: str, *, secondary: bool = False) -> str:
        """The connection string for the official SDKs; `endpoint` is the URL of this server."""
        key = self.secondary_key if secondary else self.primary_key
        return f"endpoint={endpoint.rstrip('/')}/;accesskey={key}"


class CommunicationUser(models.Model):
    """An identity that can chat. The row remains after deletion, as the sender of messages."""

    resource = models.ForeignKey(Resource, on_delete=models.CASCADE, related_name="users")
    raw_id = models.CharField(max_length=100, unique=True)
    # Tokens contain the generation in which they were issued; revoking them increments it.
    token_generation = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)
    deleted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = "user"

    def __str__(self) -> str:
        return self.raw_id
