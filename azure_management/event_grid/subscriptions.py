"""Event subscriptions, as azure-mgmt-eventgrid reads and writes them (events contract 7)."""

from typing import Any

from django.http import HttpResponse
from rest_framework.request import Request

from azure_management.base import ManagementView, NamedObjectView, deletion_response
from webhooks import services
from webhooks.definition import check_name, properties, read_definition, shown_attributes
from webhooks.models import SUBSCRIPTION_TYPE, EventSubscription, ProvisioningState
from wire.errors import bad_request
from wire.json_values import read_object
from wire.views import json_response

_FINAL_STATES = (ProvisioningState.SUCCEEDED, ProvisioningState.FAILED)
# The SDKs poll an unfinished operation after this many seconds; without it, after thirty.
_RETRY_AFTER_SECONDS = "1"


class SubscriptionsView(ManagementView):
    """`…/eventSubscriptions`."""

    def get(self, request: Request, scope: str, resource_name: str) -> HttpResponse:
        found = EventSubscription.objects.filter(resource=self.resource).order_by("name")
        return json_response({"value": [subscription_body(each, scope) for each in found]})


class _OneSubscriptionView(NamedObjectView[EventSubscription]):
    model = EventSubscription
    label = "event subscription"


class SubscriptionView(_OneSubscriptionView):
    """`…/eventSubscriptions/{name}`."""

    def get(self, request: Request, scope: str, resource_name: str, name: str) -> HttpResponse:
        return _response(self.get_object(name), scope, 200)

    def put(self, request: Request, scope: str, resource_name: str, name: str) -> HttpResponse:
        """Creates a subscription, or replaces its whole definition."""
        check_name(name)
        given = read_object(self.body(request).get("properties"), "properties")
        if given.get("destination") is None:
            raise bad_request("An event subscription needs a destination.")
        subscription, _ = services.create_or_update_event_subscription(
            resource=self.resource,
            name=name,
            scope=scope,
            fields=read_definition(given, self.find(name)),
        )
        return _response(subscription, scope, 201)

    def patch(self, request: Request, scope: str, resource_name: str, name: str) -> HttpResponse:
        """Changes the given members; unlike other PATCH bodies this one has no `properties`."""
        subscription = self.get_object(name)
        fields = read_definition(self.body(request), subscription)
        services.update_event_subscription(subscription=subscription, fields=fields)
        return _response(subscription, scope, 201)

    def delete(self, request: Request, scope: str, resource_name: str, name: str) -> HttpResponse:
        subscription = self.find(name)
        if subscription is not None:
            services.delete_event_subscription(subscription=subscription)
        return deletion_response(existed=subscription is not None)


class FullUrlView(_OneSubscriptionView):
    """`…/eventSubscriptions/{name}/getFullUrl`: the URL with its query, which may be a secret."""

    def post(self, request: Request, scope: str, resource_name: str, name: str) -> HttpResponse:
        return json_response({"endpointUrl": self.get_object(name).endpoint_url})


class DeliveryAttributesView(_OneSubscriptionView):
    """`…/eventSubscriptions/{name}/getDeliveryAttributes`, without secret values."""

    def post(self, request: Request, scope: str, resource_name: str, name: str) -> HttpResponse:
        return json_response({"value": shown_attributes(self.get_object(name))})


def subscription_body(subscription: EventSubscription, scope: str) -> dict[str, Any]:
    """A subscription as the SDK reads it, with `error` if its validation failed."""
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
            "message": problem or "The validation URL was not opened in time.",
        }
    return body


def _response(subscription: EventSubscription, scope: str, status: int) -> HttpResponse:
    response = json_response(subscription_body(subscription, scope), status=status)
    if subscription.provisioning_state not in _FINAL_STATES:
        response["Retry-After"] = _RETRY_AFTER_SECONDS
    return response
