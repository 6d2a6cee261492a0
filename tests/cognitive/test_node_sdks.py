"""The JavaScript SDKs of Translator and Language, unmodified, in Node: one test per file."""

import os
import re
import subprocess
from pathlib import Path

import pytest

from tests.cognitive.conftest import UserToken
from tests.server import Server

pytestmark = [pytest.mark.cognitive, pytest.mark.sdk, pytest.mark.usefixtures("text_engines")]


@pytest.mark.parametrize("file", ["translator.test.mjs", "language.test.mjs"])
def test_the_javascript_sdks_do_everything(
    file: str, server: Server, access_key: str, user: UserToken, node: Path, packages: Path
) -> None:
    environment = os.environ | {
        "CHATSITE_ENDPOINT": server.https_url,
        "CHATSITE_HTTP_ENDPOINT": server.http_url.replace("localhost", "127.0.0.1"),
        "CHATSITE_ACCESS_KEY": access_key,
        "CHATSITE_USER_TOKEN": user.token,
        "NODE_EXTRA_CA_CERTS": str(server.ca_file),
    }
    written = len(re.findall(r"^test\(", (packages / file).read_text("utf-8"), re.MULTILINE))
    done = subprocess.run(
        [node, "--test", "--test-reporter=tap", file],
        cwd=packages,
        env=environment,
        capture_output=True,
        text=True,
        timeout=100,
    )
    report = done.stdout + done.stderr
    totals = dict(re.findall(r"^# (tests|pass|fail|skipped|cancelled|todo) (\d+)$", report, re.M))
    assert done.returncode == 0, report
    assert totals.get("tests") == totals.get("pass"), report
    assert int(totals.get("pass", 0)) >= max(written, 1), report
