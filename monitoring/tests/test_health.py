"""The probes: what they report if something is missing."""

from typing import Any

import pytest
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client, override_settings

from background.models import Worker
from monitoring import health
from wire.times import now_ms


@pytest.fixture
def probe(transactional_db: None) -> Client:
    for remembered in (health.check_migrations, health.check_channel_layer):
        remembered._until = 0.0
    Worker.objects.all().delete()
    return Client(headers={"host": "10.1.2.3"})


def checks(probe: Client) -> dict[str, tuple[bool, str]]:
    answer = probe.get("/readyz")
    body = answer.json()
    assert answer.status_code == (200 if body["status"] == "ready" else 503)
    return {each["name"]: (each["ok"], each["detail"]) for each in body["checks"]}


def test_healthz_makes_no_query(probe: Client, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(0):
        assert probe.get("/healthz").json() == {"status": "ok"}


def test_readyz_is_ready_with_a_live_worker(probe: Client) -> None:
    Worker.objects.create(name="w")
    assert {name: ok for name, (ok, _) in checks(probe).items()} == {
        "database": True,
        "migrations": True,
        "workers": True,
        "channel layer": True,
    }


def test_readyz_reports_a_missing_worker_and_what_to_start(probe: Client) -> None:
    Worker.objects.create(name="gone", seen_ms=now_ms() - 200_000)
    with override_settings(CHATSITE_EMBEDDED_WORKER=True):
        is_ok, detail = checks(probe)["workers"]
    assert not is_ok and "inside this server" in detail
    with override_settings(CHATSITE_EMBEDDED_WORKER=False):
        assert checks(probe)["workers"] == (True, "none running; none is needed")


def test_readyz_reports_missing_migrations(probe: Client) -> None:
    last = MigrationRecorder.Migration.objects.filter(app="monitoring").latest("name")
    last.delete()
    try:
        is_ok, detail = checks(probe)["migrations"]
    finally:
        MigrationRecorder(connection).record_applied("monitoring", last.name)
    assert not is_ok and "manage.py migrate" in detail


def test_readyz_reports_an_unavailable_database(
    probe: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse() -> str:
        raise health.NotReady("The database is not available; see the log.")

    monkeypatch.setattr(health, "check_database", refuse)
    assert checks(probe)["database"] == (False, "The database is not available; see the log.")


def test_readyz_sends_a_message_through_redis(probe: Client, redis_server: str) -> None:
    layer = {
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        "CONFIG": {"hosts": [redis_server]},
    }
    with override_settings(REDIS_URL=redis_server, CHANNEL_LAYERS={"default": layer}):
        assert checks(probe)["channel layer"] == (True, "redis")
    dead = {**layer, "CONFIG": {"hosts": ["redis://127.0.0.1:9/0"]}}
    health.check_channel_layer._until = 0.0
    with override_settings(REDIS_URL="redis://127.0.0.1:9/0", CHANNEL_LAYERS={"default": dead}):
        is_ok, detail = checks(probe)["channel layer"]
    assert not is_ok and "REDIS_URL" in detail


def test_metrics_require_the_token_if_one_is_configured(probe: Client) -> None:
    local = Client(headers={"host": "localhost"})
    assert local.get("/metrics").status_code == 200
    assert probe.get("/metrics").status_code == 401
    assert local.get("/metrics", REMOTE_ADDR="10.0.0.9").status_code == 401
    with override_settings(CHATSITE_METRICS_TOKEN="the-token"):
        assert local.get("/metrics").status_code == 401
        right = {"authorization": "Bearer the-token"}
        for wrong in ("Bearer no", "Bearer", "the-token", "Basic the-token", "Bearer the-tokenn"):
            assert probe.get("/metrics", headers={"authorization": wrong}).status_code == 401
        assert probe.get("/metrics", headers=right).status_code == 200


def test_metrics_speak_openmetrics_when_asked(probe: Client) -> None:
    local = Client(headers={"host": "localhost", "accept": "application/openmetrics-text"})
    answer = local.get("/metrics")
    assert answer["Content-Type"].startswith("application/openmetrics-text; version=1.0.0")
    assert answer.content.endswith(b"# EOF\n")
