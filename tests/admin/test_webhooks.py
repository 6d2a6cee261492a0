"""The operator's pages of webhooks: what can be done, what is shown, and what never is."""

import json
from pathlib import Path
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.urls import reverse

from background.models import Worker
from identity.models import Resource
from tests.admin.conftest import MakeOperator
from tests.cast import Person
from webhooks.models import (
    Delivery,
    DeliveryAttempt,
    DeliveryState,
    EventSubscription,
    ProvisioningState,
)
from webhooks.tests.hooks import PREFIX, dispatch, subscribe
from wire.times import now_ms

URL = "https://example.org/hook?code=hidden-code"
SECRET_HEADER = {
    "name": "X-Key",
    "type": "Static",
    "properties": {"value": "s3cr3t-header", "isSecret": True},
}
LIST = "/admin/events/eventsubscription/"


def page(subscription: EventSubscription, more: str = "change/") -> str:
    return f"{LIST}{subscription.pk}/{more}"


def form(**fields: Any) -> dict[str, Any]:
    """A form as a browser sends it."""
    return {
        "endpoint_url": "",
        "event_schema": "EventGridSchema",
        "max_events_per_batch": 1,
        "preferred_batch_size_kb": 64,
        "max_delivery_attempts": 30,
        "event_ttl_minutes": 1440,
        "advanced_filters": "null",
        "delivery_attributes": "null",
        "labels": "null",
        **fields,
    }


@pytest.fixture
def hook(resource: Resource) -> EventSubscription:
    return subscribe(
        resource,
        URL,
        delivery_attributes=[SECRET_HEADER],
        signing_secret="s3cr3t-signature",
        last_validation={
            "at_ms": now_ms(),
            "request": {
                "method": "POST",
                "url": "https://example.org/hook",
                "headers": {"X-Key": "(secret)"},
                "body": "[]",
            },
            "response": {"status": 202, "headers": {"server": "x"}, "body": "<b>hi</b>"},
            "problem": "The endpoint answered with 202.",
        },
    )


@pytest.fixture
def delivery(alice: Person, bob: Person, hook: EventSubscription) -> Delivery:
    """A dead letter with one attempt."""
    EventSubscription.objects.update(included_event_types=[f"{PREFIX}ChatMessageReceivedInThread"])
    alice.send(alice.create_thread(bob), "<script>alert(1)</script>")
    (made,) = dispatch()
    DeliveryAttempt.objects.create(
        delivery=made,
        number=1,
        started_ms=now_ms(),
        latency_ms=1234,
        status=403,
        outcome="Forbidden",
        response="<i>no</i>",
    )
    Delivery.objects.update(
        state=DeliveryState.DEAD,
        attempts=1,
        dead_letter_reason="NotRetryable",
        last_outcome="Forbidden",
        finished_ms=now_ms(),
    )
    made.refresh_from_db()
    return made


def test_a_subscription_is_created_in_the_admin(olga: Client, resource: Resource) -> None:
    assert olga.get(f"{LIST}add/").status_code == 200
    header = json.dumps([SECRET_HEADER])
    answer = olga.post(
        f"{LIST}add/",
        form(
            resource=resource.pk,
            name="my-hook",
            endpoint_url=URL,
            included_event_types=[f"{PREFIX}ChatThreadCreated"],
            delivery_attributes=header,
            signing_secret="a-long-enough-secret",
            expires="2099-01-01T12:00",
        ),
    )
    assert answer.status_code == 302, answer.context["errors"]
    made = EventSubscription.objects.get()
    assert made.provisioning_state == ProvisioningState.CREATING
    assert made.validation_due_ms is not None
    assert made.scope.endswith("/communicationServices/default")
    assert made.included_event_types == [f"{PREFIX}ChatThreadCreated"]
    assert made.signing_secret == "a-long-enough-secret"
    assert made.expires_ms == 4_070_952_000_000


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"endpoint_url": "http://example.org/"}, "https"),
        ({"endpoint_url": ""}, "required"),
        ({"name": "a_b"}, "letters, digits and hyphens"),
        ({"advanced_filters": '[{"operatorType": "x"}]'}, "Unknown operatorType"),
        ({"advanced_filters": "{"}, "valid JSON"),
        ({"delivery_attributes": '[{"name": "aeg-x"}]'}, "cannot be set"),
        ({"max_events_per_batch": 5001}, "5000"),
        ({"signing_secret": "short"}, "at least 16"),
        ({"expires": "2001-01-01T00:00"}, "over"),
    ],
)
def test_an_invalid_form_is_shown_again_with_the_reason(
    olga: Client, resource: Resource, fields: dict[str, Any], problem: str
) -> None:
    given = form(resource=resource.pk, name="hook", endpoint_url="https://example.org/") | fields
    answer = olga.post(f"{LIST}add/", given)
    assert answer.status_code == 200
    assert problem in answer.content.decode()
    assert not EventSubscription.objects.exists()


