"""What wakes the webhook threads of this process, and the subscriptions they share.

Work that other processes create is found by polling (see `webhooks.worker_part`).
"""

import threading

from django.db import transaction

from webhooks.matching import CurrentIndex

index = CurrentIndex()
# New events for a subscription, or changed subscriptions.
events_pending = threading.Event()
# Deliveries that are due.
deliveries_pending = threading.Event()
# Handshakes or deletion notices that are due.
handshakes_pending = threading.Event()


def subscriptions_changed() -> None:
    """Call it in the transaction of any change of a subscription; it acts after the commit."""
    transaction.on_commit(_subscriptions_changed)


def _subscriptions_changed() -> None:
    index.invalidate()
    events_pending.set()
    deliveries_pending.set()
    handshakes_pending.set()


def deliveries_changed() -> None:
    """Call it in the transaction that makes deliveries due; it acts after the commit."""
    transaction.on_commit(deliveries_pending.set)
