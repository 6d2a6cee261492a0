"""What time does to threads; `SWEEPS` names these to the workers.

Each does a slice and returns how much it did.
"""

from django.db.models import BigIntegerField, ExpressionWrapper, F
from django.db.models.fields.json import KT
from django.db.models.functions import Cast

from identity.models import CommunicationUser
from threads.models import ChatThread, Participant, RepeatableRequest
from threads.services import (
    REPEATABLE_FOR,
    delete_chat_thread_as_operator,
    remove_from_all_threads,
)
from wire.times import from_ms

DAY_MS = 86_400_000
SLICE = 1000


def delete_threads_past_retention(now_ms: int) -> int:
    """Deletes threads whose retention policy says that they are old enough.

    Members see it as an event with the reason deletedByPolicy.
    """
    days = Cast(KT("retention_policy__deleteThreadAfterDays"), BigIntegerField())
    # The type must be said: Django takes the sum for a small integer, for which PostgreSQL has
    # none as large as now, and would leave the comparison out.
    ends_ms = ExpressionWrapper(F("created_ms") + days * DAY_MS, output_field=BigIntegerField())
    expired = (
        ChatThread.objects.filter(
            deleted_ms=None,
            retention_policy__kind="threadCreationDate",
            # No policy is shorter than a day; this part the database can count out quickly.
            created_ms__lte=now_ms - DAY_MS,
        )
        .annotate(ends_ms=ends_ms)
        .filter(ends_ms__lte=now_ms)
        .order_by("created_ms")[:SLICE]
    )
    threads = list(expired)
    for thread in threads:
        delete_chat_thread_as_operator(thread=thread, reason="deletedByPolicy")
    return len(threads)


def end_stays_of_deleted_users(now_ms: int) -> int:
    """Ends what deleting an identity leaves behind when the server stops in the middle of it."""
    left_behind = Participant.objects.current().filter(
        user__deleted_at__isnull=False, thread__deleted_ms=None
    )
    users = CommunicationUser.objects.filter(pk__in=left_behind.values("user"))[:SLICE]
    for user in users:
        remove_from_all_threads(user)
    return len(users)


def forget_repeatable_requests(now_ms: int) -> int:
    """Deletes the answers that no repeated request gets any more."""
    over = RepeatableRequest.objects.filter(created_at__lt=from_ms(now_ms) - REPEATABLE_FOR)
    some = list(over.values_list("pk", flat=True)[:SLICE])
    RepeatableRequest.objects.filter(pk__in=some).delete()
    return len(some)
