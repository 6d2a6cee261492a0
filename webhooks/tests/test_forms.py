"""The operator's form, where it could let in what the management API would not."""

from typing import Any

import pytest

from identity.models import Resource
from webhooks.forms import SubscriptionForm
from webhooks.models import EventSchema

URL = "https://example.org/hook"


def form(resource: Resource, **members: Any) -> SubscriptionForm:
    """A form for a new subscription, filled in as a browser sends it."""
    numbers = {
        "max_events_per_batch": 1,
        "preferred_batch_size_kb": 64,
        "max_delivery_attempts": 30,
        "event_ttl_minutes": 1440,
    }
    data = {"resource": resource.pk, "name": "hook", "endpoint_url": URL, **numbers, **members}
    return SubscriptionForm({"event_schema": EventSchema.EVENT_GRID, **data})


def test_a_form_that_is_filled_in_gives_what_the_services_take(resource: Resource) -> None:
    filled = form(resource, labels='["x"]')
    assert filled.is_valid(), filled.errors
    assert (filled.checked["endpoint_url"], filled.checked["labels"]) == (URL, ["x"])


@pytest.mark.parametrize(
    ("field", "text", "problem"),
    [
        ("labels", r'["\u0000"]', "NUL"),
        ("labels", r'["\ud800"]', "surrogate"),
        ("advanced_filters", "[NaN]", "not valid JSON"),
        ("signing_secret", "guess me", "at least 16"),
        ("signing_secret", "x" * 201, "at most 200"),
    ],
)
def test_what_no_database_keeps_and_what_anybody_guesses_is_refused(
    resource: Resource, field: str, text: str, problem: str
) -> None:
    filled = form(resource, **{field: text})
    assert not filled.is_valid()
    assert problem in str(filled.errors)
