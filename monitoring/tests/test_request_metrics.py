"""Requests are counted as Azure counts them, whatever their outcome."""

import threading
import time
from typing import Any

import pytest
from django.db import DatabaseError, OperationalError, connection, transaction
from django.http import HttpResponse
from django.test import Client, RequestFactory, override_settings
from django.urls import get_resolver, resolve

from identity.hosts import host_index
from identity.models import Resource
from monitoring import flusher, store
from monitoring.answered_requests import ApiOperation
from monitoring.catalogue import METRICS, SERVER
from monitoring.collector import Collector, collector
from monitoring.middleware import ObserveRequests
from monitoring.models import DailyActive, DaySample, HourSample, MinuteSample, Series
from monitoring.operations import (
    BAD_ROUTE,
    CHAT,
    NAMES,
    dimensions_of,
    metric_of,
)
from monitoring.queries import read, total
from monitoring.tests.samples import DAY, HOUR, MINUTE, NOON, requests
from tests.cast import Person
from wire import telemetry
from wire.routes import route_of


def counts(metric: str = "APIRequestChat") -> dict[tuple[str, str], int]:
    """Counts by operation and status, after a flush."""
    flusher.flush()
    rows = Series.objects.filter(metric=metric)
    return {(r.dimensions["Operation"], r.dimensions["StatusCode"]): r.count for r in rows}


def test_each_operation_counts_under_its_name_and_status(alice: Person, bob: Person) -> None:
    thread = alice.create_thread(bob)
    for _ in range(3):
        alice.send(thread)
    alice.messages(thread)
    assert alice.get(f"{thread}/messages/1").status_code == 404
    assert bob.post(f"{thread}/typing", {}).status_code == 200
    assert alice.post(f"{thread}/messages", {"content": 5}).status_code == 400
    assert counts() == {
        ("CreateChatThread", "201"): 1,
        ("SendChatMessage", "201"): 3,
        ("SendChatMessage", "400"): 1,
        ("ListChatMessages", "200"): 1,
        ("GetChatMessage", "404"): 1,
        ("SendTypingIndicator", "200"): 1,
    }


def test_unknown_routes_and_methods_are_bad_routes(alice: Person) -> None:
    assert alice.get("/chat/threads/x/nowhere").status_code == 404
    assert alice.request("PUT", "/chat/threads", {}).status_code == 405
    # A page that does not exist; its name only begins like a route of the API.
    assert alice.get("/chat/threadsandmore").status_code == 404
    assert counts() == {(BAD_ROUTE, "404"): 1, (BAD_ROUTE, "405"): 1}
    assert Client().get("/identities/nobody/never/heard").status_code == 404
    assert counts("APIRequestAuthentication") == {(BAD_ROUTE, "404"): 1}


def test_refused_callers_count_for_the_resource_of_the_host(
    alice: Person, other_resource: Resource
) -> None:
    assert Client().get("/chat/threads").status_code == 401
    assert Client().get("/chat/threads", headers={"host": "other.localhost"}).status_code == 401
    flusher.flush()
    assert set(Series.objects.values_list("resource_id", flat=True)) == {
        alice.user.resource_id,
        other_resource.id,
    }


def test_pages_and_probes_are_no_api_requests(client: Client, db: None) -> None:
    client.get("/healthz")
    client.get("/admin/login/")
    client.get("/nowhere")
    assert collector.take()[0] == {}


def test_every_route_of_the_two_apis_is_an_operation_that_azure_lists() -> None:
    """All 21 operations of monitoring contract 1 are used, and every view has one."""
    assert len(NAMES) == 21
    counted = ("chat/threads", "identities", "teamsUser")
    views = {
        pattern.callback.cls
        for include in get_resolver().url_patterns
        for pattern in getattr(include, "url_patterns", [])
        if str(pattern.pattern).startswith(counted)
        and route_of(str(pattern.pattern).replace("<str:", "").replace(">", "")).metric
    }
    named = [name for view in views for name in view.operations.values()]
    unnamed = {
        (view.__name__, method)
        for view in views
        for method in ("get", "post", "put", "patch", "delete")
        if hasattr(view, method) and method.upper() not in view.operations
    }
    assert set(named) == set(NAMES)
    assert unnamed == set()


