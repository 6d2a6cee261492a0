"""Samples of metrics in steps of a minute, an hour and a day, and the request log.

Times are epoch milliseconds.
"""

import uuid

from django.db import models

from monitoring.histogram import BUCKETS
from wire.times import now_ms

MINUTE_MS, HOUR_MS, DAY_MS = 60_000, 3_600_000, 86_400_000

BUCKET_FIELDS = tuple(f"bucket_{index:02}" for index in range(BUCKETS))
# The fields that are summed when samples are merged; minimum and maximum are not.
ADDED_FIELDS = ("count", "total", *BUCKET_FIELDS)


def _with_buckets(model: type[models.Model]) -> None:
    for name in BUCKET_FIELDS:
        model.add_to_class(name, models.PositiveBigIntegerField(default=0))


class Series(models.Model):
    """A metric's samples for one resource and one combination of dimension values, in total."""

    metric = models.CharField(max_length=60)
    # The resource's id, or `catalogue.SERVER`. No foreign key: samples outlive resources.
    resource_id = models.UUIDField()
    # The dimensions as text, for example `Operation=SendChatMessage&StatusCode=201`.
    dimensions_text = models.CharField(max_length=400, blank=True)
    dimensions = models.JSONField(default=dict)
    count = models.PositiveBigIntegerField(default=0)
    total = models.FloatField(default=0.0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["metric", "resource_id", "dimensions_text"], name="one_series"
            )
        ]

    def __str__(self) -> str:
        return f"{self.metric} {self.dimensions_text}".strip()


class Sample(models.Model):
    """The samples of a series within one step, aggregated."""

    series = models.ForeignKey(Series, on_delete=models.CASCADE, related_name="+")
    # The start of the step.
    at_ms = models.BigIntegerField()
    count = models.PositiveBigIntegerField()
    total = models.FloatField()
    minimum = models.FloatField()
    maximum = models.FloatField()

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.count} at {self.at_ms}"


class MinuteSample(Sample):
    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["series", "at_ms"], name="one_sample_per_minute")
        ]
        indexes = [models.Index(fields=["at_ms"], name="minute_sample_age")]


class HourSample(Sample):
    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["series", "at_ms"], name="one_sample_per_hour")
        ]
        indexes = [models.Index(fields=["at_ms"], name="hour_sample_age")]


class DaySample(Sample):
    """One day in UTC."""

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["series", "at_ms"], name="one_sample_per_day")
        ]
        indexes = [models.Index(fields=["at_ms"], name="day_sample_age")]


for _model in (Series, MinuteSample, HourSample, DaySample):
    _with_buckets(_model)

# The stored steps, smallest first.
GRAINS: dict[int, type[Sample]] = {
    MINUTE_MS: MinuteSample,
    HOUR_MS: HourSample,
    DAY_MS: DaySample,
}


class DailyActive(models.Model):
    """A user or thread that was active on a day; kept until the day has been counted."""

    day_ms = models.BigIntegerField()
    # `ActiveUsers` or `ActiveThreads`.
    metric = models.CharField(max_length=60)
    resource_id = models.UUIDField()
    subject = models.CharField(max_length=150)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["day_ms", "metric", "resource_id", "subject"], name="active_once_a_day"
            )
        ]

    def __str__(self) -> str:
        return self.subject


class ProcessReport(models.Model):
    """The last report of a running process."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    # Host name and process id.
    name = models.CharField(max_length=200)
    started_ms = models.BigIntegerField(default=now_ms)
    seen_ms = models.BigIntegerField(default=now_ms)
    # Values that only the process knows, for example its live connections.
    gauges = models.JSONField(default=dict)

    def __str__(self) -> str:
        return self.name


class LogCategory(models.TextChoices):
    """The two Azure logs that the request log combines."""

    CHAT = "Operational Chat Logs"
    AUTHENTICATION = "Operational Authentication Logs"


class RequestRecord(models.Model):
    """A request to the API, with the columns of Azure's ACSChatIncomingOperations and
    ACSAuthIncomingOperations. None of them holds bodies, tokens or keys.
    """

    time_ms = models.BigIntegerField("time", db_index=True)
    resource_id = models.UUIDField()
    category = models.CharField(max_length=40, choices=LogCategory)
    operation_name = models.CharField("operation", max_length=60)
    operation_version = models.CharField("api-version", max_length=40, blank=True)
    correlation_id = models.CharField(max_length=200, blank=True, db_index=True)
    result_type = models.CharField("result", max_length=20)
    result_signature = models.PositiveIntegerField("status")
    # The error code, never the message, which may quote the request.
    result_description = models.CharField("error", max_length=100, blank=True)
    duration_ms = models.FloatField("duration (ms)")
    caller_ip_address = models.CharField("caller's address", max_length=60, blank=True)
    level = models.CharField(max_length=20)
    uri = models.TextField("URI")
    user_id = models.CharField("user", max_length=150, blank=True, db_index=True)
    chat_thread_id = models.CharField("thread", max_length=200, blank=True)
    chat_message_id = models.CharField("message", max_length=40, blank=True)
    sdk_type = models.CharField("SDK", max_length=80, blank=True)
    platform_type = models.CharField("platform", max_length=80, blank=True)
    scopes = models.CharField(max_length=200, blank=True)

    class Meta:
        verbose_name = "request"
        indexes = [
            models.Index(fields=["chat_thread_id", "chat_message_id"], name="request_of_message")
        ]

    def __str__(self) -> str:
        return f"{self.operation_name} {self.result_signature}"


# Django looks for an app's models in this module.
from monitoring.alerts.models import (  # noqa: E402
    ActionGroup,
    Alert,
    AlertCondition,
    AlertInstance,
    AlertNote,
    AlertRule,
    MutedEndpoint,
    Notification,
    Receiver,
)

__all__ = [
    "ActionGroup",
    "Alert",
    "AlertCondition",
    "AlertInstance",
    "AlertNote",
    "AlertRule",
    "DailyActive",
    "DaySample",
    "HourSample",
    "MinuteSample",
    "MutedEndpoint",
    "Notification",
    "ProcessReport",
    "Receiver",
    "RequestRecord",
    "Series",
]
