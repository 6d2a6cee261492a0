"""What happens to webhooks when an event was published: hardly anything, on purpose.

The dispatcher follows the log. It is told in this process that there is something new, which saves
it the time until it would have looked anyway.
"""

import threading

from events.catalogue import ThreadEvent
from webhooks.dispatcher import dispatch_unstored
from webhooks.matching import PatientIndex

# The worker of this process, if there is one, waits for it.
news = threading.Event()
# Who wants events that the log does not keep; looked up every few seconds, not for every event.
_index = PatientIndex(seconds=5)


def note(event: ThreadEvent) -> None:
    """The entry in `EVENT_SINKS`."""
    if not event.is_stored:
        dispatch_unstored(event, _index.get())
    news.set()
