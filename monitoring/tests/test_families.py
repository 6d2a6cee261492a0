"""The metric families of `/metrics`."""

import uuid
from typing import Any

import pytest
from django.db import OperationalError
from django.test import Client
from prometheus_client.parser import text_string_to_metric_families

from identity.models import Resource
from monitoring import store
from monitoring.alerts.models import Alert
from monitoring.collector import Collector
from monitoring.families import StoredMetrics
from monitoring.models import ProcessReport
from monitoring.tests.samples import MINUTE, put
from wire.times import now_ms


@pytest.fixture
def scraper(resource: Resource) -> Client:
    return Client(headers={"host": "localhost"})


def families(scraper: Client) -> dict[str, dict[tuple[str, ...], float]]:
    """Values by family and by label values in order, without buckets."""
    answer = scraper.get("/metrics")
    assert answer.status_code == 200
    return {
        family.name: {
            tuple(sample.labels[name] for name in sorted(sample.labels)): sample.value
            for sample in family.samples
            if not sample.name.endswith(("_bucket", "_sum", "_created"))
        }
        for family in text_string_to_metric_families(answer.content.decode())
    }


def test_tokens_refusals_and_cognitive_durations_have_families(
    scraper: Client, resource: Resource
) -> None:
    now = now_ms()
    put("AccessTokensIssued", resource.id, now, times=3, Scope="chat")
    put("AuthenticationFailures", resource.id, now, times=2, Reason="Invalid")
    for milliseconds in (20.0, 900.0):
        put(
            "CognitiveRequests",
            resource.id,
            now,
            milliseconds,
            is_duration=True,
            Kind="translate",
            Outcome="Succeeded",
        )
    found = families(scraper)
    assert found["acs_access_tokens_issued"] == {("chat",): 3}
    assert found["acs_auth_failures"] == {("invalid",): 2}
    assert found["acs_cognitive_requests"] == {("translate", "succeeded"): 2}
    assert found["acs_cognitive_request_duration_seconds"] == {("translate",): 2}


def test_a_subscription_has_one_spelling_in_every_family(
    scraper: Client, resource: Resource
) -> None:
    put("WebhookDeadLetters", resource.id, now_ms(), Subscription="CRM", Reason="TimedOut")
    put("WebhookDeliveries", resource.id, now_ms(), Subscription="CRM", Outcome="Delivered")
    found = families(scraper)
    assert found["acs_eventgrid_dead_lettered"] == {("timedout", "CRM"): 1}
    assert found["acs_eventgrid_deliveries"] == {("Delivered", "CRM"): 1}


def test_live_events_and_lost_connections_have_families(
    scraper: Client, resource: Resource
) -> None:
    now = now_ms()
    put("RealtimeEvents", resource.id, now, times=7, Event="ChatMessageReceived")
    put("RealtimeConnectionsEnded", resource.id, now, Reason="TooSlow")
    found = families(scraper)
    assert found["acs_realtime_events"] == {("ChatMessageReceived",): 7}
    assert found["acs_realtime_dropped"] == {("tooslow",): 1}


def test_gauges_of_live_processes_are_summed(scraper: Client) -> None:
    now = now_ms()
    for name, seen_ms in (("a", now), ("b", now), ("gone", now - 10 * MINUTE)):
        gauges = {"RealtimeConnections": 3, "ChatRequestsInProgress": 2}
        ProcessReport.objects.create(name=name, seen_ms=seen_ms, gauges=gauges)
    found = families(scraper)
    assert found["acs_realtime_connections"] == {(): 6}
    assert found["acs_api_requests_in_progress"] == {("chat",): 4, ("identity",): 0}


def test_a_gauge_without_recent_samples_is_left_out(scraper: Client, resource: Resource) -> None:
    put("Users", resource.id, now_ms() - 60 * MINUTE, 5)
    assert "acs_identities" not in families(scraper)
    put("Users", resource.id, now_ms() - 2 * MINUTE, 6)
    put("Users", resource.id, now_ms(), 7)
    put("Users", uuid.uuid4(), now_ms(), 10)
    assert families(scraper)["acs_identities"] == {(): 17}


def test_a_scrape_makes_as_many_queries_for_many_resources_as_for_one(
    scraper: Client, resource: Resource, django_assert_max_num_queries: Any
) -> None:
    counted = Collector()
    for _ in range(40):
        for metric in ("Users", "Threads", "WebhookPending"):
            counted.record((metric, uuid.uuid4(), ()), now_ms(), 1)
    store.add(counted.take()[0])
    with django_assert_max_num_queries(12):
        assert families(scraper)["acs_chat_threads"] == {(): 40}


def test_a_scrape_without_a_database_says_so(
    scraper: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: StoredMetrics) -> Any:
        raise OperationalError("the connection is closed")

    monkeypatch.setattr(StoredMetrics, "collect", refuse)
    answer = scraper.get("/metrics")
    assert (answer.status_code, answer["Content-Type"]) == (503, "text/plain; charset=utf-8")
    assert b"is not available" in answer.content and b"closed" not in answer.content


def test_names_of_rules_are_escaped_in_labels(scraper: Client) -> None:
    name = 'x"} 1\nacs_evil_total 9 \\'
    now = now_ms()
    Alert.objects.create(
        rule_name=name, severity=1, window_start_ms=now, window_end_ms=now, fired_ms=now
    )
    found = families(scraper)
    assert found["acs_alerts_firing"] == {(name, "1"): 1}
    assert not any(family.startswith("acs_evil") for family in found)
