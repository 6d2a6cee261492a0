"""The management API of Azure Monitor: metrics, metric alerts, action groups, refusals."""

import json
from typing import Any

import pytest
from django.test import Client, override_settings

from identity.models import Resource
from monitoring import store
from monitoring.alerts.models import ActionGroup, Alert, AlertRule, Notification, Receiver
from monitoring.alerts.services import sample_alert
from monitoring.tests.samples import DAY, HOUR, MINUTE, NOON, requests
from tests.cast import Person
from wire.times import now_ms, to_wire

TOKEN = "a-service-token-of-the-tests-0123456789"
GROUP = "/subscriptions/s/resourceGroups/chat"
INSIGHTS = f"{GROUP}/providers/Microsoft.Insights"
ENDLESS = 10**400


@pytest.fixture
def arm(resource: Resource) -> Any:
    """A client with a service token; `arm.call` returns status and body."""
    with override_settings(CHATSITE_SERVICE_TOKENS=[TOKEN]):
        yield Management(resource)


class Management:
    def __init__(self, resource: Resource) -> None:
        self.scope = (
            f"{GROUP}/providers/Microsoft.Communication/communicationServices/{resource.name}"
        )
        self.client = Client(headers={"authorization": f"Bearer {TOKEN}"})

    def call(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        separator = "&" if "?" in path else "?"
        answer = self.client.generic(
            method,
            f"{path}{separator}api-version=2024-02-01",
            "" if body is None else body,
            content_type="application/json",
        )
        return answer.status_code, answer.json() if answer.content else None

    def put_group(self, name: str = "ops", **properties: Any) -> tuple[int, Any]:
        emails = [{"name": "Olga", "emailAddress": "olga@example.org"}]
        given = {"groupShortName": "ops", "emailReceivers": emails, **properties}
        return self.call("PUT", f"{INSIGHTS}/actionGroups/{name}", _json({"properties": given}))

    def rule(self, **changes: Any) -> dict[str, Any]:
        criterion = {
            "criterionType": "StaticThresholdCriterion",
            "metricName": "APIRequestChat",
            "timeAggregation": "Count",
            "operator": "GreaterThan",
            "threshold": 5,
            **changes.pop("criterion", {}),
        }
        root: dict[str, Any] = {
            name: changes.pop(name) for name in ("tags", "location") if name in changes
        }
        properties = {
            "severity": 2,
            "scopes": [self.scope],
            "criteria": {"allOf": [criterion]},
            "actions": [{"actionGroupId": f"{INSIGHTS}/actionGroups/ops"}],
            **changes,
        }
        return {**root, "properties": properties}

    def put_rule(self, name: str = "r", **changes: Any) -> tuple[int, Any]:
        return self.call("PUT", f"{INSIGHTS}/metricAlerts/{name}", _json(self.rule(**changes)))

    def metrics(self, **query: str) -> tuple[int, Any]:
        text = "&".join(f"{name}={value}" for name, value in query.items())
        return self.call("GET", f"{self.scope}/providers/Microsoft.Insights/metrics?{text}")


def _json(value: Any) -> str:
    return json.dumps(value)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"criterion": {"threshold": ENDLESS}}, "'threshold' must be a number"),
        ({"severity": 2.5}, "'severity' must be a whole number"),
        ({"severity": None}, "'severity' must be a whole number"),
        ({"enabled": "true"}, "'enabled' must be true or false"),
        ({"autoMitigate": 0}, "'autoMitigate' must be true or false"),
        ({"customProperties": [1, 2]}, "'customProperties' must be an object"),
        ({"customProperties": "abc"}, "'customProperties' must be an object"),
        ({"tags": [1]}, "'tags' must be an object"),
        ({"location": {"a": 1}}, "'location' must be a text"),
        ({"windowSize": "5 minutes"}, "a duration such as PT5M"),
        (
            {"windowSize": "PT1M", "evaluationFrequency": "PT5M"},
            "(1 minute) is shorter than the time between two checks (5 minutes)",
        ),
        ({"actions": [{"actionGroupId": "/x/nobody"}]}, "create it first"),
    ],
)
def test_malformed_rules_are_refused_and_not_stored(
    arm: Management, changes: dict[str, Any], words: str
) -> None:
    arm.put_group()
    before = AlertRule.objects.count()
    status, body = arm.put_rule(**changes)
    assert (status, body["error"]["code"]) == (400, "BadRequest"), body
    assert words in body["error"]["message"]
    assert AlertRule.objects.count() == before


