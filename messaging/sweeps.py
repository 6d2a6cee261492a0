"""What time does to messaging; `SWEEPS` names these to the workers."""

from messaging.models import RepeatableSend
from messaging.services import REPEATABLE_FOR
from wire.times import from_ms

SLICE = 1000


def forget_repeatable_sends(now_ms: int) -> int:
    """Deletes the answers that no repeated request gets any more; returns how many."""
    over = RepeatableSend.objects.filter(created_at__lt=from_ms(now_ms) - REPEATABLE_FOR)
    some = list(over.values_list("pk", flat=True)[:SLICE])
    RepeatableSend.objects.filter(pk__in=some).delete()
    return len(some)
