"""All metrics, with their dimensions and aggregations.

The first two are Azure Communication Services' own (monitoring contract 1). The others belong to
this server, in a namespace of their own.
"""

from dataclasses import dataclass
from typing import Literal
from uuid import UUID

AZURE = "Microsoft.Communication/CommunicationServices"
CHATSITE = "Chatsite"

# The resource id of samples that cover the whole server.
SERVER = UUID(int=0)

Unit = Literal["Count", "MilliSeconds", "Seconds"]
# A metric reads either the number of its samples (`events`) or their values (`values`).
Reads = Literal["events", "values"]

COUNT, TOTAL, AVERAGE, MINIMUM, MAXIMUM = "Count", "Total", "Average", "Minimum", "Maximum"
# Not among Azure's aggregations: estimated percentiles of durations.
PERCENTILES = {"P50": 0.5, "P95": 0.95, "P99": 0.99}
# Without samples these are zero; the others are unknown.
COUNTING = (COUNT, TOTAL)

_REQUEST = ("Operation", "StatusCode", "StatusCodeClass")


@dataclass(frozen=True)
class Metric:
    """One metric. `stored` names the series that it reads, which several metrics can share."""

    name: str
    label: str
    description: str
    stored: str
    reads: Reads = "events"
    unit: Unit = "Count"
    dimensions: tuple[str, ...] = ()
    namespace: str = CHATSITE
    aggregations: tuple[str, ...] = (COUNT, TOTAL, AVERAGE, MINIMUM, MAXIMUM)
    # Whether there is one sample per day only.
    is_daily: bool = False
    # The Prometheus counter or gauge of this metric; `monitoring.families` composes other ones.
    family: str = ""

    @property
    def primary_aggregation(self) -> str:
        """The aggregation of requests that name none."""
        return self.aggregations[0]

    @property
    def is_counting(self) -> bool:
        """Whether a time without samples counts as zero."""
        return self.reads == "events"


_GAUGE = (AVERAGE, MINIMUM, MAXIMUM)
_DURATION = (AVERAGE, MINIMUM, MAXIMUM, COUNT, *PERCENTILES)

