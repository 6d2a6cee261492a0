"""Leases: of several workers one may do a job, until it no longer renews its lease."""

import uuid

from django.db.models import Q

from background.models import Lease


def hold(name: str, holder: uuid.UUID, now_ms: int, *, for_ms: int) -> bool:
    """Takes or renews the lease until `now_ms + for_ms`; False if another holder has it."""
    until_ms = now_ms + for_ms
    mine_or_over = Q(holder=holder) | Q(until_ms__lt=now_ms)
    if Lease.objects.filter(mine_or_over, pk=name).update(holder=holder, until_ms=until_ms):
        return True
    if Lease.objects.filter(pk=name).exists():
        return False
    # If several workers try at once, one creates the row; the update above decides later.
    lease, created = Lease.objects.get_or_create(
        name=name, defaults={"holder": holder, "until_ms": until_ms}
    )
    return created or lease.holder == holder


def release(name: str, holder: uuid.UUID) -> None:
    """Ends a lease, so that another worker can take it at once."""
    Lease.objects.filter(pk=name, holder=holder).delete()
