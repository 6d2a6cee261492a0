"""The examples of docs/webhooks.md do what the page says."""

import hashlib
import hmac
import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from load_testing.servers import CHECKOUT
from tests.eventgrid.conftest import SERVICE_TOKEN
from tests.server import Server
from webhooks.tests.receiver import receiving

pytestmark = pytest.mark.sdk

PAGE = (CHECKOUT / "docs" / "webhooks.md").read_text()
SECRET, BODY = "a secret", '[{"id": "ü"}]'.encode()


def example(language: str, containing: str) -> str:
    blocks = re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    (found,) = [block for block in blocks if containing in block]
    return str(found)


def header(seconds: int, body: bytes = BODY, secret: str = SECRET) -> str:
    signed = hmac.new(secret.encode(), f"{seconds}.".encode() + body, hashlib.sha256)
    return f"t={seconds},v1={signed.hexdigest()}"


def cases() -> list[tuple[str | None, bool]]:
    """Headers, and whether the body is genuine with them."""
    now = int(time.time())
    return [
        (header(now), True),
        (header(now - 400), False),
        (header(now, b"other"), False),
        (header(now, secret="other"), False),
        (header(now).replace("v1=", "v1=00"), False),
        (f"t={now}", False),
        ("t=x,v1=00", False),
        ("", False),
        # Anybody may send anything: it is refused, and nothing falls over.
        (None, False),
        ("t=\u00b2,v1=00", False),
        (f"t={now},v1=\u00e9", False),
        (f"t={now},v1", False),
        (f"t={'9' * 400},v1=00", False),
    ]


def test_the_python_example_verifies_signatures() -> None:
    names: dict[str, object] = {}
    exec(example("python", "def is_genuine"), names)
    is_genuine = names["is_genuine"]
    assert callable(is_genuine)
    for given, expected in cases():
        assert is_genuine(given, BODY, SECRET) is expected, given


def test_the_node_example_verifies_signatures(node: Path, tmp_path: Path) -> None:
    code = example("js", "isGenuine") + (
        "\nconst [cases, body, secret] = JSON.parse(process.argv[2]);"
        "\nconst bytes = Buffer.from(body);"
        "\nconsole.log(JSON.stringify(cases.map(([one]) => isGenuine(one, bytes, secret))));\n"
    )
    file = tmp_path / "verify.mjs"
    file.write_text(code)
    given = cases()
    done = subprocess.run(
        [node, file, json.dumps([given, BODY.decode(), SECRET])],
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == [expected for _, expected in given]


def test_the_management_example_creates_a_subscription(grid_server: Server, tmp_path: Path) -> None:
    file = tmp_path / "subscribe.py"
    file.write_text(example("python", "EventGridManagementClient"))
    with receiving() as receiver:
        done = subprocess.run(
            [sys.executable, file],
            env=os.environ
            | {
                "SERVICE_TOKEN": SERVICE_TOKEN,
                "ENDPOINT": grid_server.https_url,
                "CA_FILE": str(grid_server.ca_file),
                "HOOK": receiver.url,
            },
            capture_output=True,
            text=True,
            timeout=90,
        )
    assert done.stdout == "Succeeded\n", done.stderr
    listed = grid_server.manage("eventsubscription", "list")
    assert "my-hook  Succeeded" in listed
    grid_server.manage("eventsubscription", "delete", "my-hook")
