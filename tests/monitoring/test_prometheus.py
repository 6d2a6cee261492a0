"""A real Prometheus scrapes the server, and a real Alertmanager accepts its alerts."""

import json
import shutil
import subprocess
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from load_testing.ports import free_port
from tests.monitoring.conftest import metrics
from tests.sdk.people import Person
from tests.server import Server

pytestmark = [pytest.mark.prometheus, pytest.mark.timeout(240)]


def program(name: str) -> str:
    found = shutil.which(name)
    if not found:
        pytest.skip(f"{name} is not installed (apt-get install prometheus prometheus-alertmanager)")
    return found


def get(url: str) -> Any:
    with urllib.request.urlopen(url, timeout=5) as answer:
        return json.loads(answer.read() or b"null")


def eventually(what: Any, seconds: float = 30.0) -> Any:
    """The first true value that `what()` returns."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            found = what()
        except OSError:
            found = None
        if found:
            return found
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(0.2)


@contextmanager
def running(*command: str, log: Path) -> Iterator[None]:
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)
    try:
        yield
    finally:
        process.terminate()
        process.wait(10)


def test_promtool_accepts_the_metrics(watched: Server, alice: Person) -> None:
    alice.thread(alice.create_thread()).send_message("hello")
    request = urllib.request.urlopen(f"{watched.http_url}/metrics", timeout=10)
    with request as answer:
        assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
        text = answer.read()
    checked = subprocess.run(
        [program("promtool"), "check", "metrics"], input=text, capture_output=True, timeout=30
    )
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, b"", b"")


def test_a_thousand_threads_add_no_series(watched: Server, alice: Person) -> None:
    alice.thread(alice.create_thread()).send_message("hello")
    # The message's series exist once the leader has counted it.
    sent = 'acs_chat_messages_total{action="sent",type="text"}'
    eventually(lambda: metrics(watched.http_url).get(sent))
    before = set(metrics(watched.http_url))
    # Created with the services directly, because a thousand requests take too long.
    watched.manage(
        "shell",
        "-v0",
        "-c",
        "from identity.models import CommunicationUser as U\n"
        "from identity.callers import Caller\n"
        "from threads.services import create_chat_thread as create\n"
        "u = U.objects.first()\n"
        "c = Caller(u.resource_id, u.id, u.raw_id, frozenset({'chat'}))\n"
        "[create(caller=c, topic=str(n), participants=[]) for n in range(1000)]\n",
    )
    created = 'acs_chat_thread_changes_total{action="created"}'
    eventually(lambda: metrics(watched.http_url)[created] >= 1000, 60)
    # Gauges without labels appear when they are first sampled.
    assert {each for each in set(metrics(watched.http_url)) - before if "{" in each} == set()


def test_a_real_prometheus_scrapes_it(watched: Server, alice: Person, tmp_path: Path) -> None:
    thread = alice.thread(alice.create_thread())
    for _ in range(4):
        thread.send_message("hello")
    host = watched.http_url.removeprefix("http://")
    config = tmp_path / "prometheus.yml"
    config.write_text(
        "global: {scrape_interval: 1s}\n"
        f"scrape_configs: [{{job_name: chatsite, static_configs: [{{targets: ['{host}']}}]}}]\n"
    )
    port = free_port()
    command = (
        program("prometheus"),
        f"--config.file={config}",
        f"--storage.tsdb.path={tmp_path / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}",
    )
    with running(*command, log=tmp_path / "prometheus.log"):
        query = 'sum(acs_api_requests_total{operation="SendChatMessage"})'
        url = f"http://127.0.0.1:{port}/api/v1/query?query={urllib.parse.quote(query)}"
        found = eventually(lambda: get(url)["data"]["result"])
        assert float(found[0]["value"][1]) >= 4
        (target,) = get(f"http://127.0.0.1:{port}/api/v1/targets")["data"]["activeTargets"]
        assert (target["health"], target["lastError"]) == ("up", "")


def test_a_real_alertmanager_takes_firing_and_resolved(watched: Server, tmp_path: Path) -> None:
    config = tmp_path / "alertmanager.yml"
    config.write_text("route: {receiver: none}\nreceivers: [{name: none}]\n")
    port = free_port()
    command = (
        program("prometheus-alertmanager"),
        f"--config.file={config}",
        f"--storage.path={tmp_path / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--cluster.listen-address=",
    )
    alerts = f"http://127.0.0.1:{port}/api/v2/alerts"
    with running(*command, log=tmp_path / "alertmanager.log"):
        eventually(lambda: get(f"http://127.0.0.1:{port}/api/v2/status"))
        watched.manage("shell", "-v0", "-c", _RULE.format(address=f"http://127.0.0.1:{port}"))
        (firing,) = eventually(lambda: get(alerts), 60)
        assert firing["labels"]["alertname"] == "silence"
        assert firing["labels"]["severity"] == "critical"
        assert firing["status"]["state"] == "active"
        assert "Chat API Requests" in firing["annotations"]["summary"]
        watched.manage("shell", "-v0", "-c", _END)
        eventually(lambda: get(alerts) == [], 30)


_RULE = """
from django.db import transaction
from monitoring.models import *
with transaction.atomic():
    group = ActionGroup.objects.create(name="am", short_name="am")
    Receiver.objects.create(group=group, name="am", kind="alertmanager", address="{address}")
    rule = AlertRule.objects.create(name="silence", severity=0)
    rule.action_groups.add(group)
    AlertCondition.objects.create(
        rule=rule,
        metric="APIRequestChat",
        operator="LessThan",
        threshold=1,
        dimensions=[{{"name": "StatusCode", "operator": "Include", "values": ["418"]}}],
    )
"""
_END = """
from monitoring.alerts import engine
from monitoring.models import *
from wire.times import now_ms
rule = AlertRule.objects.get(name="silence")
AlertRule.objects.filter(pk=rule.pk).update(is_enabled=False)
assert engine.end_alerts(rule, now_ms(), "over") == 1
"""
