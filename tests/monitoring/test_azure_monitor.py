"""azure-mgmt-monitor 7.0.0, unmodified, against this server."""

import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.mgmt.monitor import MonitorManagementClient
from azure.mgmt.monitor import models as m

from tests.monitoring.conftest import SCOPE
from tests.sdk.people import Person

GROUP = "chat"
pytestmark = pytest.mark.timeout(240)


def make_group(client: MonitorManagementClient, name: str = "ops") -> Any:
    group = m.ActionGroupResource(
        location="Global",
        group_short_name="ops",
        enabled=True,
        email_receivers=[m.EmailReceiver(name="Olga", email_address="olga@example.org")],
        webhook_receivers=[m.WebhookReceiver(name="hook", service_uri="https://127.0.0.1:9/x")],
        sms_receivers=[m.SmsReceiver(name="phone", country_code="49", phone_number="1234567")],
    )
    return client.action_groups.create_or_update(GROUP, name, group)


def rule_of(group_id: str, **changes: Any) -> Any:
    criterion = m.MetricCriteria(
        name="c1",
        metric_name=changes.pop("metric_name", "APIRequestChat"),
        metric_namespace="Microsoft.Communication/CommunicationServices",
        time_aggregation="Count",
        operator="GreaterThan",
        threshold=5,
        dimensions=[m.MetricDimension(name="StatusCodeClass", operator="Include", values=["5xx"])],
    )
    return m.MetricAlertResource(
        **{
            "location": "global",
            "description": "chat fails",
            "severity": 1,
            "enabled": True,
            "scopes": [f"/{SCOPE}"],
            "evaluation_frequency": timedelta(minutes=1),
            "window_size": timedelta(minutes=5),
            "auto_mitigate": True,
            "criteria": m.MetricAlertSingleResourceMultipleMetricCriteria(all_of=[criterion]),
            "actions": [m.MetricAlertAction(action_group_id=group_id)],
            **changes,
        }
    )


def test_an_action_group_is_created_read_listed_and_deleted(
    management: MonitorManagementClient,
) -> None:
    made = make_group(management, "crew")
    assert made.id.endswith("/actionGroups/crew")
    got = management.action_groups.get(GROUP, "CREW")
    assert [each.email_address for each in got.email_receivers] == ["olga@example.org"]
    assert [each.service_uri for each in got.webhook_receivers] == ["https://127.0.0.1:9/x"]
    # Receivers of unsupported kinds are stored unchanged.
    assert [each.name for each in got.sms_receivers] == ["phone"]
    for listed in (
        management.action_groups.list_by_resource_group(GROUP),
        management.action_groups.list_by_subscription_id(),
    ):
        assert "crew" in [each.name for each in listed]
    management.action_groups.delete(GROUP, "crew")
    with pytest.raises(ResourceNotFoundError):
        management.action_groups.get(GROUP, "crew")


def test_a_metric_alert_is_created_read_listed_changed_and_deleted(
    management: MonitorManagementClient,
) -> None:
    group = make_group(management)
    made = management.metric_alerts.create_or_update(GROUP, "chat-5xx", rule_of(group.id))
    assert made.name == "chat-5xx"
    got = management.metric_alerts.get(GROUP, "chat-5xx")
    (criterion,) = got.criteria.all_of
    assert (criterion.metric_name, criterion.threshold) == ("APIRequestChat", 5)
    assert criterion.dimensions[0].values == ["5xx"]
    assert (got.severity, got.window_size) == (1, timedelta(minutes=5))
    assert [each.action_group_id for each in got.actions] == [group.id]
    listed = management.metric_alerts.list_by_resource_group(GROUP)
    assert [each.name for each in listed] == ["chat-5xx"]
    patched = management.metric_alerts.update(
        GROUP, "chat-5xx", m.MetricAlertResourcePatch(severity=3, enabled=False)
    )
    assert (patched.severity, patched.enabled) == (3, False)
    statuses = management.metric_alerts_status.list(GROUP, "chat-5xx")
    assert statuses.value == []
    management.metric_alerts.delete(GROUP, "chat-5xx")
    with pytest.raises(ResourceNotFoundError):
        management.metric_alerts.get(GROUP, "chat-5xx")


