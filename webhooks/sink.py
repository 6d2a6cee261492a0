"""What publishing an event does for webhooks: a comparison in memory.

The dispatcher follows the log. It is woken if a subscription wants events of this type.
"""

import threading
from collections.abc import Sequence

from events.catalogue import ThreadEvent
from webhooks import eventgrid
from webhooks.dispatcher import dispatch_unstored
from webhooks.wakeups import deliveries_changed, events_pending, index

# Without a dispatcher in this process, subscriptions are read again after this many seconds when
# an event comes that the log does not keep.
MAXIMUM_AGE_SECONDS = 5.0


def note(events: Sequence[ThreadEvent]) -> None:
    """The entry in `EVENT_SINKS`."""
    for event in events:
        if not event.is_stored:
            dispatch_unstored(event, _index.get())
    news.set()
