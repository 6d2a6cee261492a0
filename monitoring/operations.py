"""Which operation of Azure's list a request is (monitoring contract 1)."""

from dataclasses import dataclass
from functools import cache

from django.http import HttpRequest
from rest_framework.views import APIView

from cognitive import views as cognitive
from identity import views as identity
from messaging import views as messaging
from monitoring.collector import Dimensions
from threads import views as threads

CHAT, AUTHENTICATION = "APIRequestChat", "APIRequestAuthentication"
BAD_ROUTE = "Bad Route"


@dataclass(frozen=True)
class ApiOperation:
    """An operation: the metric that counts it, and its name there."""

    metric: str
    name: str


_CHAT: dict[type[APIView], dict[str, str]] = {
    threads.ThreadsView: {"POST": "CreateChatThread", "GET": "ListChatThreads"},
    threads.ThreadView: {
        "GET": "GetChatThread",
        "PATCH": "UpdateChatThread",
        "DELETE": "DeleteChatThread",
    },
    threads.ParticipantsView: {"GET": "ListChatThreadParticipants"},
    threads.AddParticipantsView: {"POST": "AddChatThreadParticipants"},
    threads.RemoveParticipantView: {"POST": "RemoveChatThreadParticipant"},
    messaging.MessagesView: {"POST": "SendChatMessage", "GET": "ListChatMessages"},
    messaging.MessageView: {
        "GET": "GetChatMessage",
        "PATCH": "UpdateChatMessage",
        "DELETE": "DeleteChatMessage",
    },
    messaging.ReadReceiptsView: {"POST": "SendReadReceipt", "GET": "GetReadReceipts"},
    messaging.TypingView: {"POST": "SendTypingIndicator"},
}
_AUTHENTICATION: dict[type[APIView], dict[str, str]] = {
    identity.IdentitiesView: {"POST": "CreateIdentity"},
    identity.IdentityItemView: {"DELETE": "DeleteIdentity"},
    identity.IssueAccessTokenView: {"POST": "CreateToken"},
    identity.RevokeAccessTokensView: {"POST": "RevokeToken"},
    identity.ExchangeTeamsTokenView: {"POST": "ExchangeTeamsUserAccessToken"},
}
_OPERATIONS = {
    (view, method): ApiOperation(metric, name)
    for metric, table in ((CHAT, _CHAT), (AUTHENTICATION, _AUTHENTICATION))
    for view, names in table.items()
    for method, name in [*names.items(), *([("HEAD", names["GET"])] if "GET" in names else [])]
}
# Not of Azure's list; what engines do is counted as CognitiveRequests, and takes them so long that
# the durations of the chat would say nothing any more.
OWN_OPERATIONS = (
    cognitive.TranslateMessageView,
    cognitive.AnalyzeSentimentView,
    cognitive.EnrichMessagesView,
)
_BAD_ROUTES = {metric: ApiOperation(metric, BAD_ROUTE) for metric in (CHAT, AUTHENTICATION)}
# What counts as an attempt to reach one of the two APIs, in any letter case.
_CHAT_PREFIXES = ("/chat/threads", "/access/")
_AUTHENTICATION_PREFIXES = ("/identities", "/teamsuser/")

# As the metrics name them, with their columns in the log.
NAMES = tuple(operation.name for operation in dict.fromkeys(_OPERATIONS.values()))


def metric_of(path: str) -> str | None:
    """The metric that counts requests to that path; None when it is of neither API.

    Live connections are none of Azure's operations, whatever carries them: `/chat/events` and
    `/socket.io` are counted as `RealtimeConnections`.
    """
    # SDKs given an endpoint that ends in / ask for `//chat`.
    path = "/" + path.lstrip("/").lower()
    if path.startswith(_CHAT_PREFIXES):
        return CHAT
    return AUTHENTICATION if path.startswith(_AUTHENTICATION_PREFIXES) else None


def operation_of(request: HttpRequest) -> ApiOperation | None:
    """The operation of a request that was answered; None when it was none of the two APIs."""
    match = request.resolver_match
    if match is not None:
        view = getattr(match.func, "cls", None)
        found = _OPERATIONS.get((view, request.method or ""))  # type: ignore[arg-type]
        if found is not None or view in OWN_OPERATIONS:
            return found
    metric = metric_of(request.path_info)
    return None if metric is None else _BAD_ROUTES[metric]


@cache
def dimensions_of(operation: ApiOperation, status: int) -> Dimensions:
    """The dimensions that a request counts under."""
    return (
        ("Operation", operation.name),
        ("StatusCode", str(status)),
        ("StatusCodeClass", f"{status // 100}xx"),
    )
