"""The management API of event subscriptions (events contract 7), and the validation link.

Its shape is that of Azure Resource Manager, so that the official management SDKs work against this
server with another base URL.
"""

import re
from typing import Any

from django.http import HttpResponse
from rest_framework.request import Request

from identity.authentication import Service, ServiceAuthentication
from identity.models import Resource
from webhooks import services
from webhooks.definition import (
    check_name,
    invalid,
    properties,
    read_definition,
    shown_attributes,
)
from webhooks.models import SUBSCRIPTION_TYPE, EventSubscription, ProvisioningState
from wire.errors import ChatError, identity_error_body
from wire.views import WireView, empty_response, json_response

_VERSION = re.compile(r"20\d\d-\d\d-\d\d(-preview)?", re.ASCII)
_FINAL = (ProvisioningState.SUCCEEDED, ProvisioningState.FAILED)
_LONGEST_SCOPE: int = EventSubscription._meta.get_field("scope").max_length or 0
# The SDKs ask again after that many seconds, or else after thirty.
_ASK_AGAIN = "1"


class ManagementView(WireView):
    """Calls by whoever manages a resource, with its access key or a service token."""

    authentication_classes = (ServiceAuthentication,)
    resource: Resource

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Authenticates, checks the api-version and finds the resource that the scope names."""
        super().initial(request, *args, **kwargs)
        version = request.query_params.get("api-version", "")
        if _VERSION.fullmatch(version) is None:
            raise ChatError(
                400,
                "MissingApiVersionParameter" if not version else "InvalidApiVersionParameter",
                "The api-version query parameter (?api-version=2025-02-15) is required.",
            )
        scope, name = kwargs["scope"], kwargs.get("name", "")
        if len(scope) > _LONGEST_SCOPE or "\x00" in scope + name:
            raise invalid("The address names nothing that can exist.")
        service: Service = request.user  # type: ignore[assignment]
        self.resource = service.resource
        named = kwargs["resource_name"]
        if named.lower() != self.resource.name.lower():
            raise ChatError(
                404,
                "ResourceNotFound",
                f"The resource at this host is called '{self.resource.name}', not '{named[:100]}'.",
            )

    def subscription(self, name: str) -> EventSubscription:
        """The subscription with this name. Raises ChatError 404."""
        found = EventSubscription.objects.filter(resource=self.resource, name__iexact=name).first()
        if found is None:
            raise ChatError(
                404, "ResourceNotFound", f"There is no event subscription '{name[:100]}'."
            )
        return found

    def render_error(self, error: ChatError) -> HttpResponse:
        """Errors of the resource manager have one root and always a body."""
        response = HttpResponse(
            identity_error_body(error), status=error.status, content_type="application/json"
        )
        if error.status == 401:
            response["WWW-Authenticate"] = ServiceAuthentication().authenticate_header(self.request)
        return response

    def answer(self, subscription: EventSubscription, scope: str, status: int) -> HttpResponse:
        """The subscription as the SDKs read it."""
        response = json_response(as_resource(subscription, scope), status=status)
        if subscription.provisioning_state not in _FINAL:
            response["Retry-After"] = _ASK_AGAIN
        return response


def as_resource(subscription: EventSubscription, scope: str) -> dict[str, Any]:
    """The subscription, and why it failed where it did."""
    body: dict[str, Any] = {
        "properties": properties(subscription),
        "id": f"/{scope}/providers/{SUBSCRIPTION_TYPE}/{subscription.name}",
        "name": subscription.name,
        "type": SUBSCRIPTION_TYPE,
    }
    if subscription.provisioning_state == ProvisioningState.FAILED:
        problem = (subscription.last_validation or {}).get("problem")
        body["error"] = {
            "code": "EndpointValidationFailed",
            "message": problem or "Nobody opened the validation URL in time.",
        }
    return body


class SubscriptionsView(ManagementView):
    """`…/eventSubscriptions`."""

    def get(self, request: Request, scope: str, resource_name: str) -> HttpResponse:
        """ListByResource."""
        found = EventSubscription.objects.filter(resource=self.resource).order_by("name")
        return json_response({"value": [as_resource(item, scope) for item in found]})


class SubscriptionView(ManagementView):
    """`…/eventSubscriptions/{name}`."""

    def get(self, request: Request, scope: str, resource_name: str, name: str) -> HttpResponse:
        """Get."""
        return self.answer(self.subscription(name), scope, 200)

    def put(self, request: Request, scope: str, resource_name: str, name: str) -> HttpResponse:
        """CreateOrUpdate."""
        check_name(name)
        given = self.body(request).get("properties")
        if not isinstance(given, dict):
            raise invalid("The request needs properties.")
        if given.get("destination") is None:
            raise invalid("An event subscription needs a destination.")
        existing = EventSubscription.objects.filter(
            resource=self.resource, name__iexact=name
        ).first()
        subscription, _ = services.create_or_update_event_subscription(
            resource=self.resource,
            name=name,
            scope=scope,
            fields=read_definition(given, existing),
        )
        return self.answer(subscription, scope, 201)

    def patch(self, request: Request, scope: str, resource_name: str, name: str) -> HttpResponse:
        """Update."""
        subscription = self.subscription(name)
        fields = read_definition(self.body(request), subscription)
        services.update_event_subscription(subscription=subscription, fields=fields)
        return self.answer(subscription, scope, 201)

    def delete(self, request: Request, scope: str, resource_name: str, name: str) -> HttpResponse:
        """Delete; deleting it again changes nothing."""
        found = EventSubscription.objects.filter(resource=self.resource, name__iexact=name).first()
        if found is None:
            return empty_response(204)
        services.delete_event_subscription(subscription=found)
        return empty_response(200)


class FullUrlView(ManagementView):
    """`…/eventSubscriptions/{name}/getFullUrl`."""

    def post(self, request: Request, scope: str, resource_name: str, name: str) -> HttpResponse:
        """GetFullUrl: with the query, which other answers leave out."""
        return json_response({"endpointUrl": self.subscription(name).endpoint_url})


class DeliveryAttributesView(ManagementView):
    """`…/eventSubscriptions/{name}/getDeliveryAttributes`."""

    def post(self, request: Request, scope: str, resource_name: str, name: str) -> HttpResponse:
        """GetDeliveryAttributes; secret values stay secret."""
        return json_response({"value": shown_attributes(self.subscription(name))})


class ValidateView(WireView):
    """`/eventgrid/validate`: opening it confirms an endpoint by hand. The code suffices."""

    authentication_classes = ()

    def get(self, request: Request) -> HttpResponse:
        """Says in plain text what happened."""
        code = request.query_params.get("code", "")
        subscription = (
            services.validate_manually(code=code) if code and "\x00" not in code else None
        )
        if subscription is None:
            return HttpResponse(
                "There is no validation to make, or its ten minutes are over.\n",
                status=404,
                content_type="text/plain; charset=utf-8",
            )
        return HttpResponse(
            f"Webhook endpoint of '{subscription.name}' validated.\n",
            content_type="text/plain; charset=utf-8",
        )
