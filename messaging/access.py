"""The messages that a participant may see and change."""

from django.db.models import QuerySet

from messaging.models import ChatMessage
from threads.access import ThreadAccess
from wire.errors import forbidden, not_found
from wire.statements import Statement


def visible_messages(access: ThreadAccess) -> QuerySet[ChatMessage]:
    """The messages in the part of the history that is shared with the caller."""
    return ChatMessage.objects.filter(
        thread=access.thread_pk, message_id__gte=access.visible_from_ms
    )


_IS_VISIBLE = Statement(
    "whether a message is visible",
    """
SELECT 1 FROM messaging_chatmessage
WHERE thread_id = %s AND message_id = %s AND message_id >= %s
""",
)


def is_visible(access: ThreadAccess, message_id: int) -> bool:
    """Whether the caller may see a message."""
    key = (access.thread_pk, message_id, access.visible_from_ms)
    return _IS_VISIBLE.fetch_one(key) is not None


def access_message(access: ThreadAccess, message_id: int) -> ChatMessage:
    """A message that the caller may see. Raises ChatError 404."""
    message = visible_messages(access).filter(message_id=message_id).first()
    if message is None:
        raise not_found()
    return message


def access_own_message(access: ThreadAccess, message_id: int) -> ChatMessage:
    """A message that the caller sent.

    Raises ChatError: 404 if it is not visible, 403 for a system message or another user's.
    """
    message = access_message(access, message_id)
    if not message.is_sent or message.sender_id != access.caller.user_id:
        raise forbidden()
    return message
