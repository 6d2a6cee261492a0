"""What the official SDK does appears in the figures, exactly, whichever process did it."""

import json
import signal
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from azure.communication.identity import CommunicationIdentityClient
from azure.core.exceptions import HttpResponseError

from tests.monitoring.conftest import metrics, requests_of
from tests.ports import free_port
from tests.sdk.people import Person, invite
from tests.server import Server, running_server, start, stop, wait_until_ready

pytestmark = pytest.mark.timeout(240)


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
        name = 'acs_chat_messages_total{action="sent",type="text"}'
        return metrics(watched.http_url).get(name, 0)

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
def second_process(server: Server, folder: Path) -> Iterator[tuple[str, Any]]:
    """Another server process on the same database; its address and the process."""
    environment = server.environment | {
        "CHATSITE_PORT": str(free_port()),
        "CHATSITE_TLS_PORT": str(free_port()),
    }
    log = folder / "second.log"
    process = start(environment, log)
    url = f"http://localhost:{environment['CHATSITE_PORT']}"
    try:
        wait_until_ready(process, url, log)
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
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with running_server(tmp_path / "data", CHATSITE_DEMO="0") as server, ExitStack() as clients:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(server.ca_file))
        identity = CommunicationIdentityClient.from_connection_string(server.connection_string)
        alice = invite(identity=identity, endpoint=server.https_url, clients=clients)
        thread_id = alice.create_thread()
        with second_process(server, tmp_path) as (url, process):
            send(alice, server.http_url, thread_id, 7)
            send(alice, url, thread_id, 5)
            # Either process tells of both, once the other one has stored what it counted.
            eventually(lambda: requests_of(server.http_url, "SendChatMessage"), {"201": 12})
            eventually(lambda: requests_of(url, "SendChatMessage"), {"201": 12})
            send(alice, url, thread_id, 4)
            assert stop(process) == 0
        # Whoever is asked to end stores at once what it has counted.
        assert requests_of(server.http_url, "SendChatMessage") == {"201": 16}
        with second_process(server, tmp_path) as (url, process):
            send(alice, url, thread_id, 3)
            process.send_signal(signal.SIGKILL)
            assert process.wait(10) == -signal.SIGKILL
        counted = requests_of(server.http_url, "SendChatMessage")["201"]
        assert 16 <= counted <= 19
        # Messages are counted from the event log, so a kill loses none of them.
        sent = 'acs_chat_messages_total{action="sent",type="text"}'
        eventually(lambda: metrics(server.http_url).get(sent), 19.0, seconds=30)


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


def test_the_rules_of_the_contract_are_there_after_the_first_start(watched: Server) -> None:
    found = watched.manage(
        "shell",
        "-v0",
        "-c",
        "import json\n"
        "from monitoring.models import AlertRule\n"
        "print(json.dumps(dict(AlertRule.objects.values_list('name', 'severity'))))",
    )
    wanted = {
        "Chat requests fail": 1,
        "The database refuses": 1,
        "Sending is slow": 2,
        "Webhook events are given up": 2,
        "Webhooks lag behind": 2,
        "Live connections drop": 2,
        "Clients are throttled": 3,
        "Sign-ins are refused": 3,
    }
    # Other tests make rules of their own on this server.
    assert wanted.items() <= json.loads(found).items()
