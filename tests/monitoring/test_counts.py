"""Requests of the Azure SDK are counted exactly, in whichever process they arrive."""

import signal
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError

from load_testing.ports import free_port
from load_testing.servers import start, stop, wait_until_ready
from tests.monitoring.conftest import metrics, requests_of
from tests.sdk.people import Person
from tests.server import Server

pytestmark = pytest.mark.timeout(240)
_SENT = 'acs_chat_messages_total{action="sent",type="text"}'


def eventually(what: Any, wanted: Any, seconds: float = 15.0) -> None:
    """Wait until `what()` is `wanted`."""
    deadline = time.monotonic() + seconds
    while (found := what()) != wanted:
        assert time.monotonic() < deadline, found
        time.sleep(0.2)


def test_20_sends_and_5_errors_appear_exactly(watched: Server, alice: Person) -> None:
    def counted() -> Counter[str]:
        return Counter(
            {
                f"{operation} {status}": count
                for operation in ("SendChatMessage", "GetChatMessage", "Bad Route")
                for status, count in requests_of(watched.http_url, operation).items()
            }
        )

    def sent() -> float:
        return metrics(watched.http_url).get(_SENT, 0)

    thread = alice.thread(alice.create_thread())
    before, sent_before = counted(), sent()
    for _ in range(20):
        thread.send_message("hello")
    for _ in range(5):
        with pytest.raises(HttpResponseError):
            thread.get_message("1")
    request = urllib.request.Request(f"{watched.http_url}/chat/threads/no/such/route")
    with pytest.raises(urllib.error.HTTPError) as refusal:
        urllib.request.urlopen(request, timeout=10)
    refusal.value.close()
    change = counted() - before
    bad = {name: change.pop(name) for name in list(change) if name.startswith("Bad Route")}
    assert change == Counter({"SendChatMessage 201": 20, "GetChatMessage 404": 5})
    assert sum(bad.values()) == 1
    eventually(lambda: sent() - sent_before, 20.0)


@contextmanager
def second_process(server: Server, log: Path) -> Iterator[tuple[str, Any]]:
    """Start another server process on the same database; return its URL and process."""
    environment = server.environment | {
        "CHATSITE_PORT": str(free_port()),
        "CHATSITE_TLS_PORT": str(free_port()),
    }
    process = start(environment, log)
    url = f"http://localhost:{environment['CHATSITE_PORT']}"
    try:
        yield url, process
    finally:
        if process.poll() is None:
            stop(process)


def send(person: Person, url: str, thread_id: str, times: int) -> None:
    for _ in range(times):
        request = urllib.request.Request(
            f"{url}/chat/threads/{thread_id}/messages?api-version=2025-03-15",
            method="POST",
            data=b'{"content": "hello"}',
            headers={
                "Authorization": f"Bearer {person.token}",
                "Content-Type": "application/json",
            },
        )
        with urllib.request.urlopen(request, timeout=10) as answer:
            assert answer.status == 201


def test_two_processes_add_up_and_a_kill_loses_at_most_the_last_flush(
    watched: Server, alice: Person, tmp_path: Path
) -> None:
    thread_id = alice.create_thread()
    before = requests_of(watched.http_url, "SendChatMessage").get("201", 0)
    sent_before = metrics(watched.http_url).get(_SENT, 0)

    def counted(url: str = watched.http_url) -> int:
        return requests_of(url, "SendChatMessage").get("201", 0) - before

    with (
        second_process(watched, tmp_path / "polite.log") as (url, polite),
        second_process(watched, tmp_path / "killed.log") as (killed_url, killed),
    ):
        for process, log in ((polite, "polite"), (killed, "killed")):
            address = url if process is polite else killed_url
            wait_until_ready(process, address, tmp_path / f"{log}.log")
        send(alice, watched.http_url, thread_id, 7)
        send(alice, url, thread_id, 5)
        # Each process reports both, once the other has stored its counts.
        eventually(counted, 12)
        eventually(lambda: counted(url), 12)
        send(alice, url, thread_id, 4)
        assert stop(polite) == 0
        # A process stores its counts when it is terminated.
        assert counted() == 16
        send(alice, killed_url, thread_id, 3)
        killed.send_signal(signal.SIGKILL)
        assert killed.wait(10) == -signal.SIGKILL
    assert 16 <= counted() <= 19
    # Messages are counted from the event log, so killing a process loses none.
    eventually(lambda: metrics(watched.http_url).get(_SENT, 0) - sent_before, 19.0, seconds=30)


def test_probes_answer_any_host_and_metrics_only_this_machine(watched: Server) -> None:
    def ask(path: str, **headers: str) -> tuple[int, str]:
        request = urllib.request.Request(f"{watched.http_url}{path}", headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as refusal:
            with refusal:
                return refusal.code, refusal.read().decode()

    assert ask("/healthz", Host="10.0.0.7") == (200, '{"status": "ok"}')
    eventually(lambda: ask("/readyz", Host="10.0.0.7")[0], 200)
    assert '"ready"' in ask("/readyz")[1]
    assert ask("/metrics")[0] == 200
    assert ask("/metrics", Host="evil.example")[0] == 401
    forwarded = {"X-Forwarded-For": "203.0.113.9"}
    assert ask("/metrics", **forwarded)[0] == 401
