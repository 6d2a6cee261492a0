"""Doing something alone: of several workers one holds the lease, until it is not renewed."""

import uuid

from django.db.models import Q

from background.models import Lease


def hold(name: str, holder: uuid.UUID, now_ms: int, *, for_ms: int) -> bool:
    """Whether `holder` may do it from now on for so long; renews its own lease."""
    until_ms = now_ms + for_ms
    mine_or_over = Q(holder=holder) | Q(until_ms__lt=now_ms)
    if Lease.objects.filter(mine_or_over, pk=name).update(holder=holder, until_ms=until_ms):
        return True
    if Lease.objects.filter(pk=name).exists():
        return False
    # Of several that try at once, one row wins; the update above decides whose it is next time.
    lease, created = Lease.objects.get_or_create(
        name=name, defaults={"holder": holder, "until_ms": until_ms}
    )
    return created or lease.holder == holder


def let_go(name: str, holder: uuid.UUID) -> None:
    """Ends a lease, so that the next one need not wait."""
    Lease.objects.filter(pk=name, holder=holder).delete()