_METRICS = (
    Metric(
        "APIRequestChat",
        "Chat API Requests",
        "Requests to the chat API, including refused ones.",
        stored="APIRequestChat",
        dimensions=_REQUEST,
        namespace=AZURE,
    ),
    Metric(
        "APIRequestAuthentication",
        "Authentication API Requests",
        "Requests to the identity API, including refused ones.",
        stored="APIRequestAuthentication",
        dimensions=_REQUEST,
        namespace=AZURE,
    ),
    Metric(
        "ChatRequestDuration",
        "Chat request duration",
        "Time that the chat API takes to respond.",
        stored="APIRequestChat",
        reads="values",
        unit="MilliSeconds",
        dimensions=_REQUEST,
        aggregations=_DURATION,
    ),
    Metric(
        "AuthenticationRequestDuration",
        "Authentication request duration",
        "Time that the identity API takes to respond.",
        stored="APIRequestAuthentication",
        reads="values",
        unit="MilliSeconds",
        dimensions=_REQUEST,
        aggregations=_DURATION,
    ),
    Metric(
        "AccessTokensIssued",
        "Access tokens issued",
        "Tokens that the identity API issued, counted once per scope.",
        stored="AccessTokensIssued",
        dimensions=("Scope",),
        family="acs_access_tokens_issued",
    ),
    Metric(
        "AuthenticationFailures",
        "Authentication failures",
        "Requests to the chat and identity APIs without a valid credential.",
        stored="AuthenticationFailures",
        dimensions=("Reason",),
        family="acs_auth_failures",
    ),
    Metric(
        "ChatMessages",
        "Chat messages",
        "Messages sent, edited and deleted, counted from the event log.",
        stored="ChatMessages",
        dimensions=("Action", "MessageType"),
        family="acs_chat_messages",
    ),
    Metric(
        "ChatThreads",
        "Chat threads",
        "Threads created and deleted, counted from the event log.",
        stored="ChatThreads",
        dimensions=("Action",),
        family="acs_chat_thread_changes",
    ),
    Metric(
        "ActiveUsers",
        "Active users",
        "Users with at least one successful chat request per day.",
        stored="ActiveUsers",
        reads="values",
        aggregations=(MAXIMUM,),
        is_daily=True,
    ),
    Metric(
        "ActiveThreads",
        "Active threads",
        "Threads with at least one successful chat request per day.",
        stored="ActiveThreads",
        reads="values",
        aggregations=(MAXIMUM,),
        is_daily=True,
    ),
    Metric(
        "Users",
        "Users",
        "Existing identities.",
        stored="Users",
        reads="values",
        aggregations=_GAUGE,
        family="acs_identities",
    ),
    Metric(
        "Threads",
        "Threads",
        "Existing threads.",
        stored="Threads",
        reads="values",
        aggregations=_GAUGE,
        family="acs_chat_threads",
    ),
    Metric(
        "RealtimeConnections",
        "Live connections",
        "Open connections for live events, over all server processes.",
        stored="RealtimeConnections",
        reads="values",
        aggregations=_GAUGE,
    ),
    Metric(
        "RealtimeEvents",
        "Live events",
        "Events sent to live connections, counted once per connection.",
        stored="RealtimeEvents",
        dimensions=("Event",),
        family="acs_realtime_events",
    ),
    Metric(
        "RealtimeConnectionsEnded",
        "Live connections ended",
        "Live connections that the server closed, except at shutdown.",
        stored="RealtimeConnectionsEnded",
        dimensions=("Reason",),
        family="acs_realtime_dropped",
    ),
    Metric(
        "WebhookDeliveries",
        "Webhook requests",
        "Requests to webhook endpoints, by outcome.",
        stored="WebhookDeliveries",
        dimensions=("Subscription", "Outcome"),
    ),
    Metric(
        "WebhookDeliveryDuration",
        "Webhook duration",
        "Time that webhook endpoints take to respond.",
        stored="WebhookDeliveries",
        reads="values",
        unit="MilliSeconds",
        dimensions=("Subscription", "Outcome"),
        aggregations=_DURATION,
    ),
    Metric(
        "WebhookDeadLetters",
        "Webhook dead letters",
        "Events whose delivery was given up.",
        stored="WebhookDeadLetters",
        dimensions=("Subscription", "Reason"),
        family="acs_eventgrid_dead_lettered",
    ),
    Metric(
        "WebhookPending",
        "Webhook events waiting",
        "Events waiting to be delivered to webhook endpoints.",
        stored="WebhookPending",
        reads="values",
        aggregations=_GAUGE,
        family="acs_eventgrid_pending",
    ),
    Metric(
        "WebhookOldestPending",
        "Oldest waiting webhook event",
        "Age of the oldest event waiting to be delivered to a webhook endpoint.",
        stored="WebhookOldestPending",
        reads="values",
        unit="Seconds",
        aggregations=(MAXIMUM, AVERAGE, MINIMUM),
        family="acs_eventgrid_oldest_pending_seconds",
    ),
    Metric(
        "CognitiveRequests",
        "Cognitive requests",
        "Translations, sentiment analyses and transcriptions, by outcome.",
        stored="CognitiveRequests",
        dimensions=("Kind", "Outcome"),
        family="acs_cognitive_requests",
    ),
    Metric(
        "CognitiveRequestDuration",
        "Cognitive request duration",
        "Time that cognitive providers take to respond.",
        stored="CognitiveRequests",
        reads="values",
        unit="MilliSeconds",
        dimensions=("Kind", "Outcome"),
        aggregations=_DURATION,
    ),
    Metric(
        "StorageErrors",
        "Storage errors",
        "Database reads and writes that failed.",
        stored="StorageErrors",
        dimensions=("Source",),
        family="acs_storage_errors",
    ),
)
METRICS = {metric.name: metric for metric in _METRICS}
# Metrics that exist for the whole server only.
SERVER_METRICS = ("RealtimeConnections", "StorageErrors")
DIMENSIONS = tuple(dict.fromkeys(name for metric in _METRICS for name in metric.dimensions))


def find(name: str, namespace: str = "") -> Metric | None:
    """The metric with this name in any letter case; an Azure namespace finds every metric."""
    for metric in _METRICS:
        if metric.name.lower() == name.lower():
            matches = not namespace or namespace.lower() in (
                metric.namespace.lower(),
                AZURE.lower(),
            )
            return metric if matches else None
    return None
