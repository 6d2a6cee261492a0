"""The examples in README.md and docs/quickstart-sdks.md, run as a reader would run them.

Each runs in a process of its own that trusts the CA by the environment variable the page names.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.server import Server

pytestmark = pytest.mark.sdk

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
PAGE = ROOT / "docs" / "quickstart-sdks.md"
TRUST = ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS")
SAID = ["Alice: Pizza? 🍕", "Bob: Yes! 😋"]


def example(heading: str, language: str, page: Path = PAGE) -> str:
    """The first block of code in this language under the heading."""
    text = page.read_text("utf-8")
    section = re.split(rf"^## {re.escape(heading)}$", text, flags=re.MULTILINE)[1]
    found = re.search(rf"^```{language}\n(.*?)^```$", section, re.MULTILINE | re.DOTALL)
    assert found, f"{page.name} has no {language} under {heading}"
    return found[1]


def run(command: list[str | Path], *, server: Server, trust: str, cwd: Path) -> list[str]:
    """The lines printed by an example that trusts the server by one variable alone."""
    environment = {name: value for name, value in os.environ.items() if name not in TRUST} | {
        "CONNECTION_STRING": server.connection_string,
        "PYTHONIOENCODING": "utf-8",
        trust: str(server.ca_file),
    }
    done = subprocess.run(
        command, cwd=cwd, env=environment, capture_output=True, timeout=60, encoding="utf-8"
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.splitlines()


def test_the_python_example_runs(server: Server, tmp_path: Path) -> None:
    file = tmp_path / "quickstart.py"
    file.write_text(example("Python", "python"), "utf-8")
    command: list[str | Path] = [sys.executable, file]
    assert run(command, server=server, trust="REQUESTS_CA_BUNDLE", cwd=tmp_path) == SAID


def test_the_python_asyncio_example_runs(server: Server, tmp_path: Path) -> None:
    file = tmp_path / "quickstart.py"
    file.write_text(example("Python with asyncio", "python"), "utf-8")
    command: list[str | Path] = [sys.executable, file]
    assert run(command, server=server, trust="SSL_CERT_FILE", cwd=tmp_path) == SAID


def test_the_javascript_example_runs(
    server: Server, node: Path, packages: Path, tmp_path: Path
) -> None:
    (tmp_path / "node_modules").symlink_to(packages / "node_modules")
    file = tmp_path / "quickstart.mjs"
    file.write_text(example("JavaScript", "js"), "utf-8")
    assert run([node, file], server=server, trust="NODE_EXTRA_CA_CERTS", cwd=tmp_path) == SAID


def test_the_readmes_python_example_runs(server: Server, tmp_path: Path) -> None:
    file = tmp_path / "readme.py"
    file.write_text(example("Connect an application", "python", README), "utf-8")
    command: list[str | Path] = [sys.executable, file]
    said = run(command, server=server, trust="REQUESTS_CA_BUNDLE", cwd=tmp_path)
    assert said == ["['Pizza? 🍕']"]


def test_the_readmes_javascript_example_runs(
    server: Server, node: Path, packages: Path, tmp_path: Path
) -> None:
    (tmp_path / "node_modules").symlink_to(packages / "node_modules")
    file = tmp_path / "readme.mjs"
    file.write_text(example("Connect an application", "js", README), "utf-8")
    said = run([node, file], server=server, trust="NODE_EXTRA_CA_CERTS", cwd=tmp_path)
    assert said == ["Pizza? 🍕"]


def test_without_trust_no_sdk_connects(server: Server, tmp_path: Path) -> None:
    file = tmp_path / "quickstart.py"
    file.write_text(example("Python", "python"), "utf-8")
    with pytest.raises(AssertionError, match="certificate verify failed"):
        run([sys.executable, file], server=server, trust="NODE_EXTRA_CA_CERTS", cwd=tmp_path)
