"""The JavaScript SDKs, unmodified, in Node, over https: one test per file in tests/sdk/node.

Node's own test runner runs the file and this module reads its report, so that a file that ran
nothing, skipped something or crashed fails as well.
"""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from tests.server import Server

pytestmark = [pytest.mark.sdk, pytest.mark.timeout(300)]


def run(file: str, *, node: Path, packages: Path, server: Server) -> None:
    """Run one file of JavaScript tests; fails with Node's report unless every test passed."""
    environment = os.environ | {
        "CHATSITE_CONNECTION_STRING": server.connection_string,
        "NODE_EXTRA_CA_CERTS": str(server.ca_file),
    }
    written = len(re.findall(r"^test\(", (packages / file).read_text("utf-8"), re.MULTILINE))
    done = subprocess.run(
        [node, "--test", "--test-reporter=tap", file],
        cwd=packages,
        env=environment,
        capture_output=True,
        text=True,
        timeout=240,
    )
    report = done.stdout + done.stderr
    totals = dict(re.findall(r"^# (tests|pass|fail|skipped|cancelled|todo) (\d+)$", report, re.M))
    assert done.returncode == 0, report
    assert totals.get("tests") == totals.get("pass"), report
    assert int(totals.get("pass", 0)) >= max(written, 1), report


def test_the_identity_client_does_everything(node: Path, packages: Path, server: Server) -> None:
    run("identity.test.mjs", node=node, packages=packages, server=server)


def test_the_credential_refreshes_its_token(node: Path, packages: Path, server: Server) -> None:
    run("credential.test.mjs", node=node, packages=packages, server=server)


def test_the_chat_client_does_everything(node: Path, packages: Path, server: Server) -> None:
    run("threads.test.mjs", node=node, packages=packages, server=server)


def test_the_thread_client_does_everything_with_messages(
    node: Path, packages: Path, server: Server
) -> None:
    run("messages.test.mjs", node=node, packages=packages, server=server)


def test_the_thread_client_does_everything_with_participants_and_receipts(
    node: Path, packages: Path, server: Server
) -> None:
    run("participants.test.mjs", node=node, packages=packages, server=server)


def test_every_operation_refuses_outsiders(node: Path, packages: Path, server: Server) -> None:
    run("refusals.test.mjs", node=node, packages=packages, server=server)
