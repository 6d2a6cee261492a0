"""The identity data plane: users and their access tokens (identity contract 1)."""

from typing import Any

from django.http import HttpResponse
from rest_framework.request import Request

from identity import serializers, services
from identity.answers import identity_error_response
from identity.authentication import Service, ServiceAuthentication
from identity.models import CommunicationUser
from wire import versions
from wire.errors import ChatError, not_found, unauthorized
from wire.identifiers import is_user_id
from wire.views import WireView, empty_response, json_response


class IdentityAnswers(WireView):
    """Errors in the format of this data plane: one root, and always a body."""

    supported_versions = versions.IDENTITY_HEADER

    def render_error(self, error: ChatError) -> HttpResponse:
        return identity_error_response(error)


class UnknownIdentityRouteView(IdentityAnswers):
    """404 for paths of this data plane that are not operations."""

    authentication_classes = ()

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        raise not_found("The requested resource was not found.")


class IdentityView(IdentityAnswers):
    """Operations that an application's server calls, authenticated for a whole resource."""

    authentication_classes = (ServiceAuthentication,)
    service: Service

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        self.service = request.user  # type: ignore[assignment]
        versions.check_identity_version(request.query_params.get("api-version"))

    def user(self, raw_id: str) -> CommunicationUser:
        """The user with this id in the caller's resource. Raises ChatError 404."""
        user = (
            CommunicationUser.objects.select_related("resource")
            .filter(resource=self.service.resource, raw_id=raw_id, deleted_at=None)
            .first()
            if is_user_id(raw_id)
            else None
        )
        if user is None:
            raise ChatError(404, "IdentityNotFound", "The provided identity doesn't exist.")
        return user

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        """Returns the client's request id if the client asks for it."""
        response = super().finalize_response(request, response, *args, **kwargs)
        request_id = request.META.get("HTTP_X_MS_CLIENT_REQUEST_ID", "")
        wanted = request.META.get("HTTP_X_MS_RETURN_CLIENT_REQUEST_ID", "").lower() == "true"
        if wanted and request_id.isascii() and request_id.isprintable():
            response["x-ms-client-request-id"] = request_id[:200]
        return response


class IdentitiesView(IdentityView):
    """`/identities`."""

    operations = {
        "POST": "CreateIdentity",
    }

    def post(self, request: Request) -> HttpResponse:
        """CreateIdentity: a user, with a token if scopes are given."""
        options = serializers.CreateIdentityRequest.read_options(self.body(request))
        user = services.create_user(resource=self.service.resource)
        token = None
        if options:
            token = services.issue_access_token(user=user, key_id=self.service.key_id, **options)
        return json_response(serializers.identity(user, token), status=201)


class IdentityItemView(IdentityView):
    """`/identities/{id}`."""

    operations = {
        "DELETE": "DeleteIdentity",
    }

    def delete(self, request: Request, raw_id: str) -> HttpResponse:
        services.delete_user(user=self.user(raw_id))
        return empty_response(204)


class IssueAccessTokenView(IdentityView):
    """`/identities/{id}/:issueAccessToken`."""

    operations = {
        "POST": "CreateToken",
    }

    def post(self, request: Request, raw_id: str) -> HttpResponse:
        options = serializers.IssueTokenRequest.read_options(self.body(request))
        token = services.issue_access_token(
            user=self.user(raw_id), key_id=self.service.key_id, **options
        )
        return json_response(serializers.access_token(token))


class RevokeAccessTokensView(IdentityView):
    """`/identities/{id}/:revokeAccessTokens`."""

    operations = {
        "POST": "RevokeToken",
    }

    def post(self, request: Request, raw_id: str) -> HttpResponse:
        """RevokeToken: revokes all tokens of the user."""
        services.revoke_access_tokens(user=self.user(raw_id))
        return empty_response(204)


class ExchangeTeamsTokenView(IdentityView):
    """`/teamsUser/:exchangeAccessToken`."""

    operations = {
        "POST": "ExchangeTeamsUserAccessToken",
    }

    def post(self, request: Request) -> HttpResponse:
        """ExchangeTeamsUserAccessToken: always 401, because this server has no Teams tenant."""
        serializers.TeamsExchangeRequest.read(self.body(request))
        raise unauthorized()