@pytest.mark.parametrize("name", ["a%00b", "a%0D%0Ab", "a%3Fb", "a.", "%2A", "x" * 261])
def test_names_that_no_resource_id_can_contain_are_refused(arm: Management, name: str) -> None:
    arm.put_group()
    assert arm.put_rule(name)[0] == 400
    assert arm.put_group(name)[0] == 400
    assert not AlertRule.objects.filter(is_default=False).exists()


@pytest.mark.parametrize("subscription", ["a%00b", "a" * 600])
def test_scopes_that_cannot_be_stored_are_refused(arm: Management, subscription: str) -> None:
    path = f"/subscriptions/{subscription}/resourceGroups/g/providers/Microsoft.Insights"
    for kind in ("actionGroups", "metricAlerts"):
        for method, address in (("GET", f"{path}/{kind}"), ("PUT", f"{path}/{kind}/x")):
            assert arm.call(method, address, _json({"properties": {}}))[0] == 400


def test_dimensions_of_a_rule_ignore_letter_case(arm: Management) -> None:
    arm.put_group()
    dimension = {"name": "statuscodeclass", "operator": "include", "values": ["5xx"]}
    status, body = arm.put_rule(criterion={"dimensions": [dimension]})
    assert status == 200
    (criterion,) = body["properties"]["criteria"]["allOf"]
    assert criterion["dimensions"][0]["name"] == "StatusCodeClass"


def test_a_rule_created_in_the_admin_can_be_read_and_changed(
    arm: Management, resource: Resource
) -> None:
    arm.put_group()
    rule = AlertRule.objects.create(resource=resource, name="busy")
    rule.conditions.create(metric="ChatMessages", aggregation="Total", threshold=5)
    rule.action_groups.set([ActionGroup.objects.get(name="ops")])
    status, before = arm.call(
        "PATCH", f"{INSIGHTS}/metricAlerts/busy", _json({"properties": {"severity": 1}})
    )
    assert status == 200, before
    assert before["properties"]["severity"] == 1
    (action,) = before["properties"]["actions"]
    assert action["actionGroupId"].endswith("/actionGroups/ops")
    (scope,) = before["properties"]["scopes"]
    assert scope.endswith(f"/{resource.name}")
    # A group that is removed in the admin is gone here, too.
    rule.action_groups.clear()
    _, after = arm.call("GET", f"{INSIGHTS}/metricAlerts/busy")
    assert after["properties"]["actions"] == []


def test_replacing_a_group_keeps_other_receivers_and_past_notifications(
    arm: Management,
) -> None:
    """Keeps receivers of kinds that only the admin has, and past notifications."""
    assert arm.put_group()[0] == 201
    group = ActionGroup.objects.get(name="ops")
    Receiver.objects.create(group=group, name="am", kind="alertmanager", address="http://am")
    olga = group.receivers.get(kind="email")
    alert = sample_alert(NOON)
    alert.rule = None
    alert.save()
    Notification.objects.create(
        alert=alert, receiver=olga, receiver_text=olga.described, condition="Fired", **_NOW
    )
    changed = [{"name": "Olga", "emailAddress": "olga@example.com"}]
    assert arm.put_group(emailReceivers=changed)[0] == 200
    assert set(group.receivers.values_list("name", "address")) == {
        ("Olga", "olga@example.com"),
        ("am", "http://am"),
    }
    assert arm.put_group(emailReceivers=[])[0] == 200
    assert list(group.receivers.values_list("name", flat=True)) == ["am"]
    assert Notification.objects.get().receiver_text == "Olga (e-mail)"
    assert Alert.objects.get().notifications.count() == 1


