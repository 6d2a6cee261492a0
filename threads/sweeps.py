"""Periodic clean-up of threads, listed in the setting `SWEEPS`.

Each function processes at most `SLICE` rows and returns how many.
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
    """Deletes threads that are older than their retention policy allows.

    Publishes an event with the reason deletedByPolicy.
    """
    days = Cast(KT("retention_policy__deleteThreadAfterDays"), BigIntegerField())
    # The output type is explicit because Django infers a small integer. On PostgreSQL it then takes
    # the current time for out of range and drops the comparison.
    ends_ms = ExpressionWrapper(F("created_ms") + days * DAY_MS, output_field=BigIntegerField())
    expired = (
        ChatThread.objects.filter(
            deleted_ms=None,
            retention_policy__kind="threadCreationDate",
            # A cheap condition first: no policy is shorter than a day.
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


def end_memberships_of_deleted_users(now_ms: int) -> int:
    """Ends the memberships that remain if the server stops while it deletes an identity."""
    remaining = Participant.objects.current().filter(
        user__deleted_at__isnull=False, thread__deleted_ms=None
    )
    users = CommunicationUser.objects.filter(pk__in=remaining.values("user"))[:SLICE]
    for user in users:
        remove_from_all_threads(user)
    return len(users)


def forget_repeatable_requests(now_ms: int) -> int:
    """Deletes expired responses to repeatable requests."""
    expired = RepeatableRequest.objects.filter(created_at__lt=from_ms(now_ms) - REPEATABLE_FOR)
    keys = list(expired.values_list("pk", flat=True)[:SLICE])
    if keys:
        RepeatableRequest.objects.filter(pk__in=keys).delete()
    return len(keys)
