"""Both handshakes with all their outcomes."""

import json
import socket
import time
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client as Browser

from identity.models import Resource
from webhooks import services
from webhooks import validator as validator_module
from webhooks.client import Client
from webhooks.handshake import validation_url
from webhooks.models import EventSchema, EventSubscription, ProvisioningState
from webhooks.tests.hooks import Clock, subscribe
from webhooks.tests.receiver import Answer, Received, Receiver, accept, receiving, speaking
from webhooks.validator import Validator
from wire.times import now_ms

State = ProvisioningState


@pytest.fixture
def receiver() -> Any:
    with receiving() as running:
        yield running


@pytest.fixture
def clock() -> Clock:
    return Clock(now_ms() + 1000)


@pytest.fixture
def validator(clock: Clock) -> Validator:
    return Validator(Client(), clock=clock)


def new(resource: Resource, url: str, **fields: Any) -> EventSubscription:
    """A subscription that nobody has validated yet."""
    subscription, _ = services.create_or_update_event_subscription(
        resource=resource, name="hook", scope="s", fields={"endpoint_url": url, **fields}
    )
    return subscription


def settle(validator: Validator) -> EventSubscription:
    """The subscription after the handshakes that are due have been made."""
    validator.work()
    validator.pending.wait(10)
    validator.work()
    validator.pending.clear()
    return EventSubscription.objects.get()


def code_of(request: Received) -> str:
    return str(request.json[0]["data"]["validationCode"])


def test_an_endpoint_that_returns_the_code_is_validated(
    resource: Resource, receiver: Receiver, validator: Validator
) -> None:
    before = now_ms()
    assert new(resource, receiver.url).provisioning_state == State.CREATING
    subscription = settle(validator)
    assert subscription.provisioning_state == State.SUCCEEDED
    assert (subscription.active_from_ms or 0) >= before
    (request,) = receiver.requests
    (event,) = request.json
    assert request.headers["aeg-event-type"] == "SubscriptionValidation"
    assert event["eventType"] == "Microsoft.EventGrid.SubscriptionValidationEvent"
    assert event["subject"] == "" and event["topic"] == "/s"
    assert event["metadataVersion"] == event["dataVersion"] == "1"
    assert event["data"]["validationUrl"] == validation_url(subscription)
    assert subscription.last_validation["response"]["status"] == 200
    assert subscription.last_validation["problem"] == ""


def test_the_code_may_come_with_a_capital_letter(
    resource: Resource, receiver: Receiver, validator: Validator
) -> None:
    receiver.answer = lambda r: (200, {}, json.dumps({"ValidationResponse": code_of(r)}).encode())
    new(resource, receiver.url)
    assert settle(validator).provisioning_state == State.SUCCEEDED


def test_202_passes_deliveries_but_not_the_validation_and_says_so(
    resource: Resource, receiver: Receiver, validator: Validator, clock: Clock
) -> None:
    receiver.answer = lambda r: (202, {}, accept(r)[2])
    new(resource, receiver.url)
    assert settle(validator).provisioning_state == State.CREATING
    clock.forward(seconds=4.9)
    validator.work()
    assert len(receiver.requests) == 1
    clock.forward(seconds=0.2)
    subscription = settle(validator)
    assert len(receiver.requests) == 2
    assert subscription.provisioning_state == State.FAILED
    assert "Only 200 is accepted" in subscription.last_validation["problem"]


def test_a_second_try_after_five_seconds_may_succeed(
    resource: Resource, receiver: Receiver, validator: Validator, clock: Clock
) -> None:
    receiver.answer = lambda r: (503, {}, b"starting")
    new(resource, receiver.url)
    settle(validator)
    receiver.answer = accept
    clock.forward(seconds=5.1)
    assert settle(validator).provisioning_state == State.SUCCEEDED


BAD_ANSWERS: list[tuple[str, Callable[[Received], Answer]]] = [
    ("wrong code", lambda r: (200, {}, b'{"validationResponse": "other"}')),
    ("server error", lambda r: (500, {}, b"oops")),
    ("redirect", lambda r: (302, {"Location": "/"}, b"")),
    ("created", lambda r: (201, {}, accept(r)[2])),
]


@pytest.mark.parametrize(("what", "answer"), BAD_ANSWERS)
def test_any_other_answer_fails(
    resource: Resource,
    receiver: Receiver,
    validator: Validator,
    clock: Clock,
    what: str,
    answer: Callable[[Received], Answer],
) -> None:
    receiver.answer = answer
    new(resource, receiver.url)
    settle(validator)
    clock.forward(seconds=6)
    subscription = settle(validator)
    assert subscription.provisioning_state == State.FAILED
    assert subscription.last_validation["problem"]
    clock.forward(hours=1)
    validator.work()
    assert len(receiver.requests) == 2


