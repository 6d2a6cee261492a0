"""Every metric there is: what it counts, by what it can be split, and how it is aggregated.

The first two have the names that Azure Communication Services gives them (monitoring contract 1);
the rest is ours, in a namespace of its own.
"""

from dataclasses import dataclass
from typing import Literal
from uuid import UUID

AZURE = "Microsoft.Communication/CommunicationServices"
CHATSITE = "Chatsite"

# Samples of the whole server belong to this one instead of to a resource.
SERVER = UUID(int=0)

Unit = Literal["Count", "MilliSeconds", "Seconds"]
# `events` reads how many samples there are, `values` what they hold.
Reads = Literal["events", "values"]

COUNT, TOTAL, AVERAGE, MINIMUM, MAXIMUM = "Count", "Total", "Average", "Minimum", "Maximum"
# Not among Azure's: the estimated percentiles of durations.
PERCENTILES = {"P50": 0.5, "P95": 0.95, "P99": 0.99}
# Without a sample these are zero; the others are unknown.
COUNTING = (COUNT, TOTAL)

_REQUEST = ("Operation", "StatusCode", "StatusCodeClass")


@dataclass(frozen=True)
class Metric:
    """One metric. `stored` names the samples that it reads, several metrics may share them."""

    name: str
    label: str
    description: str
    stored: str
    reads: Reads = "events"
    unit: Unit = "Count"
    dimensions: tuple[str, ...] = ()
    namespace: str = CHATSITE
    aggregations: tuple[str, ...] = (COUNT, TOTAL, AVERAGE, MINIMUM, MAXIMUM)
    # The smallest step that it is kept in.
    is_daily: bool = False

    @property
    def primary_aggregation(self) -> str:
        """How it is read when nobody says."""
        return self.aggregations[0]

    @property
    def is_counting(self) -> bool:
        """Whether no sample means zero."""
        return self.reads == "events"


_GAUGE = (AVERAGE, MINIMUM, MAXIMUM)
_DURATION = (AVERAGE, MINIMUM, MAXIMUM, COUNT, *PERCENTILES)

