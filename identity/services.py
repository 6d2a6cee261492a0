"""Every change of resources, users and tokens, with the names of the protocol's operations."""

import logging
import time
from collections.abc import Callable, Sequence
from typing import Any, Literal
from uuid import UUID

from django.conf import settings
from django.db.models import F
from django.utils import timezone
from django.utils.module_loading import import_string

from identity import tokens
from identity.models import CommunicationUser, Resource, new_access_key, new_key_id
from identity.tokens import AccessToken
from wire.errors import unauthorized
from wire.identifiers import new_user_suffix

logger = logging.getLogger(__name__)


def ensure_default_resource() -> Resource:
    """The default resource; the first call creates it, with the access key from the settings."""
    existing = Resource.objects.filter(is_default=True).first()
    if existing:
        return existing
    given: dict[str, Any] = {}
    if settings.CHATSITE_ACCESS_KEY:
        given["primary_key"] = settings.CHATSITE_ACCESS_KEY
    if settings.CHATSITE_RESOURCE_ID:
        given["id"] = UUID(settings.CHATSITE_RESOURCE_ID)
    resource, _ = Resource.objects.get_or_create(
        is_default=True, defaults={"name": "default", **given}
    )
    return resource


def regenerate_key(*, resource: Resource, key_type: Literal["primary", "secondary"]) -> Resource:
    """Replaces an access key. All tokens issued with the old one become invalid immediately."""
    setattr(resource, f"{key_type}_key", new_access_key())
    setattr(resource, f"{key_type}_key_id", new_key_id())
    resource.save(update_fields=[f"{key_type}_key", f"{key_type}_key_id"])
    return resource


def create_user(*, resource: Resource) -> CommunicationUser:
    return CommunicationUser.objects.create(
        resource=resource, raw_id=f"8:acs:{resource.id}_{new_user_suffix()}"
    )


def issue_access_token(
    *,
    user: CommunicationUser,
    scopes: Sequence[str],
    expires_in_minutes: int = tokens.MINUTES_MAXIMUM,
    key_id: str | None = None,
) -> AccessToken:
    """An access token for `user`, issued with the access key `key_id` (default: the primary key).

    Raises ChatError 401 if the resource no longer has this key.
    """
    resource = user.resource
    key_id = key_id or resource.primary_key_id
    access_key = resource.keys().get(key_id)
    if access_key is None:
        # Regenerated after authentication.
        raise unauthorized()
    issued = int(time.time())
    return tokens.sign(
        raw_id=user.raw_id,
        resource_id=str(resource.id),
        key_id=key_id,
        access_key=access_key,
        scopes=scopes,
        generation=user.token_generation,
        issued=issued,
        expires=issued + expires_in_minutes * 60,
    )


def revoke_access_tokens(*, user: CommunicationUser) -> None:
    """Makes all tokens issued to `user` so far invalid immediately."""
    CommunicationUser.objects.filter(pk=user.pk).update(token_generation=F("token_generation") + 1)


def delete_user(*, user: CommunicationUser) -> None:
    """Deletes an identity: revokes its tokens and removes it from its threads. Messages remain.

    The first statement makes it invalid. The handlers of higher rooms (`IDENTITY_DELETED_HANDLERS`)
    run afterwards in their own transactions; a sweep completes them after a crash.
    """
    CommunicationUser.objects.filter(pk=user.pk).update(
        token_generation=F("token_generation") + 1, deleted_at=timezone.now()
    )
    for path in settings.IDENTITY_DELETED_HANDLERS:
        handler: Callable[[CommunicationUser], None] = import_string(path)
        try:
            handler(user)
        except Exception:
            # The identity is deleted; a sweep completes what the handler did not do.
            logger.exception("Identity deletion handler failed handler=%s", path)
