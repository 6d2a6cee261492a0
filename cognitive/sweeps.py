"""What time does to results; `SWEEPS` names this to the workers."""

from django.db.models import F, Q

from cognitive.models import CognitiveResult

DAY_MS = 86_400_000
# Messages of long ago are seldom read again, and then asked about anew.
KEPT_DAYS = 90
SLICE = 1000


def forget_old_results(now_ms: int) -> int:
    """Deletes old results, and those of deleted threads and other versions of a message.

    Of the latter there are some only where a change and a question met at the same moment. The
    young ones are looked at, the others go anyway.
    """
    old = Q(created_ms__lt=now_ms - KEPT_DAYS * DAY_MS)
    met = Q(created_ms__gte=now_ms - DAY_MS) & (
        ~Q(message_version=F("message__version")) | Q(message__thread__deleted_ms__isnull=False)
    )
    some = list(CognitiveResult.objects.filter(old | met).values_list("pk", flat=True)[:SLICE])
    CognitiveResult.objects.filter(pk__in=some).delete()
    return len(some)