@pytest.mark.parametrize("body", [b"", b"ok", b"[]", b"{}", b'{"other": 1}', b"[" * 5000])
def test_200_without_a_code_waits_for_somebody_to_open_the_url(
    resource: Resource, receiver: Receiver, validator: Validator, body: bytes
) -> None:
    receiver.answer = lambda r: (200, {}, body)
    new(resource, receiver.url)
    subscription = settle(validator)
    assert subscription.provisioning_state == State.AWAITING_MANUAL_ACTION
    url = receiver.requests[0].json[0]["data"]["validationUrl"]
    answer = Browser().get(url[url.index("/eventgrid") :], headers={"accept": "text/html"})
    assert answer.status_code == 200 and b"validated" in answer.content
    assert EventSubscription.objects.get().provisioning_state == State.SUCCEEDED


def test_the_url_works_for_ten_minutes(
    resource: Resource, receiver: Receiver, validator: Validator, clock: Clock
) -> None:
    receiver.answer = lambda r: (200, {}, b"")
    subscription = new(resource, receiver.url)
    settle(validator)
    clock.forward(minutes=9.9)
    validator.work()
    assert EventSubscription.objects.get().provisioning_state == State.AWAITING_MANUAL_ACTION
    clock.forward(minutes=0.2)
    validator.work()
    assert EventSubscription.objects.get().provisioning_state == State.FAILED
    path = f"/eventgrid/validate?code={subscription.validation_code}"
    assert Browser().get(path).status_code == 404


@pytest.mark.parametrize("code", ["", "wrong", "%00", "x" * 500])
def test_a_wrong_code_validates_nothing(
    resource: Resource, receiver: Receiver, validator: Validator, code: str
) -> None:
    receiver.answer = lambda r: (200, {}, b"")
    new(resource, receiver.url)
    settle(validator)
    assert Browser().get(f"/eventgrid/validate?code={code}").status_code == 404
    assert EventSubscription.objects.get().provisioning_state == State.AWAITING_MANUAL_ACTION


def test_an_endpoint_may_open_the_url_while_it_is_being_asked(
    resource: Resource, receiver: Receiver, validator: Validator
) -> None:
    def open_first(request: Received) -> Answer:
        # As the database of the test belongs to its own thread, this notes it for later.
        opened.append(request.json[0]["data"]["validationCode"])
        return 200, {}, b""

    opened: list[str] = []
    receiver.answer = open_first
    new(resource, receiver.url)
    validator.work()
    validator.pending.wait(10)
    assert Browser().get(f"/eventgrid/validate?code={opened[0]}").status_code == 200
    validator.work()
    assert EventSubscription.objects.get().provisioning_state == State.SUCCEEDED


def test_an_endpoint_that_cannot_be_reached_fails_with_the_reason(
    resource: Resource, validator: Validator, clock: Clock
) -> None:
    new(resource, "https://10.0.0.1/hook")
    settle(validator)
    clock.forward(seconds=6)
    subscription = settle(validator)
    assert subscription.provisioning_state == State.FAILED
    problem = subscription.last_validation["problem"]
    assert "Webhooks may not be sent to the address 10.0.0.1." in problem


# --- CloudEvents ---------------------------------------------------------------------------------


def permitting(origin: str, status: int = 200, **more: str) -> Callable[[Received], Answer]:
    headers = {"WebHook-Allowed-Origin": origin} if origin else {}
    more = {name.replace("_", "-"): value for name, value in more.items()}
    return lambda request: (status, {**headers, **more}, b"")


def cloud(resource: Resource, receiver: Receiver) -> None:
    new(resource, receiver.url, event_schema=EventSchema.CLOUD_EVENTS)


@pytest.mark.parametrize("origin", ["*", "eventgrid.azure.net", "EventGrid.Azure.net"])
def test_a_cloud_events_endpoint_that_allows_the_origin_is_validated(
    resource: Resource, receiver: Receiver, validator: Validator, origin: str
) -> None:
    receiver.answer = permitting(origin)
    cloud(resource, receiver)
    subscription = settle(validator)
    assert subscription.provisioning_state == State.SUCCEEDED
    assert subscription.allowed_rate is None
    (request,) = receiver.requests
    assert request.method == "OPTIONS"
    assert request.headers["webhook-request-origin"] == "eventgrid.azure.net"
    assert request.headers["webhook-request-callback"] == validation_url(subscription)


def test_the_allowed_rate_is_remembered(
    resource: Resource, receiver: Receiver, validator: Validator
) -> None:
    receiver.answer = permitting("*", WebHook_Allowed_Rate="120")
    cloud(resource, receiver)
    assert settle(validator).allowed_rate == 120


@pytest.mark.parametrize(
    "answer", [permitting("other.example"), permitting("", 405), permitting("", 500)]
)
def test_another_origin_or_a_refused_method_fails(
    resource: Resource,
    receiver: Receiver,
    validator: Validator,
    clock: Clock,
    answer: Callable[[Received], Answer],
) -> None:
    receiver.answer = answer
    cloud(resource, receiver)
    settle(validator)
    clock.forward(seconds=6)
    assert settle(validator).provisioning_state == State.FAILED