def test_a_change_keeps_what_is_secret_and_needs_a_handshake_only_for_another_url(
    olga: Client, hook: EventSubscription
) -> None:
    shown = {**SECRET_HEADER, "properties": {"value": None, "isSecret": True}}
    given = form(delivery_attributes=json.dumps([shown]), labels='["x"]')
    assert olga.post(page(hook), given).status_code == 302
    hook.refresh_from_db()
    assert hook.endpoint_url == URL
    assert hook.delivery_attributes == [SECRET_HEADER]
    assert hook.signing_secret == "s3cr3t-signature"
    assert hook.labels == ["x"]
    assert hook.provisioning_state == ProvisioningState.SUCCEEDED
    given |= {"endpoint_url": "https://example.org/new", "is_unsigned": "on"}
    assert olga.post(page(hook), given).status_code == 302
    hook.refresh_from_db()
    assert hook.provisioning_state == ProvisioningState.UPDATING
    assert hook.signing_secret == ""


def test_no_page_and_no_log_shows_what_is_secret(
    olga: Client, make_operator: MakeOperator, hook: EventSubscription, delivery: Delivery
) -> None:
    viewer = make_operator("events.view_eventsubscription", "events.view_delivery")
    pages = [LIST, page(hook), page(hook, "preview/"), f"/admin/events/delivery/{delivery.pk}/"]
    for client in (olga, viewer):
        for path in pages:
            answer = client.get(path, follow=True)
            assert answer.status_code == 200, path
            text = answer.content.decode()
            assert not any(
                secret in text for secret in ("hidden-code", "s3cr3t-header", "s3cr3t-signature")
            ), path
    olga.post(page(hook), form())
    assert "s3cr3t" not in str(list(LogEntry.objects.values()))


def test_the_page_shows_the_last_handshake_and_why_it_failed(
    olga: Client, hook: EventSubscription
) -> None:
    text = olga.get(page(hook)).content.decode()
    assert "The endpoint answered with 202." in text
    assert "&lt;b&gt;hi&lt;/b&gt;" in text and "<b>hi</b>" not in text


def test_validate_again_test_event_and_redrive_ask_first_and_are_logged(
    olga: Client, hook: EventSubscription, delivery: Delivery
) -> None:
    for name in ("redrive", "test", "validate"):
        where = page(hook, f"operations/{name}/")
        assert olga.get(where).status_code == 200
        assert olga.post(where, {"confirmed": "yes"}).status_code == 302
    delivery.refresh_from_db()
    assert (delivery.state, delivery.attempts) == (DeliveryState.PENDING, 0)
    assert Delivery.objects.count() == 2
    hook.refresh_from_db()
    assert hook.provisioning_state == ProvisioningState.UPDATING
    assert LogEntry.objects.count() == 3


def test_a_subscription_is_deleted_only_when_its_name_is_typed(
    olga: Client, hook: EventSubscription, delivery: Delivery
) -> None:
    where = page(hook, "operations/delete/")
    olga.post(where, {"confirmed": "yes", "retyped": "other"})
    assert EventSubscription.objects.exists()
    olga.post(where, {"confirmed": "yes", "retyped": "hook"})
    assert not EventSubscription.objects.exists() and not Delivery.objects.exists()


