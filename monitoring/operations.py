"""Which operation of Azure's list a request is (monitoring contract 1)."""

from functools import cache

from django.http import HttpRequest

from monitoring.answered_requests import ApiOperation
from monitoring.collector import Dimensions
from wire.routes import AUTHENTICATION_METRIC, CHAT_METRIC, route_of

CHAT, AUTHENTICATION = CHAT_METRIC, AUTHENTICATION_METRIC
BAD_ROUTE = "Bad Route"


# Azure's names of the operations (monitoring contract 1); the views say which they answer.
_CHAT = (
    "CreateChatThread",
    "ListChatThreads",
    "GetChatThread",
    "UpdateChatThread",
    "DeleteChatThread",
    "ListChatThreadParticipants",
    "AddChatThreadParticipants",
    "RemoveChatThreadParticipant",
    "SendChatMessage",
    "ListChatMessages",
    "GetChatMessage",
    "UpdateChatMessage",
    "DeleteChatMessage",
    "SendReadReceipt",
    "GetReadReceipts",
    "SendTypingIndicator",
)
_AUTHENTICATION = (
    "CreateIdentity",
    "DeleteIdentity",
    "CreateToken",
    "RevokeToken",
    "ExchangeTeamsUserAccessToken",
)
NAMES = _CHAT + _AUTHENTICATION
_OPERATIONS = {
    name: ApiOperation(metric, name)
    for metric, names in ((CHAT, _CHAT), (AUTHENTICATION, _AUTHENTICATION))
    for name in names
}
_BAD_ROUTES = {metric: ApiOperation(metric, BAD_ROUTE) for metric in (CHAT, AUTHENTICATION)}


def named_operation(name: str) -> ApiOperation:
    """The operation with one of Azure's names. Raises KeyError for another name."""
    return _OPERATIONS[name]


def metric_of(path: str) -> str | None:
    """The metric that counts requests to that path; None when it is of neither API.

    Live connections are none of Azure's operations: `RealtimeConnections` counts them.
    """
    return route_of(path).metric or None


def operation_of(request: HttpRequest) -> ApiOperation | None:
    """The operation of a request that was answered; None when it was none of the two APIs."""
    match = request.resolver_match
    view = getattr(match.func, "cls", None) if match is not None else None
    name = getattr(view, "operations", {}).get(request.method or "")
    if name is not None:
        return _OPERATIONS[name]
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
