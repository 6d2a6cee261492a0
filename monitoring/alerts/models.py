"""Alert rules, alerts, action groups and notifications. Times are epoch milliseconds."""

import uuid
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q

from identity.models import Resource
from monitoring import catalogue
from wire.times import now_ms

# Labels by minutes.
FREQUENCIES = {1: "1 minute", 5: "5 minutes", 15: "15 minutes", 30: "30 minutes", 60: "1 hour"}
WINDOWS = FREQUENCIES | {360: "6 hours", 720: "12 hours", 1440: "24 hours"}


class Severity(models.IntegerChoices):
    """Azure Monitor's severities; 0 is the most severe."""

    CRITICAL = 0, "0 – critical"
    ERROR = 1, "1 – error"
    WARNING = 2, "2 – warning"
    INFORMATIONAL = 3, "3 – informational"
    VERBOSE = 4, "4 – verbose"


class ReceiverKind(models.TextChoices):
    """How a receiver is notified."""

    EMAIL = "email", "e-mail"
    WEBHOOK = "webhook", "webhook (common alert schema)"
    ALERTMANAGER = "alertmanager", "Alertmanager"
    ALERTMANAGER_WEBHOOK = "alertmanager_webhook", "webhook (Alertmanager's format)"
    NOTICE = "notice", "notice in the admin"
    LOG = "log", "line in the server's log"


# The kinds whose address is a URL.
URL_KINDS = (
    ReceiverKind.WEBHOOK,
    ReceiverKind.ALERTMANAGER,
    ReceiverKind.ALERTMANAGER_WEBHOOK,
)