_NOW = {"created_ms": NOON, "due_ms": NOON, "state": "sent"}


def test_a_group_has_a_bounded_number_of_receivers(arm: Management) -> None:
    emails = [{"name": f"n{n}", "emailAddress": f"n{n}@example.org"} for n in range(21)]
    status, body = arm.put_group(emailReceivers=emails)
    assert status == 400 and "at most 20" in body["error"]["message"]


def test_the_interval_full_is_one_point_with_exactly_the_samples_of_its_time(
    arm: Management, resource: Resource
) -> None:
    for minutes, times in ((-1, 100), (0, 1), (59, 2), (60, 100)):
        requests(resource.id, NOON + (7 + minutes) * MINUTE, times=times)
    span = f"{to_wire(NOON + 7 * MINUTE)}/{to_wire(NOON + 67 * MINUTE)}"
    # So long ago that only days are kept; the answer names the widened timespan.
    status, body = arm.metrics(timespan=span, interval="FULL")
    assert status == 200
    (point,) = body["value"][0]["timeseries"][0]["data"]
    assert body["timespan"] == "2025-11-19T00:00:00Z/2025-11-20T00:00:00Z"
    assert point["count"] == 203
    now = now_ms()
    start = now - now % HOUR - 3 * HOUR + 7 * MINUTE
    for minutes, times in ((-1, 100), (0, 1), (59, 2), (60, 100)):
        requests(resource.id, start + minutes * MINUTE, times=times)
    span = f"{to_wire(start)}/{to_wire(start + HOUR)}"
    _, body = arm.metrics(timespan=span, interval="FULL")
    (point,) = body["value"][0]["timeseries"][0]["data"]
    assert (point["count"], body["interval"]) == (3, "PT1H")


@pytest.mark.parametrize(
    "timespan",
    [
        "0001-01-01T00:00:00Z/9999-12-31T23:59:59Z",
        "2026-01-01T00:00:00Z/9999-12-31T23:59:59Z",
        "2026-01-02T00:00:00Z/2026-01-01T00:00:00Z",
    ],
)
def test_timespans_outside_of_the_calendar_are_refused(arm: Management, timespan: str) -> None:
    assert arm.metrics(timespan=timespan, interval="FULL")[0] == 400


def test_definitions_say_how_long_each_step_is_kept(arm: Management) -> None:
    with override_settings(CHATSITE_METRICS_MINUTE_DAYS=3, CHATSITE_METRICS_DAY_DAYS=700):
        _, body = arm.call("GET", f"{arm.scope}/providers/Microsoft.Insights/metricDefinitions")
    chat = next(each for each in body["value"] if each["name"]["value"] == "APIRequestChat")
    kept = {each["timeGrain"]: each["retention"] for each in chat["metricAvailabilities"]}
    assert (kept["PT1M"], kept["PT30M"], kept["PT1H"]) == ("P3D", "P3D", "P93D")
    assert kept["P1D"] == "P700D"


def test_eve_can_neither_read_nor_delete_rules(arm: Management, eve: Person) -> None:
    """Refuses user access tokens and anonymous callers."""
    arm.put_group()
    arm.put_rule()
    path = f"{INSIGHTS}/metricAlerts/r?api-version=2024-02-01"
    headers = {"authorization": f"Bearer {eve.token}"}
    assert Client().get(path, headers=headers).status_code == 403
    assert Client().delete(path, headers=headers).status_code == 403
    assert Client().get(path).status_code == 401
    assert AlertRule.objects.filter(name="r").exists()


def test_daily_metrics_can_be_queried(arm: Management, resource: Resource) -> None:
    today = now_ms() - now_ms() % DAY
    store.set_day("ActiveUsers", resource.id, today, 7)
    span = f"{to_wire(today)}/{to_wire(today + DAY)}"
    status, body = arm.metrics(metricnames="ActiveUsers", timespan=span, interval="P1D")
    assert status == 200
    assert body["value"][0]["timeseries"][0]["data"][0]["maximum"] == 7
