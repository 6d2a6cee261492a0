"""The routes of the identity data plane (identity contract 1)."""

from identity.answers import identity_error_response
from wire.routes import AUTHENTICATION_METRIC, CHAT_METRIC, Route

_UNKNOWN = "identity.views.UnknownIdentityRouteView"

ROUTES = [
    Route(
        "identities",
        r"identities|teamsUser",
        errors=identity_error_response,
        unknown=_UNKNOWN,
        metric=AUTHENTICATION_METRIC,
    ),
    Route(
        "access",
        r"access",
        errors=identity_error_response,
        unknown=_UNKNOWN,
        metric=CHAT_METRIC,
    ),
]