class ActionGroup(models.Model):
    """A set of receivers that are notified about alerts."""

    # None: the group can be used by rules of every resource.
    resource = models.ForeignKey(
        Resource, on_delete=models.CASCADE, null=True, blank=True, related_name="+"
    )
    name = models.CharField(max_length=260)
    short_name = models.CharField(
        max_length=12, help_text="At most 12 characters; used as the signature of e-mails."
    )
    is_enabled = models.BooleanField("enabled", default=True)
    # The JSON that the management API received, with the members that this server does not use.
    definition: Any = models.JSONField(default=dict, blank=True)
    # The Azure resource group id that it was created under.
    scope = models.CharField(max_length=500, blank=True)

    class Meta:
        verbose_name = "action group"
        constraints = [
            models.UniqueConstraint(fields=["resource", "name"], name="one_group_of_resource"),
            models.UniqueConstraint(
                fields=["name"], condition=Q(resource=None), name="one_group_of_operator"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Receiver(models.Model):
    """One address of an action group."""

    group = models.ForeignKey(ActionGroup, on_delete=models.CASCADE, related_name="receivers")
    name = models.CharField(max_length=100)
    kind = models.CharField(max_length=30, choices=ReceiverKind, default=ReceiverKind.EMAIL)
    address = models.CharField(
        max_length=2000,
        blank=True,
        help_text="An e-mail address, or the URL of a webhook or an Alertmanager.",
    )
    is_enabled = models.BooleanField("enabled", default=True)

    def __str__(self) -> str:
        return self.name

    @property
    def described(self) -> str:
        return f"{self.name} ({ReceiverKind(self.kind).label})"

    @property
    def shown_address(self) -> str:
        """The address without its query, which may hold a secret."""
        return self.address.partition("?")[0]


class AlertRule(models.Model):
    """Conditions that are evaluated periodically, and the action groups that are notified."""

    # None: the rule covers all resources together.
    resource = models.ForeignKey(
        Resource, on_delete=models.CASCADE, null=True, blank=True, related_name="+"
    )
    name = models.CharField(max_length=260)
    description = models.TextField(blank=True)
    severity = models.PositiveSmallIntegerField(choices=Severity, default=Severity.INFORMATIONAL)
    is_enabled = models.BooleanField("enabled", default=True)
    window_minutes = models.PositiveIntegerField(
        "lookback period", choices=list(WINDOWS.items()), default=5
    )
    frequency_minutes = models.PositiveIntegerField(
        "check every", choices=list(FREQUENCIES.items()), default=1
    )
    auto_mitigate = models.BooleanField(
        "auto-resolve",
        default=True,
        help_text=(
            "Notifies once when the alert fires and once when it resolves, after three healthy "
            "evaluations. If off, every evaluation whose conditions are met notifies."
        ),
    )
    action_groups = models.ManyToManyField(ActionGroup, blank=True, related_name="rules")
    custom_properties: Any = models.JSONField(default=dict, blank=True)
    # What the management API received: scopes, the members of actions, tags.
    definition: Any = models.JSONField(default=dict, blank=True)
    scope = models.CharField(max_length=500, blank=True)
    # Whether the rule was created with the database.
    is_default = models.BooleanField(default=False, editable=False)
    created_ms = models.BigIntegerField(default=now_ms, editable=False)
    changed_ms = models.BigIntegerField(default=now_ms, editable=False)
    # The end of the last window that was evaluated.
    evaluated_ms = models.BigIntegerField(null=True, editable=False)
    last_problem = models.TextField(blank=True, editable=False)

    class Meta:
        verbose_name = "alert rule"
        constraints = [
            models.UniqueConstraint(fields=["resource", "name"], name="one_alert_rule_of_resource"),
            models.UniqueConstraint(
                fields=["name"], condition=Q(resource=None), name="one_alert_rule_of_operator"
            ),
        ]

    def __str__(self) -> str:
        return self.name


def metric_choices() -> list[tuple[str, str]]:
    """Names and labels of the metrics; a function, so that a new metric needs no migration."""
    return [(metric.name, metric.label) for metric in catalogue.METRICS.values()]


class ConditionKind(models.TextChoices):
    """Whether a condition's threshold is fixed or learned from the metric's history."""

    STATIC = "static", "static threshold"
    DYNAMIC = "dynamic", "dynamic threshold"


class Operator(models.TextChoices):
    """How a value is compared; GreaterOrLessThan is for dynamic thresholds only."""

    GREATER_THAN = "GreaterThan", "is above"
    GREATER_THAN_OR_EQUAL = "GreaterThanOrEqual", "is at least"
    LESS_THAN = "LessThan", "is below"
    LESS_THAN_OR_EQUAL = "LessThanOrEqual", "is at most"
    EQUALS = "Equals", "is exactly"
    GREATER_OR_LESS_THAN = "GreaterOrLessThan", "is above or below"


class Sensitivity(models.TextChoices):
    """How far a value may deviate from a dynamic threshold's usual range; Low allows the most."""

    LOW = "Low"
    MEDIUM = "Medium"
    HIGH = "High"


class AlertCondition(models.Model):
    """One of the conditions of a rule; all of them must be met."""

    rule = models.ForeignKey(AlertRule, on_delete=models.CASCADE, related_name="conditions")
    name = models.CharField(max_length=100, blank=True)
    kind = models.CharField(
        "threshold type", max_length=10, choices=ConditionKind, default=ConditionKind.STATIC
    )
    metric = models.CharField(
        max_length=60,
        choices=metric_choices,
    )
    aggregation = models.CharField(
        max_length=10,
        choices=[
            (name, name)
            for name in ("Count", "Total", "Average", "Minimum", "Maximum", "P50", "P95", "P99")
        ],
        default="Count",
    )
    operator = models.CharField(max_length=20, choices=Operator, default=Operator.GREATER_THAN)
    threshold = models.FloatField(null=True, blank=True)
    # `[{"name": "StatusCodeClass", "operator": "Include", "values": ["5xx"]}]`
    dimensions: Any = models.JSONField(default=list, blank=True)
    sensitivity = models.CharField(max_length=10, choices=Sensitivity, default=Sensitivity.MEDIUM)
    evaluation_periods = models.PositiveSmallIntegerField("evaluation periods", default=4)
    failing_periods = models.PositiveSmallIntegerField("number of violations", default=3)
    ignore_before_ms = models.BigIntegerField(null=True, blank=True)

    class Meta:
        verbose_name = "condition"

    def __str__(self) -> str:
        return self.name or self.get_metric_display()


class AlertInstance(models.Model):
    """The state of a rule for one combination of dimension values."""

    rule = models.ForeignKey(AlertRule, on_delete=models.CASCADE, related_name="instances")
    dimensions_text = models.CharField(max_length=400, blank=True)
    dimensions: Any = models.JSONField(default=dict)
    is_firing = models.BooleanField(default=False)
    # Consecutive healthy evaluations while firing.
    clean_evaluations = models.PositiveSmallIntegerField(default=0)
    # Whether each of the last evaluations was a violation, newest last; dynamic thresholds only.
    recent: Any = models.JSONField(default=list)
    alert = models.ForeignKey("Alert", on_delete=models.SET_NULL, null=True, related_name="+")
    evaluated_ms = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["rule", "dimensions_text"], name="one_alert_instance")
        ]

    def __str__(self) -> str:
        return self.dimensions_text or "all"


