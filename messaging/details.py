"""Additional members of the threads in a list (see `threads.details`)."""

from collections.abc import Sequence
from typing import Any

from django.db import connection
from django.db.models import OuterRef, Subquery
from django.db.models.functions import Least

from identity.callers import Caller
from messaging import serializers
from messaging.listing import messages_by_key
from messaging.models import SENT_TYPES, ChatMessage, ReadReceipt
from threads.details import Viewed
from threads.models import Participant
from wire import times
from wire.versions import ApiVersion

# Counting stops here; the value then means "this many or more".
UNREAD_LIMIT = 100


def last_message(caller: Caller, version: ApiVersion, viewed: Sequence[Viewed]) -> dict[int, Any]:
    """The newest message that the caller may see, as ChatMessage."""
    newest = ChatMessage.objects.filter(
        thread=OuterRef("thread"),
        message_id__gte=Least(OuterRef("share_history_ms"), OuterRef("joined_ms")),
    ).order_by("-message_id")
    keys = dict(
        Participant.objects.current()
        .filter(user=caller.user_id, thread__in=[item.thread_pk for item in viewed])
        .annotate(newest=Subquery(newest.values("pk")[:1]))
        .values_list("newest", "thread_id")
    )
    keys.pop(None, None)
    rows = messages_by_key(list(keys))
    return {keys[key]: serializers.message(version, row) for key, row in rows.items()}


# Raw SQL because the ORM cannot limit a count in a correlated subquery. Uses the index of (thread,
# message_id). Messages from before the caller joined never count as unread.
_UNREAD = """
SELECT p.thread_id, (
    SELECT COUNT(*) FROM (
        SELECT 1 FROM messaging_chatmessage m
        WHERE m.thread_id = p.thread_id
          AND m.message_id > CASE WHEN r.message_id > p.joined_ms
                                  THEN r.message_id ELSE p.joined_ms END
          AND m.sender_id <> p.user_id AND m.type IN ({types}) AND m.deleted_ms IS NULL
        LIMIT {limit}) AS unread)
FROM threads_participant p
LEFT JOIN messaging_readreceipt r ON r.thread_id = p.thread_id AND r.user_id = p.user_id
WHERE p.user_id = %s AND p.removed_ms IS NULL AND p.thread_id IN ({threads})
"""


def unread_count(caller: Caller, version: ApiVersion, viewed: Sequence[Viewed]) -> dict[int, Any]:
    """How many messages others sent since the caller's last read receipt, up to `UNREAD_LIMIT`."""
    if not viewed:
        return {}
    thread_pks = [item.thread_pk for item in viewed]
    statement = _UNREAD.format(
        limit=UNREAD_LIMIT,
        types=", ".join(["%s"] * len(SENT_TYPES)),
        threads=", ".join(["%s"] * len(thread_pks)),
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, [*map(str, SENT_TYPES), caller.user_id, *thread_pks])
        return dict(cursor.fetchall())


def read_position(caller: Caller, version: ApiVersion, viewed: Sequence[Viewed]) -> dict[int, Any]:
    """The caller's own read receipt, also in threads that are too large to list receipts."""
    receipts = ReadReceipt.objects.filter(
        user=caller.user_id, thread__in=[item.thread_pk for item in viewed]
    ).values_list("thread_id", "message_id", "read_ms")
    return {
        thread_pk: {"chatMessageId": str(message_id), "readOn": times.to_wire(read_ms)}
        for thread_pk, message_id, read_ms in receipts
    }