_METRICS = (
    Metric(
        "APIRequestChat",
        "Chat API Requests",
        "Requests to the chat API, refused ones included.",
        stored="APIRequestChat",
        dimensions=_REQUEST,
        namespace=AZURE,
    ),
    Metric(
        "APIRequestAuthentication",
        "Authentication API Requests",
        "Requests to the identity API, refused ones included.",
        stored="APIRequestAuthentication",
        dimensions=_REQUEST,
        namespace=AZURE,
    ),
    Metric(
        "ChatRequestDuration",
        "Chat request duration",
        "How long the chat API takes to answer.",
        stored="APIRequestChat",
        reads="values",
        unit="MilliSeconds",
        dimensions=_REQUEST,
        aggregations=_DURATION,
    ),
    Metric(
        "AuthenticationRequestDuration",
        "Authentication request duration",
        "How long the identity API takes to answer.",
        stored="APIRequestAuthentication",
        reads="values",
        unit="MilliSeconds",
        dimensions=_REQUEST,
        aggregations=_DURATION,
    ),
    Metric(
        "AccessTokensIssued",
        "Access tokens issued",
        "Tokens that the identity API issued, once for each of their scopes.",
        stored="AccessTokensIssued",
        dimensions=("Scope",),
    ),
    Metric(
        "AuthenticationFailures",
        "Authentication failures",
        "Requests to the two APIs that had no credential, or one that was not accepted.",
        stored="AuthenticationFailures",
        dimensions=("Reason",),
    ),
    Metric(
        "ChatMessages",
        "Chat messages",
        "Messages sent, edited and deleted, counted from the event log.",
        stored="ChatMessages",
        dimensions=("Action", "MessageType"),
    ),
    Metric(
        "ChatThreads",
        "Chat threads",
        "Threads created and deleted, counted from the event log.",
        stored="ChatThreads",
        dimensions=("Action",),
    ),
    Metric(
        "ActiveUsers",
        "Active users",
        "Users with at least one successful chat request on the day.",
        stored="ActiveUsers",
        reads="values",
        aggregations=(MAXIMUM,),
        is_daily=True,
    ),
    Metric(
        "ActiveThreads",
        "Active threads",
        "Threads with at least one successful chat request on the day.",
        stored="ActiveThreads",
        reads="values",
        aggregations=(MAXIMUM,),
        is_daily=True,
    ),
    Metric(
        "Users",
        "Users",
        "Identities that exist.",
        stored="Users",
        reads="values",
        aggregations=_GAUGE,
    ),
    Metric(
        "Threads",
        "Threads",
        "Threads that exist.",
        stored="Threads",
        reads="values",
        aggregations=_GAUGE,
    ),
    Metric(
        "RealtimeConnections",
        "Live connections",
        "Open connections for live events, of all server processes together.",
        stored="RealtimeConnections",
        reads="values",
        aggregations=_GAUGE,
    ),
    Metric(
        "RealtimeEvents",
        "Live events",
        "Events that live connections took as they happened, counted once for each connection.",
        stored="RealtimeEvents",
        dimensions=("Event",),
    ),
    Metric(
        "RealtimeConnectionsEnded",
        "Live connections ended",
        "Live connections that the server ended, except when it stopped itself.",
        stored="RealtimeConnectionsEnded",
        dimensions=("Reason",),
    ),
    Metric(
        "WebhookDeliveries",
        "Webhook requests",
        "Requests to webhook endpoints by their outcome.",
        stored="WebhookDeliveries",
        dimensions=("Subscription", "Outcome"),
    ),
    Metric(
        "WebhookDeliveryDuration",
        "Webhook duration",
        "How long webhook endpoints take to answer.",
        stored="WebhookDeliveries",
        reads="values",
        unit="MilliSeconds",
        dimensions=("Subscription", "Outcome"),
        aggregations=_DURATION,
    ),
    Metric(
        "WebhookDeadLetters",
        "Webhook dead letters",
        "Events that were given up.",
        stored="WebhookDeadLetters",
        dimensions=("Subscription", "Reason"),
    ),
    Metric(
        "WebhookPending",
        "Webhook events waiting",
        "Events that are on their way to webhook endpoints.",
        stored="WebhookPending",
        reads="values",
        aggregations=_GAUGE,
    ),
    Metric(
        "WebhookOldestPending",
        "Oldest waiting webhook event",
        "The age of the oldest event on its way to a webhook endpoint.",
        stored="WebhookOldestPending",
        reads="values",
        unit="Seconds",
        aggregations=(MAXIMUM, AVERAGE, MINIMUM),
    ),
    Metric(
        "CognitiveRequests",
        "Cognitive requests",
        "Translations, sentiments and transcriptions by their outcome.",
        stored="CognitiveRequests",
        dimensions=("Kind", "Outcome"),
    ),
    Metric(
        "CognitiveRequestDuration",
        "Cognitive request duration",
        "How long cognitive providers take to answer.",
        stored="CognitiveRequests",
        reads="values",
        unit="MilliSeconds",
        dimensions=("Kind", "Outcome"),
        aggregations=_DURATION,
    ),
    Metric(
        "StorageErrors",
        "Storage errors",
        "Reads and writes that the database refused.",
        stored="StorageErrors",
        dimensions=("Source",),
    ),
)
METRICS = {metric.name: metric for metric in _METRICS}
# What only the server as a whole has.
SERVER_METRICS = ("RealtimeConnections", "StorageErrors")
DIMENSIONS = tuple(dict.fromkeys(name for metric in _METRICS for name in metric.dimensions))


def find(name: str, namespace: str = "") -> Metric | None:
    """The metric with that name, in any letter case; in that namespace, where one is given."""
    for metric in _METRICS:
        if metric.name.lower() == name.lower():
            matches = not namespace or namespace.lower() in (
                metric.namespace.lower(),
                AZURE.lower(),
            )
            return metric if matches else None
    return None
