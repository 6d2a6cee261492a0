"""Periodic clean-up of messaging, listed in the setting `SWEEPS`."""

from messaging.models import RepeatableSend
from messaging.services import REPEATABLE_FOR
from wire.times import from_ms

SLICE = 1000


def forget_repeatable_sends(now_ms: int) -> int:
    """Deletes at most `SLICE` expired responses to repeatable requests; returns how many."""
    expired = RepeatableSend.objects.filter(created_at__lt=from_ms(now_ms) - REPEATABLE_FOR)
    keys = list(expired.values_list("pk", flat=True)[:SLICE])
    if keys:
        RepeatableSend.objects.filter(pk__in=keys).delete()
    return len(keys)