def test_a_status_alone_is_no_permission_but_the_callback_is(
    resource: Resource, receiver: Receiver, validator: Validator
) -> None:
    receiver.answer = permitting("")
    cloud(resource, receiver)
    assert settle(validator).provisioning_state == State.AWAITING_MANUAL_ACTION
    callback = receiver.requests[0].headers["webhook-request-callback"]
    assert Browser().get(callback[callback.index("/eventgrid") :]).status_code == 200
    assert EventSubscription.objects.get().provisioning_state == State.SUCCEEDED


# --- Once more -----------------------------------------------------------------------------------


def test_secrets_are_sent_but_not_kept_in_the_record(
    resource: Resource, receiver: Receiver, validator: Validator
) -> None:
    secret = {
        "name": "X-Key",
        "type": "Static",
        "properties": {"value": "s3cr3t", "isSecret": True},
    }
    new(resource, f"{receiver.url}?code=hidden", delivery_attributes=[secret])
    subscription = settle(validator)
    (request,) = receiver.requests
    assert request.path == "/hook?code=hidden" and request.headers["x-key"] == "s3cr3t"
    record = json.dumps(subscription.last_validation)
    assert "s3cr3t" not in record and "code=hidden" not in record


def test_a_failed_one_can_be_validated_again(
    resource: Resource, receiver: Receiver, validator: Validator
) -> None:
    subscription = subscribe(resource, receiver.url, provisioning_state=State.FAILED)
    old_code = subscription.validation_code
    services.validate_again(subscription=subscription)
    assert settle(validator).provisioning_state == State.SUCCEEDED
    assert code_of(receiver.requests[0]) != old_code


def test_another_url_needs_another_handshake_and_events_are_collected_meanwhile(
    resource: Resource, receiver: Receiver, validator: Validator
) -> None:
    subscription = subscribe(resource, "http://127.0.0.1:9/old")
    since = subscription.active_from_ms
    services.update_event_subscription(
        subscription=subscription, fields={"endpoint_url": receiver.url}
    )
    assert subscription.provisioning_state == State.UPDATING
    updated = settle(validator)
    assert updated.provisioning_state == State.SUCCEEDED
    assert updated.active_from_ms == since


def test_other_changes_need_none(resource: Resource, receiver: Receiver) -> None:
    subscription = subscribe(resource, receiver.url)
    services.update_event_subscription(subscription=subscription, fields={"labels": ["x"]})
    assert EventSubscription.objects.get().provisioning_state == State.SUCCEEDED
    assert receiver.requests == []


def test_an_answer_to_an_old_handshake_decides_nothing(
    resource: Resource, receiver: Receiver, validator: Validator
) -> None:
    subscription = new(resource, receiver.url)
    validator.work()
    validator.pending.wait(10)
    services.update_event_subscription(
        subscription=subscription, fields={"endpoint_url": f"{receiver.url}/new"}
    )
    EventSubscription.objects.update(validation_due_ms=None)
    validator.work()
    assert EventSubscription.objects.get().provisioning_state == State.CREATING


def test_an_endpoint_that_answers_garbage_fails_with_it_shown(
    resource: Resource, validator: Validator, clock: Clock
) -> None:
    def garbage(connection: socket.socket) -> None:
        connection.sendall(b"\x00\xff garbage\r\n\r\n")

    with speaking(garbage) as url:
        new(resource, url)
        settle(validator)
        clock.forward(seconds=6)
        subscription = settle(validator)
    assert subscription.provisioning_state == State.FAILED
    assert "garbage" in subscription.last_validation["problem"]


def test_an_outcome_that_cannot_be_recorded_does_not_lose_the_others(
    resource: Resource,
    receiver: Receiver,
    validator: Validator,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("first", "second", "third"):
        services.create_or_update_event_subscription(
            resource=resource, name=name, scope="s", fields={"endpoint_url": receiver.url}
        )
    validator.work()
    deadline = time.monotonic() + 10
    while len(validator._outcomes) < 3:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    real, failures = validator_module._record, iter([OSError("busy")])

    def note(*arguments: Any) -> None:
        for failure in failures:
            raise failure
        real(*arguments)

    monkeypatch.setattr(validator_module, "_record", note)
    with pytest.raises(OSError, match="busy"):
        validator.work()
    validator.work()
    states = EventSubscription.objects.values_list("provisioning_state", flat=True)
    assert sorted(states) == [State.CREATING, State.SUCCEEDED, State.SUCCEEDED]


def test_of_two_workers_one_makes_the_handshake(
    resource: Resource, receiver: Receiver, validator: Validator, clock: Clock
) -> None:
    new(resource, receiver.url)
    other = Validator(Client(), clock=clock)
    validator.work()
    other.work()
    validator.pending.wait(10)
    validator.work()
    assert len(receiver.requests) == 1
