"""A real server whose translation hangs: readers get an error, and the chat is not affected.

The engine is a program called `apertium` that lists a mode and then does not answer.
"""

import json
import os
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from azure.communication.identity import CommunicationIdentityClient

from chatsite.handler import POOL_SIZES
from tests.server import Server, running_server
from wire.routes import Pool

HANGS = """#!/bin/sh
case "$1" in
  -l) echo "  eng-spa" ;;
  -V) echo "apertium 1.2.3" ;;
  *) touch "$0.asked.$$"; while ! [ -e "$0.enough" ]; do sleep 0.1; done; exit 1 ;;
esac
"""
TOO_LONG = (
    "Engine call failed ability=translation engine=apertium reason=apertium took longer than 10 s."
)


@dataclass(frozen=True)
class Talker:
    """A user of the server, and a thread of the user."""

    server: Server
    token: str
    thread: str = ""

    def ask(self, method: str, path: str, body: Any = None) -> tuple[int, Any, dict[str, str]]:
        """Status, body and headers of an answer."""
        request = urllib.request.Request(
            f"{self.server.https_url}{path}?api-version=2025-03-15",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"authorization": f"Bearer {self.token}", "content-type": "application/json"},
        )
        try:
            with urllib.request.urlopen(request, timeout=60, context=self.server.trust()) as answer:
                return answer.status, json.loads(answer.read() or b"null"), dict(answer.headers)
        except urllib.error.HTTPError as refusal:
            with refusal:
                headers = {name.lower(): value for name, value in refusal.headers.items()}
                return refusal.code, json.loads(refusal.read() or b"null"), headers

    def send(self, text: str) -> str:
        """The id of a new message."""
        status, body, _ = self.ask("POST", f"{self.thread}/messages", {"content": text})
        assert status == 201
        return str(body["id"])

    def translate(self, message: str) -> tuple[int, Any, dict[str, str]]:
        """The response to a request for a Spanish translation."""
        path = f"{self.thread}/messages/{message}:translate"
        return self.ask("POST", path, {"from": "en", "to": ["es"]})


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    """A folder with a program that hangs."""
    folder = tmp_path / "bin"
    folder.mkdir()
    program = folder / "apertium"
    program.write_text(HANGS)
    program.chmod(0o755)
    return folder


@pytest.fixture
def alice(tmp_path: Path, programs: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Talker]:
    path = f"{programs}{os.pathsep}{os.environ['PATH']}"
    with running_server(
        tmp_path / "data",
        PATH=path,
        CHATSITE_COGNITIVE_TRANSLATION="apertium",
        CHATSITE_COGNITIVE_REQUESTS="1000",
    ) as server:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(server.ca_file))
        identities = CommunicationIdentityClient.from_connection_string(server.connection_string)
        talker = Talker(server, identities.create_user_and_token(["chat"])[1].token)
        _, made, _ = talker.ask("POST", "/chat/threads", {"topic": "Lunch"})
        yield Talker(server, talker.token, f"/chat/threads/{quote(made['chatThread']['id'])}")


def wait_for(condition: Callable[[], bool]) -> None:
    """Returns as soon as it is true."""
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_chat_goes_on_while_all_translations_hang(alice: Talker, programs: Path) -> None:
    message = alice.send("The secret plan")
    threads, queue = POOL_SIZES[Pool.ENGINES].threads, POOL_SIZES[Pool.ENGINES].queue
    assert queue is not None
    most, more = threads + queue, 4
    with ThreadPoolExecutor(most + more) as readers:
        asked: list[Future[Any]] = [
            readers.submit(alice.translate, message) for _ in range(most + more)
        ]
        wait_for(lambda: len(list(programs.glob("*.asked.*"))) == threads)
        # Requests above the limit are rejected at once.
        wait_for(lambda: sum(one.done() for one in asked) == more)
        # The others hang for ten seconds.
        for number in range(3):
            alice.send(f"Lunch at {number}?")
        refused = [one.result() for one in asked if one.done()]
        assert len(refused) == more
        wait_for(lambda: TOO_LONG in alice.server.log.read_text())
        # One that was waiting may have begun to hang meanwhile; that is nothing new.
        (programs / "apertium.enough").touch()
        answers = [one.result() for one in asked]
    for status, body, headers in refused:
        assert (status, body["error"]["code"]) == (429, "TooManyRequests")
        assert headers["retry-after"] == "1"
    codes = [(status, body["error"]["code"]) for status, body, _ in answers if status != 429]
    assert codes == [(503, "EngineUnavailable")] * most
    log = alice.server.log.read_text()
    assert "secret" not in log
    assert alice.token not in log
