"""Notifications: receivers, content, retries and giving up."""

import json
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from django.core import mail
from django.test import override_settings

from identity.models import Resource
from monitoring.alerts import engine, notifying, payloads, receivers, services
from monitoring.alerts.models import (
    ActionGroup,
    Alert,
    AlertRule,
    MutedEndpoint,
    Notification,
    Receiver,
)
from monitoring.alerts.receivers import Outcome
from monitoring.tests.samples import HOUR, MINUTE, NOON, requests
from monitoring.tests.test_alert_engine import FIVE_XX, dynamic, evaluate_at, learned, make_rule
from webhooks.client import Reply

SCHEMA = json.loads((Path(__file__).parent / "common_alert_schema.json").read_text())
SECOND = 1000


class Hook:
    """An endpoint that records requests and sends the configured responses."""

    def __init__(self) -> None:
        self.received: list[Any] = []
        self.paths: list[str] = []
        self.status = 200
        hook = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                hook.received.append(json.loads(body))
                hook.paths.append(self.path)
                self.send_response(hook.status)
                self.end_headers()

            def log_message(self, *args: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook?key=secret"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def hook() -> Iterator[Hook]:
    made = Hook()
    yield made
    made.server.shutdown()
    made.server.server_close()


def rule_telling(kind: str, address: str = "", **fields: Any) -> AlertRule:
    rule = make_rule({"dimensions": [FIVE_XX]}, window_minutes=1, **fields)
    Receiver.objects.all().delete()
    group = rule.action_groups.get()
    Receiver.objects.create(group=group, name="somebody", kind=kind, address=address)
    return rule


def fire_and_resolve(resource: Resource) -> Alert:
    requests(resource.id, NOON, status=500, times=17)
    for minute in range(1, 5):
        evaluate_at(NOON + minute * MINUTE)
        notifying.send_due(NOON + minute * MINUTE + engine.LAG_MS)
    return Alert.objects.get()


def test_a_webhook_gets_the_common_alert_schema_when_it_fires_and_resolves(
    resource: Resource, hook: Hook
) -> None:
    rule_telling(
        "webhook", hook.url, description="It is bad.", custom_properties={"Key1": "Value1"}
    )
    alert = fire_and_resolve(resource)
    fired, resolved = hook.received
    for body in hook.received:
        jsonschema_rs.validate(SCHEMA, body)
    essentials = fired["data"]["essentials"]
    assert essentials["severity"] == "Sev2"
    assert essentials["monitorCondition"] == "Fired"
    assert resolved["data"]["essentials"]["monitorCondition"] == "Resolved"
    assert essentials["alertId"] == resolved["data"]["essentials"]["alertId"]
    assert str(alert.id) in essentials["investigationLink"]
    (criterion,) = fired["data"]["alertContext"]["condition"]["allOf"]
    assert (criterion["threshold"], criterion["metricValue"]) == ("5", 17.0)
    assert criterion["dimensions"] == [{"name": "StatusCodeClass", "value": "5xx"}]
    assert fired["data"]["customProperties"] == {"Key1": "Value1"}
    assert hook.paths == ["/hook?key=secret"] * 2


def test_the_alert_of_a_dynamic_rule_validates_too(resource: Resource) -> None:
    dynamic()
    learned(resource, days=8)
    for hour in range(1, 5):
        requests(resource.id, NOON + (hour - 1) * HOUR, times=5000)
        evaluate_at(NOON + hour * HOUR)
    body = payloads.common_alert(Alert.objects.get(), "Fired")
    jsonschema_rs.validate(SCHEMA, body)
    assert body["data"]["alertContext"]["conditionType"] == "DynamicThresholdCriteria"


def test_the_schema_refuses_what_is_wrong(resource: Resource) -> None:
    make_rule({"dimensions": [FIVE_XX]}, window_minutes=1)
    requests(resource.id, NOON, status=500, times=17)
    evaluate_at(NOON + MINUTE)
    body = payloads.common_alert(Alert.objects.get(), "Fired")
    body["data"]["alertContext"]["condition"]["allOf"][0]["threshold"] = 5
    with pytest.raises(jsonschema_rs.ValidationError):
        jsonschema_rs.validate(SCHEMA, body)


def test_an_e_mail_goes_out_when_it_fires_and_when_it_resolves(resource: Resource) -> None:
    rule_telling("email", "ops@example.org", name="chat-5xx", description="Look at the log.")
    fire_and_resolve(resource)
    assert [message.subject for message in mail.outbox] == [
        "Fired: Sev2 chat-5xx",
        "Resolved: Sev2 chat-5xx",
    ]
    first = mail.outbox[0]
    assert first.to == ["ops@example.org"]
    for words in (
        "Chat API Requests",
        "17",
        "is above 5",
        "Look at the log.",
        "/admin/monitoring/",
    ):
        assert words in str(first.body)


def test_without_a_mail_server_the_outcome_says_which_setting_is_missing(
    resource: Resource,
) -> None:
    rule_telling("email", "ops@example.org")
    with override_settings(EMAIL_BACKEND="django.core.mail.backends.dummy.EmailBackend"):
        fire_and_resolve(resource)
    outcomes = Notification.objects.values_list("state", "outcome", "attempts")
    assert set(outcomes) == {("failed", "E-mail is not configured: set CHATSITE_EMAIL_URL.", 1)}


def test_an_alertmanager_is_notified_every_minute_and_then_of_the_end(
    resource: Resource, hook: Hook
) -> None:
    rule_telling("alertmanager", hook.url.partition("/hook")[0])
    requests(resource.id, NOON, status=500, times=17)
    evaluate_at(NOON + MINUTE)
    at_ms = NOON + MINUTE
    for _ in range(3):
        notifying.repeat_to_alertmanagers(at_ms)
        notifying.send_due(at_ms + engine.LAG_MS)
        at_ms += MINUTE
    assert len(hook.received) == 2
    engine.resolve(Alert.objects.get(), at_ms)
    notifying.send_due(at_ms)
    assert set(hook.paths) == {"/api/v2/alerts"}
    (first,), (last,) = hook.received[0], hook.received[-1]
    assert "endsAt" not in first and "endsAt" in last
    assert first["labels"] == last["labels"]
    assert first["labels"]["severity"] == "warning"
    assert first["labels"]["status_code_class"] == "5xx"


def test_an_alertmanager_shaped_webhook_gets_version_4(resource: Resource, hook: Hook) -> None:
    rule_telling("alertmanager_webhook", hook.url)
    fire_and_resolve(resource)
    fired, resolved = hook.received
    assert (fired["version"], fired["status"], resolved["status"]) == ("4", "firing", "resolved")
    assert fired["alerts"][0]["endsAt"] == "0001-01-01T00:00:00Z"
    assert fired["alerts"][0]["fingerprint"] == resolved["alerts"][0]["fingerprint"]


def attempts_at(receiver: Receiver, outcome: Outcome, until_ms: int) -> list[int]:
    """The times of attempts in seconds after noon, with a clock that moves in seconds."""
    made: list[int] = []
    for at_ms in range(NOON, until_ms, SECOND):
        done = notifying.send_due(at_ms, send=lambda messages: [outcome] * len(messages))
        made += [(at_ms - NOON) // SECOND] * done
    return made


def one_notification(address: str = "http://127.0.0.1:9/x") -> Receiver:
    group = ActionGroup.objects.create(name="g", short_name="g")
    receiver = Receiver.objects.create(group=group, name="w", kind="webhook", address=address)
    alert = services.sample_alert(NOON)
    alert.rule = None
    alert.save()
    Notification.objects.create(
        alert=alert, receiver=receiver, condition="Fired", created_ms=NOON, due_ms=NOON
    )
    return receiver


def test_a_temporary_failure_is_retried_after_5_20_5_40_and_5_seconds(
    resource: Resource,
) -> None:
    receiver = one_notification()
    made = attempts_at(receiver, Outcome(False, "HTTP status 503.", True), NOON + 3 * MINUTE)
    assert made == [0, 5, 25, 30, 70, 75]
    notification = Notification.objects.get()
    assert (notification.state, notification.attempts) == ("failed", 6)


def test_a_refusal_is_not_retried(resource: Resource) -> None:
    receiver = one_notification()
    assert attempts_at(receiver, Outcome(False, "HTTP status 400."), NOON + 3 * MINUTE) == [0]
    assert not MutedEndpoint.objects.exists()


def test_an_endpoint_that_did_not_respond_is_muted_for_15_minutes(resource: Resource) -> None:
    receiver = one_notification()
    attempts_at(receiver, Outcome(False, "HTTP status 503.", True), NOON + 80 * SECOND)
    failed_ms = NOON + 75 * SECOND
    Notification.objects.all().update(state="pending", attempts=0, due_ms=failed_ms)
    assert (
        notifying.send_due(
            failed_ms + 14 * MINUTE, send=lambda messages: [Outcome(True, "")] * len(messages)
        )
        == 0
    )
    assert Notification.objects.get().state == "muted"
    Notification.objects.all().update(state="pending", attempts=0)
    assert (
        notifying.send_due(
            failed_ms + 16 * MINUTE, send=lambda messages: [Outcome(True, "")] * len(messages)
        )
        == 1
    )
    assert Notification.objects.get().state == "sent"


def test_the_response_decides_whether_a_notification_is_retried(
    resource: Resource, hook: Hook
) -> None:
    group = ActionGroup.objects.create(name="g", short_name="g")
    Receiver.objects.create(group=group, name="w", kind="webhook", address=hook.url)
    passing = {}
    for status in (200, 204, 400, 404, 408, 429, 500, 503, 504):
        hook.status = status
        ((_, outcome),) = services.send_test_alert(group, NOON)
        passing[status] = (outcome.is_success, outcome.is_retryable)
    assert [s for s, (good, _) in passing.items() if good] == [200, 204]
    assert [s for s, (_, again) in passing.items() if again] == [408, 429, 503, 504]
    hook.server.shutdown()
    hook.server.server_close()
    ((_, outcome),) = services.send_test_alert(group, NOON)
    assert not outcome.is_success and outcome.is_retryable


def test_at_most_a_hundred_e_mails_an_hour_go_to_an_address(resource: Resource) -> None:
    receiver = one_notification()
    Receiver.objects.update(kind="email", address="ops@example.org")
    alert = Alert.objects.get()
    Notification.objects.bulk_create(
        Notification(
            alert=alert,
            receiver=receiver,
            condition="Fired",
            state="sent",
            created_ms=NOON,
            due_ms=NOON,
            finished_ms=NOON,
        )
        for _ in range(100)
    )
    notifying.send_due(NOON + MINUTE)
    assert mail.outbox == []
    assert Notification.objects.filter(outcome__contains="100 e-mails").count() == 1


def test_disabled_receivers_and_groups_are_not_notified(resource: Resource) -> None:
    rule_telling("email", "ops@example.org")
    ActionGroup.objects.update(is_enabled=False)
    fire_and_resolve(resource)
    assert not Notification.objects.exists()


def test_receivers_that_hang_do_not_delay_others(
    resource: Resource, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Five receivers that respond only after all five have been called."""
    everybody = threading.Barrier(5)

    def send(*args: Any, **options: Any) -> Reply:
        everybody.wait(20)
        return Reply(200, {}, b"")

    monkeypatch.setattr(receivers.client, "send", send)
    group = ActionGroup.objects.create(name="g", short_name="g")
    for number in range(5):
        url = f"http://127.0.0.1:9/{number}"
        Receiver.objects.create(group=group, name=str(number), kind="webhook", address=url)
    assert all(outcome.is_success for _, outcome in services.send_test_alert(group, NOON))


def test_an_exception_for_one_receiver_affects_only_its_outcome(
    resource: Resource, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*args: Any, **options: Any) -> Reply:
        raise RuntimeError("garbage")

    monkeypatch.setattr(receivers.client, "send", broken)
    group = ActionGroup.objects.create(name="g", short_name="g")
    Receiver.objects.create(group=group, name="w", kind="webhook", address="http://127.0.0.1:9/x")
    Receiver.objects.create(group=group, name="l", kind="log")
    found = {receiver.name: outcome for receiver, outcome in services.send_test_alert(group, NOON)}
    assert found["l"].is_success
    assert not found["w"].is_success and "RuntimeError" in found["w"].text
    assert "garbage" not in found["w"].text


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (b"\x00\xff not http at all\r\n\r\n", "SocketError"),
        (b"HTTP/1.1 999 Odd\r\nContent-Length: 2\r\n\r\n\x00x", "HTTP status 999"),
        (
            b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:22/\r\nContent-Length: 0\r\n\r\n",
            "302",
        ),
    ],
)
def test_an_invalid_response_is_a_failure_with_a_reason(
    resource: Resource, answer: bytes, words: str
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer_once() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(answer)

        thread = threading.Thread(target=answer_once, daemon=True)
        thread.start()
        group = ActionGroup.objects.create(name="g", short_name="g")
        url = f"http://127.0.0.1:{server.getsockname()[1]}/x"
        Receiver.objects.create(group=group, name="w", kind="webhook", address=url)
        ((_, outcome),) = services.send_test_alert(group, NOON)
        thread.join(10)
    assert not outcome.is_success and words in outcome.text
    assert "\x00" not in outcome.text


def test_resolved_is_sent_after_fired_even_if_fired_is_retried(resource: Resource) -> None:
    """In the other order, an Alertmanager would treat the alert as firing again."""
    rule_telling("webhook", "http://127.0.0.1:9/x")
    requests(resource.id, NOON, status=500, times=17)
    evaluate_at(NOON + MINUTE)
    engine.resolve(Alert.objects.get(), NOON + MINUTE + engine.LAG_MS)
    sent: list[str] = []
    outcomes = iter([Outcome(False, "HTTP status 503.", True), *[Outcome(True, "")] * 2])

    def send(messages: Any) -> list[Outcome]:
        sent.extend(condition for _, _, condition in messages)
        return [next(outcomes) for _ in messages]

    for second in range(20):
        notifying.send_due(NOON + 2 * MINUTE + second * SECOND, send=send)
    assert sent == ["Fired", "Fired", "Resolved"]


def test_receivers_notified_of_fired_are_notified_of_resolved(resource: Resource) -> None:
    rule = rule_telling("email", "ops@example.org")
    requests(resource.id, NOON, status=500, times=17)
    evaluate_at(NOON + MINUTE)
    other = ActionGroup.objects.create(name="other", short_name="o")
    Receiver.objects.create(group=other, name="new", kind="log")
    rule.action_groups.set([other])
    engine.end_alerts(rule, NOON + 2 * MINUTE, "The rule was changed.")
    sent = Notification.objects.order_by("id").values_list("condition", "receiver_text")
    assert list(sent) == [("Fired", "somebody (e-mail)"), ("Resolved", "somebody (e-mail)")]


def test_a_receiver_that_is_deleted_stays_in_the_history(resource: Resource) -> None:
    rule_telling("email", "ops@example.org")
    requests(resource.id, NOON, status=500, times=17)
    evaluate_at(NOON + MINUTE)
    Receiver.objects.all().delete()
    notifying.send_due(NOON + 2 * MINUTE)
    notification = Notification.objects.get()
    assert (notification.state, notification.receiver_text) == ("failed", "somebody (e-mail)")
    assert mail.outbox == []


def test_an_alertmanager_of_a_disabled_group_is_not_notified_again(
    resource: Resource, hook: Hook
) -> None:
    rule_telling("alertmanager", hook.url.partition("/hook")[0])
    requests(resource.id, NOON, status=500, times=17)
    evaluate_at(NOON + MINUTE)
    notifying.send_due(NOON + 2 * MINUTE)
    ActionGroup.objects.update(is_enabled=False)
    assert notifying.repeat_to_alertmanagers(NOON + 10 * MINUTE) == 0
    ActionGroup.objects.update(is_enabled=True)
    assert notifying.repeat_to_alertmanagers(NOON + 10 * MINUTE) == 1
