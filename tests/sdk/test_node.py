"""The JavaScript SDKs, unmodified, in Node, over https: one test per file in tests/sdk/node."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.sdk.nodejs import run_tests
from tests.server import Server

pytestmark = [pytest.mark.sdk, pytest.mark.timeout(300)]


def run(file: str, *, node: Path, packages: Path, server: Server) -> None:
    """Run one file of tests against the server."""
    run_tests(
        file,
        node=node,
        packages=packages,
        CHATSITE_CONNECTION_STRING=server.connection_string,
        NODE_EXTRA_CA_CERTS=str(server.ca_file),
    )


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