def test_a_dynamic_threshold_is_returned_unchanged(
    management: MonitorManagementClient,
) -> None:
    group = make_group(management)
    criterion = m.DynamicMetricCriteria(
        name="c1",
        metric_name="ChatMessages",
        metric_namespace="Chatsite",
        time_aggregation="Count",
        operator="GreaterOrLessThan",
        alert_sensitivity="Medium",
        failing_periods=m.DynamicThresholdFailingPeriods(
            number_of_evaluation_periods=4, min_failing_periods_to_alert=3
        ),
    )
    rule = rule_of(
        group.id,
        evaluation_frequency=timedelta(minutes=5),
        window_size=timedelta(minutes=15),
        criteria=m.MetricAlertMultipleResourceMultipleMetricCriteria(all_of=[criterion]),
    )
    management.metric_alerts.create_or_update(GROUP, "odd", rule)
    (got,) = management.metric_alerts.get(GROUP, "odd").criteria.all_of
    assert (got.alert_sensitivity, got.operator) == ("Medium", "GreaterOrLessThan")
    assert got.failing_periods.min_failing_periods_to_alert == 3
    management.metric_alerts.delete(GROUP, "odd")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"metric_name": "Nothing"}, "no metric"),
        ({"evaluation_frequency": timedelta(minutes=15)}, "choose a longer lookback period"),
        ({"actions": []}, "enabled receiver"),
        ({"scopes": ["/subscriptions/x/resourceGroups/y"]}, "'scopes' must hold one resource id"),
        ({"severity": 9}, "from 0"),
    ],
)
def test_invalid_rules_are_refused(
    management: MonitorManagementClient, changes: dict[str, Any], words: str
) -> None:
    group = make_group(management)
    with pytest.raises(HttpResponseError) as refusal:
        management.metric_alerts.create_or_update(GROUP, "bad", rule_of(group.id, **changes))
    assert refusal.value.status_code == 400
    assert words in str(refusal.value.message)


def test_metrics_say_what_the_chat_sdk_did(
    management: MonitorManagementClient, alice: Person
) -> None:
    thread = alice.thread(alice.create_thread())
    now = datetime.now(UTC)
    first, last = now - timedelta(minutes=5), now + timedelta(minutes=5)
    span = f"{first:%Y-%m-%dT%H:%M:%SZ}/{last:%Y-%m-%dT%H:%M:%SZ}"

    def sent() -> Counter[str]:
        answer = management.metrics.list(
            SCOPE,
            metricnames="APIRequestChat",
            timespan=span,
            interval="PT1M",
            aggregation="Count,Total",
            filter="Operation eq 'SendChatMessage' and StatusCodeClass eq '2xx'",
        )
        (metric,) = answer.value
        assert (metric.name.value, metric.unit) == ("APIRequestChat", "Count")
        found: Counter[str] = Counter()
        for series in metric.timeseries:
            named = {each.name.value: each.value for each in series.metadatavalues}
            assert named == {"operation": "SendChatMessage", "statuscodeclass": "2xx"}
            for point in series.data:
                found += Counter(count=int(point.count or 0), total=int(point.total or 0))
        return found

    # Earlier tests may have sent messages on this server.
    before = sent()
    for _ in range(6):
        thread.send_message("hello")
    assert sent() - before == Counter(count=6, total=6)
    everything = management.metrics.list(SCOPE, timespan=span, interval="PT1M")
    assert sum(point.count or 0 for point in everything.value[0].timeseries[0].data) >= 7


def test_definitions_name_every_metric_with_its_dimensions(
    management: MonitorManagementClient,
) -> None:
    found = {each.name.value: each for each in management.metric_definitions.list(SCOPE)}
    chat = found["APIRequestChat"]
    assert [each.value for each in chat.dimensions] == [
        "Operation",
        "StatusCode",
        "StatusCodeClass",
    ]
    assert chat.primary_aggregation_type == "Count"
    assert "ChatMessages" in found and len(found) > 15


def test_invalid_metric_queries_are_refused_with_a_reason(
    management: MonitorManagementClient,
) -> None:
    for options, words in (
        ({"metricnames": "Nothing"}, "no metric"),
        ({"filter": "Colour eq 'red'"}, "no dimension"),
        ({"filter": "Operation is 'x'"}, "must look like"),
        ({"interval": "PT7M"}, "must be one of"),
        ({"aggregation": "Median"}, "must be one of"),
        ({"timespan": "yesterday/today"}, "two times"),
    ):
        with pytest.raises(HttpResponseError) as refusal:
            management.metrics.list(SCOPE, **options)
        assert words in str(refusal.value.message), refusal.value.message


def test_another_resources_name_is_not_found(management: MonitorManagementClient) -> None:
    with pytest.raises(ResourceNotFoundError):
        management.metrics.list(SCOPE.replace("/default", "/other"))


def test_an_alert_of_the_sdk_fires_and_its_status_says_so(
    management: MonitorManagementClient,
) -> None:
    """With a real worker and a real clock."""
    group = make_group(management)
    rule = rule_of(group.id)
    # No samples count as zero, so the first evaluation meets the condition.
    rule.criteria.all_of[0].operator = "LessThan"
    management.metric_alerts.create_or_update(GROUP, "quiet", rule)
    deadline = time.monotonic() + 60
    while not (found := management.metric_alerts_status.list(GROUP, "quiet").value) or (
        found[0].properties.status != "Unhealthy"
    ):
        assert time.monotonic() < deadline, found
        time.sleep(0.5)
    assert found[0].properties.dimensions == {"StatusCodeClass": "5xx"}
    management.metric_alerts.delete(GROUP, "quiet")