def test_active_users_and_threads_count_once_a_day(alice: Person, bob: Person, eve: Person) -> None:
    thread = alice.create_thread(bob)
    for _ in range(3):
        alice.send(thread)
    bob.messages(thread)
    assert eve.get(thread).status_code == 403
    flusher.flush()
    flusher.flush()
    users = DailyActive.objects.filter(metric="ActiveUsers").values_list("subject", flat=True)
    assert sorted(users) == sorted([alice.id, bob.id])
    assert DailyActive.objects.filter(metric="ActiveThreads").count() == 1


def test_minutes_hours_and_days_add_up(resource: Resource) -> None:
    requests(resource.id, NOON, times=2)
    requests(resource.id, NOON + 30_000, times=3, milliseconds=50)
    requests(resource.id, NOON + MINUTE, times=4)
    requests(resource.id, NOON + HOUR, times=5)
    requests(resource.id, NOON + DAY, times=6)
    minutes = MinuteSample.objects.order_by("at_ms").values_list("count", flat=True)
    hours = HourSample.objects.order_by("at_ms").values_list("count", flat=True)
    days = DaySample.objects.order_by("at_ms").values_list("count", flat=True)
    assert (list(minutes), list(hours), list(days)) == ([5, 4, 5, 6], [9, 5, 6], [14, 6])
    first = MinuteSample.objects.earliest("at_ms")
    assert (first.minimum, first.maximum, first.total) == (5, 50, 160)
    assert Series.objects.get().count == 20


def test_counts_of_processes_add_up_and_threads_lose_none(resource: Resource) -> None:
    key = ("APIRequestChat", resource.id, dimensions_of(operation("SendChatMessage"), 201))
    processes = [Collector(), Collector()]

    def count(one: Collector) -> None:
        for _ in range(500):
            one.record(key, NOON, 1.0, is_duration=True)

    threads = [threading.Thread(target=count, args=[one]) for one in processes * 2]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for one in processes:
        flusher.flush(one)
    assert Series.objects.get().count == 2000
    assert MinuteSample.objects.values_list("bucket_00", flat=True)[0] == 2000


def operation(name: str) -> ApiOperation:
    return ApiOperation(CHAT, name)


