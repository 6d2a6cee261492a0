"""What workers share through the database: leases, and which workers are alive.

The tables keep the names they were created with, as part of the app `events`.
"""

import uuid

from django.db import models

from wire.times import now_ms


class Lease(models.Model):
    """The right to run certain jobs alone until `until_ms`."""

    name = models.CharField(max_length=50, primary_key=True)
    holder = models.UUIDField()
    until_ms = models.BigIntegerField()

    class Meta:
        app_label = "events"

    def __str__(self) -> str:
        return self.name


class Worker(models.Model):
    """A worker that runs, or ran until it was last seen."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    # Host and process, for display.
    name = models.CharField(max_length=200)
    started_ms = models.BigIntegerField(default=now_ms)
    seen_ms = models.BigIntegerField(default=now_ms)
    # None while it runs, and after it was killed.
    stopped_ms = models.BigIntegerField(null=True)
    delivered = models.PositiveBigIntegerField(default=0)
    failed = models.PositiveBigIntegerField(default=0)
    # The last failure of background work in its process.
    last_error = models.TextField(blank=True)

    class Meta:
        app_label = "events"

    def __str__(self) -> str:
        return self.name
