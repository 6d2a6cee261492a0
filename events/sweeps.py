"""Sweeps of the event log; see `settings.SWEEPS`."""

from django.conf import settings

from events.models import Event

DAY_MS = 86_400_000
SLICE = 1000


def prune_event_log(now_ms: int) -> int:
    """Deletes the oldest events, if they are older than CHATSITE_EVENT_LOG_DAYS."""
    limit_ms = now_ms - settings.CHATSITE_EVENT_LOG_DAYS * DAY_MS
    oldest = list(Event.objects.order_by("id").values_list("id", "at_ms")[:SLICE])
    young = next((place for place, (_, at_ms) in enumerate(oldest) if at_ms >= limit_ms), SLICE)
    # Stops at the first event to keep, so that the log stays contiguous.
    expired = [pk for pk, _ in oldest[:young]]
    if expired:
        Event.objects.filter(pk__in=expired).delete()
    return len(expired)