def test_counts_that_cannot_be_stored_are_kept_for_the_next_flush(
    resource: Resource, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = Collector()
    key = ("ChatMessages", resource.id, (("Action", "Sent"),))
    one.record(key, NOON)

    def refuse(tallies: Any) -> None:
        raise DatabaseError("the disk is full")

    with monkeypatch.context() as patched:
        patched.setattr(store, "add", refuse)
        with pytest.raises(DatabaseError):
            flusher.flush(one)
    one.record(key, NOON)
    flusher.flush(one)
    assert Series.objects.get().count == 2


def test_deleted_series_are_created_again(resource: Resource) -> None:
    requests(resource.id, NOON)
    Series.objects.all().delete()
    one = Collector()
    one.record(("APIRequestChat", resource.id, ()), NOON)
    flusher.flush(one)
    key = ("APIRequestChat", resource.id, dimensions_of(operation("SendChatMessage"), 201))
    one.record(key, NOON)
    try:
        flusher.flush(one)
    except DatabaseError:
        flusher.flush(one)
    assert sum(MinuteSample.objects.values_list("count", flat=True)) == 2


def test_observing_costs_less_than_50_microseconds(alice: Person) -> None:
    """The middleware's own time, without the view and with the log off."""
    request = RequestFactory().post("/chat/threads/19:x@thread.v2/messages")
    request.resolver_match = resolve("/chat/threads/19:x@thread.v2/messages")
    request.user = type("U", (), {})()
    response = HttpResponse(status=201)
    observed, bare = ObserveRequests(lambda request: response), lambda request: response
    with override_settings(CHATSITE_REQUEST_LOG="off"):
        best = min(_seconds(observed, request) for _ in range(7))
    spent = best - min(_seconds(bare, request) for _ in range(7))
    assert spent / 2000 < 50e-6


def _seconds(call: Any, request: Any) -> float:
    started = time.process_time()
    for _ in range(2000):
        call(request)
    return time.process_time() - started


def test_failures_of_counting_do_not_affect_the_response(
    alice: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*args: Any, **options: Any) -> None:
        raise RuntimeError("the collector is broken")

    monkeypatch.setattr(collector, "record", broken)
    assert alice.get("/chat/threads").status_code == 200


def test_a_refusal_is_counted_while_the_hosts_cannot_be_read(
    resource: Resource, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse() -> None:
        raise DatabaseError("no such table")

    monkeypatch.setattr(host_index, "read", refuse)
    assert Client().get("/chat/threads").status_code == 401
    assert counts() == {("ListChatThreads", "401"): 1}


def test_live_connections_and_preflights_are_no_operations(alice: Person) -> None:
    """`/chat/events` and `/socket.io` are counted as connections, not as requests."""
    for path in ("/chat/events", "/socket.io/1/xhr-polling/x", "/chat/people", "/nowhere"):
        assert metric_of(path) is None
    assert metric_of("//Chat/Threads/x") == "APIRequestChat"
    preflight = {"origin": "https://app.example", "access-control-request-method": "POST"}
    assert Client().options("/chat/threads", headers=preflight).status_code == 200
    assert counts() == {}


def test_tokens_that_are_issued_count_by_scope_and_refusals_by_reason(
    alice: Person, resource: Resource
) -> None:
    token = "a-service-token-of-the-tests-0123456789"
    service = Client(headers={"authorization": f"Bearer {token}"})
    version = "api-version=2023-10-01"

    def ask(path: str, body: Any) -> int:
        url = f"/identities{path}?{version}"
        return service.post(url, body, content_type="application/json").status_code

    with override_settings(CHATSITE_SERVICE_TOKENS=[token]):
        assert ask("", {"createTokenWithScopes": ["chat", "voip", "chat"]}) == 201
        assert ask("", {}) == 201
        assert ask(f"/{alice.id}/:issueAccessToken", {"scopes": ["chat"]}) == 200
        assert ask(f"/{alice.id}/:issueAccessToken", {"scopes": ["all"]}) == 400
    Client().get("/chat/threads")
    Client().get("/chat/threads", headers={"authorization": "Bearer nonsense"})
    flusher.flush()
    rows = Series.objects.filter(metric__in=("AccessTokensIssued", "AuthenticationFailures"))
    assert {row.dimensions_text: row.count for row in rows} == {
        "Scope=chat": 2,
        "Scope=voip": 1,
        "Reason=Missing": 1,
        "Reason=Invalid": 1,
    }


def test_a_request_that_the_database_refuses_counts_as_a_storage_error(
    alice: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*args: Any, **options: Any) -> None:
        raise OperationalError("database is locked")

    monkeypatch.setattr("threads.views.services.create_chat_thread", refuse)
    answer = alice.post("/chat/threads", {"topic": "t"})
    assert answer.status_code == 503
    flusher.flush()
    (row,) = Series.objects.filter(metric="StorageErrors")
    assert (row.dimensions, row.count) == ({"Source": "requests"}, 1)


def test_requests_are_in_progress_until_they_are_answered(rf: RequestFactory) -> None:
    seen: list[float] = []

    def view(request: Any) -> HttpResponse:
        seen.append(telemetry.gauges["ChatRequestsInProgress"]())
        if len(seen) == 2:
            raise RuntimeError("the view is broken")
        return HttpResponse()

    observe = ObserveRequests(view)
    observe(rf.get("/chat/threads"))
    with pytest.raises(RuntimeError):
        observe(rf.get("/chat/threads"))
    assert seen == [1.0, 1.0]
    assert telemetry.gauges["ChatRequestsInProgress"]() == 0.0


def test_series_of_a_failed_transaction_are_created_again(resource: Resource) -> None:
    key = ("ChatMessages", resource.id, (("Action", "Sent"),))
    counted = Collector()
    counted.record(key, NOON)
    with pytest.raises(RuntimeError), transaction.atomic():
        store.add(counted.take()[0])
        raise RuntimeError("what follows fails")
    counted.record(key, NOON)
    store.add(counted.take()[0])
    assert Series.objects.get().count == 1
    assert MinuteSample.objects.get().series == Series.objects.get()


def test_long_dimensions_remain_distinct() -> None:
    long = ["x" * 500 + end for end in "ab"]
    texts = {store.dimensions_text((("Reason", value),)) for value in long}
    assert len(texts) == 2 and all(len(text) <= 400 for text in texts)


def test_remembered_users_are_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("monitoring.collector.MAX_SEEN", 10)
    one = Collector()
    for number in range(1000):
        one.record_active("ActiveUsers", SERVER, str(number % 500), NOON)
    assert len(one._seen) <= 10 and len(one.take()[1]) <= 10


def test_percentiles_come_from_the_buckets_of_all_steps(resource: Resource) -> None:
    requests(resource.id, NOON, times=90, milliseconds=4)
    requests(resource.id, NOON + MINUTE, times=9, milliseconds=400)
    requests(resource.id, NOON + 2 * MINUTE, times=1, milliseconds=20_000)
    metric = METRICS["ChatRequestDuration"]
    window: dict[str, Any] = {"resource_id": None, "start_ms": NOON, "end_ms": NOON + HOUR}
    (found,) = total(metric, with_buckets=True, **window).values()
    p50, p95, p99 = (found.value(metric, name) for name in ("P50", "P95", "P99"))
    assert p50 is not None and 2.5 <= p50 <= 5
    assert p95 is not None and 250 <= p95 <= 500
    assert p99 is not None and 250 <= p99 <= 500
    assert found.value(metric, "Maximum") == 20_000
    assert found.value(metric, "Average") == pytest.approx((360 + 3600 + 20_000) / 100)


def test_reading_splits_by_the_requested_dimensions(resource: Resource) -> None:
    requests(resource.id, NOON, "SendChatMessage", 201, times=3)
    requests(resource.id, NOON, "SendChatMessage", 429, times=2)
    requests(resource.id, NOON + HOUR, "GetChatThread", 200, times=1)
    metric = METRICS["APIRequestChat"]
    found = read(
        metric,
        resource_id=resource.id,
        start_ms=NOON,
        end_ms=NOON + DAY,
        step_ms=HOUR,
        by=["Operation"],
    )
    assert {values: sorted(steps) for values, steps in found.items()} == {
        ("SendChatMessage",): [NOON],
        ("GetChatThread",): [NOON + HOUR],
    }
    assert found["SendChatMessage",][NOON].value(metric, "Count") == 5


def test_series_do_not_grow_with_threads_or_users(alice: Person, bob: Person) -> None:
    for _ in range(3):
        alice.send(alice.create_thread(bob))
    flusher.flush()
    before = Series.objects.count()
    for _ in range(20):
        bob.send(bob.create_thread(alice))
    flusher.flush()
    assert Series.objects.count() == before


def test_counting_a_request_makes_no_query(alice: Person, django_assert_num_queries: Any) -> None:
    alice.get("/chat/threads")
    with django_assert_num_queries(0):
        collector.record(("APIRequestChat", alice.user.resource_id, ()), NOON)
    assert connection.vendor in ("sqlite", "postgresql")
