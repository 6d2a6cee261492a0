"""The event sink of webhooks; costs a comparison in memory.

The dispatcher follows the log. It is woken if a subscription wants events of this type.
"""

from collections.abc import Sequence

from events.catalogue import ThreadEvent
from webhooks import eventgrid
from webhooks.dispatcher import dispatch_unstored
from webhooks.wakeups import deliveries_changed, events_pending, index

# Without a dispatcher in this process, subscriptions are read again after this many seconds when
# an event comes that the log does not keep.
MAXIMUM_AGE_SECONDS = 5.0


def wake(events: Sequence[ThreadEvent]) -> None:
    """The entry in `EVENT_SINKS`."""
    for event in events:
        _wake_for(event)


def _wake_for(event: ThreadEvent) -> None:
    event_types = [name for name in eventgrid.LEVELS.get(event.type, ()) if name]
    if not event_types:
        return
    if event.is_stored:
        if index.may_want(event.resource_id, event_types, eventgrid.subject_beginning(event)):
            events_pending.set()
        return
    subscriptions = index.recent(MAXIMUM_AGE_SECONDS)
    if any(subscriptions.wants(event.resource_id, name) for name in event_types):
        dispatch_unstored(event, subscriptions)
        deliveries_changed()