def test_a_replay_begins_where_the_operator_says(
    olga: Client, hook: EventSubscription, delivery: Delivery
) -> None:
    assert olga.get(page(hook, "replay/")).status_code == 200
    assert olga.post(page(hook, "replay/"), {"since": "soon"}).status_code == 200
    assert olga.post(page(hook, "replay/"), {"since": "2024-01-01T00:00"}).status_code == 302
    hook.refresh_from_db()
    assert hook.replay_since_ms == 1_704_067_200_000
    assert hook.replay_after_id is not None


def test_a_failing_endpoint_has_the_state_that_the_documentation_names(
    olga: Client, hook: EventSubscription
) -> None:
    hook.failures, hook.delayed_until_ms = 10, now_ms() + 60_000
    hook.save()
    assert '<span class="badge badge-warning">Delayed</span>' in olga.get(LIST).content.decode()
    docs = Path(__file__).resolve().parents[2] / "docs"
    assert "| `Delayed` | The endpoint failed ten times" in (docs / "webhooks.md").read_text()
    assert "shown as *Delayed*" in (docs / "glossary.md").read_text()


def test_a_preview_shows_the_events_that_pass(olga: Client, hook: EventSubscription) -> None:
    EventSubscription.objects.update(included_event_types=[f"{PREFIX}ChatThreadDeleted"])
    text = olga.get(page(hook, "preview/")).content.decode()
    assert "ChatThreadDeleted" in text and "ChatMessageReceived" not in text


def test_a_delivery_shows_its_attempts_and_is_sent_again(olga: Client, delivery: Delivery) -> None:
    where = f"/admin/events/delivery/{delivery.pk}/"
    text = olga.get(f"{where}change/").content.decode()
    for expected in (
        "NotRetryable",
        "403",
        "1,234 ms",
        "&lt;i&gt;no&lt;/i&gt;",
        "deadLetterReason",
    ):
        assert expected in text
    assert "<script>alert" not in text
    changelist = olga.get("/admin/events/delivery/", {"state": "dead"})
    assert "ChatMessageReceivedInThread" in changelist.content.decode()
    selection = {"action": "redrive", "_selected_action": [delivery.pk], "confirmed": "yes"}
    assert olga.post("/admin/events/delivery/", selection).status_code == 302
    delivery.refresh_from_db()
    assert delivery.state == DeliveryState.PENDING


def test_a_worker_that_was_killed_is_shown_as_silent(olga: Client, resource: Resource) -> None:
    now = now_ms()
    Worker.objects.create(name="alive", seen_ms=now)
    Worker.objects.create(name="dead", seen_ms=now - 200_000)
    Worker.objects.create(name="polite", seen_ms=now - 60_000, stopped_ms=now - 60_000)
    text = olga.get("/admin/events/worker/").content.decode()
    assert [text.count(f">{state}<") for state in ("running", "silent", "stopped")] == [1, 1, 1]


def test_those_who_may_only_look_change_nothing(
    make_operator: MakeOperator, hook: EventSubscription, delivery: Delivery
) -> None:
    viewer = make_operator("events.view_eventsubscription", "events.view_delivery")
    assert viewer.post(page(hook), form(labels='["x"]')).status_code == 403
    assert viewer.get(page(hook, "replay/")).status_code == 403
    for name in ("validate", "test", "redrive", "delete"):
        answer = viewer.post(page(hook, f"operations/{name}/"), {"confirmed": "yes"})
        assert answer.status_code == 403
    hook.refresh_from_db()
    assert hook.labels == []


def test_those_without_permissions_see_nothing(
    make_operator: MakeOperator, hook: EventSubscription, delivery: Delivery
) -> None:
    stranger = make_operator()
    for path in (LIST, page(hook), page(hook, "preview/"), "/admin/events/delivery/"):
        assert stranger.get(path).status_code in (302, 403)
    assert "hook" not in stranger.get(reverse("admin:index")).content.decode()
