"""The routes of the management API, and of the links that confirm webhook endpoints."""

from identity.answers import identity_error_response
from wire.routes import Route

ROUTES = [
    Route(
        "management",
        r"subscriptions|eventgrid",
        errors=identity_error_response,
        unknown="identity.views.UnknownIdentityRouteView",
    )
]
