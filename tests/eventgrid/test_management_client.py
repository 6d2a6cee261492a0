"""azure-mgmt-eventgrid, unmodified, manages subscriptions of this server."""

import uuid
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.mgmt.eventgrid import EventGridManagementClient
from azure.mgmt.eventgrid.models import (
    DynamicDeliveryAttributeMapping,
    EventSubscription,
    EventSubscriptionFilter,
    EventSubscriptionUpdateParameters,
    NumberInRangeAdvancedFilter,
    RetryPolicy,
    StaticDeliveryAttributeMapping,
    StringInAdvancedFilter,
    WebHookEventSubscriptionDestination,
)

from tests.eventgrid.conftest import SCOPE
from webhooks.tests.receiver import receiving

pytestmark = pytest.mark.sdk


@pytest.fixture
def name() -> str:
    return f"hook-{uuid.uuid4().hex[:12]}"


def definition(url: str, **more: Any) -> EventSubscription:
    return EventSubscription(
        destination=WebHookEventSubscriptionDestination(
            endpoint_url=url,
            max_events_per_batch=10,
            delivery_attribute_mappings=[
                StaticDeliveryAttributeMapping(name="X-Key", value="s3cr3t", is_secret=True),
                DynamicDeliveryAttributeMapping(name="X-Thread", source_field="data.threadId"),
            ],
        ),
        filter=EventSubscriptionFilter(
            included_event_types=["Microsoft.Communication.ChatMessageReceivedInThread"],
            subject_begins_with="thread/",
            advanced_filters=[
                StringInAdvancedFilter(key="data.type", values=["Text"]),
                NumberInRangeAdvancedFilter(key="data.version", values=[[0, 1e15]]),
            ],
        ),
        retry_policy=RetryPolicy(max_delivery_attempts=5, event_time_to_live_in_minutes=60),
        labels=["one"],
        **more,
    )


def test_a_subscription_is_created_validated_got_listed_updated_and_deleted(
    management: EventGridManagementClient, name: str
) -> None:
    operations = management.event_subscriptions
    with receiving() as receiver:
        url = f"{receiver.url}?code=hidden"
        created = operations.begin_create_or_update(SCOPE, name, definition(url)).result(60)
        assert created.provisioning_state == "Succeeded"
        assert created.destination.endpoint_base_url == receiver.url
        assert created.topic == f"/{SCOPE}"

        got = operations.get(SCOPE, name)
        assert got.as_dict() == created.as_dict()
        assert got.filter.advanced_filters[1].values == [[0, 1e15]]
        secret, dynamic = got.destination.delivery_attribute_mappings
        assert (secret.name, secret.value, secret.is_secret) == ("X-Key", None, True)
        assert dynamic.source_field == "data.threadId"
        assert "s3cr3t" not in str(got.as_dict()) and "hidden" not in str(got.as_dict())

        listed = operations.list_by_resource(
            "chat", "Microsoft.Communication", "communicationServices", "default"
        )
        assert name in [item.name for item in listed]
        assert operations.get_full_url(SCOPE, name).endpoint_url == url
        attributes = operations.get_delivery_attributes(SCOPE, name)
        assert [item.name for item in attributes.value] == ["X-Key", "X-Thread"]

        change = EventSubscriptionUpdateParameters(labels=["two"])
        updated = operations.begin_update(SCOPE, name, change).result(60)
        assert updated.labels == ["two"]
        assert updated.retry_policy.max_delivery_attempts == 5
        operations.begin_delete(SCOPE, name).result(60)
        with pytest.raises(ResourceNotFoundError):
            operations.get(SCOPE, name)


def test_an_endpoint_that_does_not_answer_the_handshake_is_told_with_the_reason(
    management: EventGridManagementClient, name: str
) -> None:
    with receiving(lambda request: (202, {}, b"")) as receiver:
        with pytest.raises(HttpResponseError) as problem:
            management.event_subscriptions.begin_create_or_update(
                SCOPE, name, definition(receiver.url)
            ).result(60)
    assert "Only 200 is accepted here" in str(problem.value)


def test_invalid_definitions_are_refused_at_once(
    management: EventGridManagementClient, name: str
) -> None:
    with pytest.raises(HttpResponseError) as problem:
        management.event_subscriptions.begin_create_or_update(
            SCOPE, name, definition("http://example.org/")
        )
    assert problem.value.status_code == 400
    assert "https" in str(problem.value)