class Alert(models.Model):
    """A fired alert, with when it was resolved and acknowledged."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    rule = models.ForeignKey(AlertRule, on_delete=models.SET_NULL, null=True, related_name="alerts")
    resource_id = models.UUIDField(null=True)
    rule_name = models.CharField("rule", max_length=260)
    severity = models.PositiveSmallIntegerField(choices=Severity)
    dimensions: Any = models.JSONField(default=dict)
    # One object per condition: metric, aggregation, value, threshold and the like.
    found: Any = models.JSONField(default=list)
    window_start_ms = models.BigIntegerField()
    window_end_ms = models.BigIntegerField()
    fired_ms = models.BigIntegerField("fired")
    resolved_ms = models.BigIntegerField("resolved", null=True)
    # Why it was resolved, if not by healthy evaluations.
    resolution = models.CharField(max_length=200, blank=True)
    is_stateful = models.BooleanField(default=True)
    acknowledged_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    acknowledged_ms = models.BigIntegerField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["-fired_ms"], name="alert_fired"),
            models.Index(
                fields=["resolved_ms"], name="alert_open", condition=Q(resolved_ms__isnull=True)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.rule_name} ({self.id.hex[:8]})"

    @property
    def is_open(self) -> bool:
        """Whether the alert is still firing."""
        return self.resolved_ms is None and self.is_stateful


class AlertNote(models.Model):
    """An operator's note about an alert."""

    alert = models.ForeignKey(Alert, on_delete=models.CASCADE, related_name="notes")
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    written_ms = models.BigIntegerField(default=now_ms)
    text = models.TextField(max_length=4000)

    def __str__(self) -> str:
        return self.text[:60]


class NotificationState(models.TextChoices):
    PENDING = "pending"
    SENT = "sent"
    FAILED = "failed"
    MUTED = "muted", "not sent, the endpoint is muted"


class Notification(models.Model):
    """One message to one receiver, with the outcome of its delivery."""

    alert = models.ForeignKey(Alert, on_delete=models.CASCADE, related_name="notifications")
    # Receivers can be deleted; their notifications remain in the alert's history.
    receiver = models.ForeignKey(Receiver, on_delete=models.SET_NULL, null=True, related_name="+")
    receiver_text = models.CharField(max_length=200, blank=True)
    # `Fired` or `Resolved`.
    condition = models.CharField(max_length=10)
    state = models.CharField(
        max_length=10, choices=NotificationState, default=NotificationState.PENDING
    )
    attempts = models.PositiveSmallIntegerField(default=0)
    created_ms = models.BigIntegerField()
    due_ms = models.BigIntegerField()
    finished_ms = models.BigIntegerField(null=True)
    # The outcome of the last attempt, in words.
    outcome = models.CharField(max_length=500, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["due_ms"], name="notification_due", condition=Q(state="pending")),
        ]

    def __str__(self) -> str:
        return f"{self.condition} to {self.receiver_text}"


class MutedEndpoint(models.Model):
    """An address to which nothing is sent for a while, because it did not respond."""

    # SHA-256 of the address, which may hold a secret and exceed the size of an index entry.
    digest = models.CharField(max_length=64, primary_key=True)
    until_ms = models.BigIntegerField()

    def __str__(self) -> str:
        return self.digest[:8]
