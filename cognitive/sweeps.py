"""Periodic deletion of results, run by the workers (`settings.SWEEPS`)."""

from django.db.models import F, Q

from cognitive.models import CognitiveResult

DAY_MS = 86_400_000
# Old messages are seldom read again; then their results are computed again.
KEPT_DAYS = 90
SLICE = 1000


def forget_old_results(now_ms: int) -> int:
    """Deletes a slice of the old results, and of those for deleted threads and changed messages.

    The latter exist only after a race between a change and a request, so that it is enough to
    check the results of the last day. Returns the number of deleted results.
    """
    old = Q(created_ms__lt=now_ms - KEPT_DAYS * DAY_MS)
    invalid = Q(created_ms__gte=now_ms - DAY_MS) & (
        ~Q(message_version=F("message__version")) | Q(message__thread__deleted_ms__isnull=False)
    )
    keys = list(CognitiveResult.objects.filter(old | invalid).values_list("pk", flat=True)[:SLICE])
    if keys:
        CognitiveResult.objects.filter(pk__in=keys).delete()
    return len(keys)
