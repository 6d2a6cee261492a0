"""Runs the example programs of docs/live-events.md."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from queue import Empty, Queue

import pytest
from playwright.sync_api import Browser

from load_testing.clients import Site
from load_testing.servers import CHECKOUT
from tests.live.users import User, new_user
from tests.live.wire_cutter import cuttable
from tests.sdk.nodejs import find_node
from tests.server import Server

PAGE = (CHECKOUT / "docs" / "live-events.md").read_text("utf-8")
Command = list[str | Path]


def reader(heading: str, language: str) -> str:
    """The code under a heading."""
    section = re.split(rf"^### {re.escape(heading)}$", PAGE, flags=re.MULTILINE)[1]
    found = re.search(rf"^```{language}\n(.*?)^```$", section, re.MULTILINE | re.DOTALL)
    assert found, heading
    return found[1]


class Program:
    """A reader that runs."""

    def __init__(self, command: Command, environment: dict[str, str]) -> None:
        self.lines: Queue[str] = Queue()
        self._process = subprocess.Popen(
            command,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
        )
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self.lines.put(line)

    def prints(self, text: str, seconds: float = 40) -> None:
        """The text is in what it prints, or will be soon."""
        seen, until = "", time.monotonic() + seconds
        while text not in seen:
            try:
                seen += self.lines.get(timeout=max(until - time.monotonic(), 0.01))
            except Empty:
                pytest.fail(f"{text!r} is not in {seen!r}")

    def stop(self) -> None:
        """Ends it."""
        self._process.kill()
        self._process.wait(10)


@contextlib.contextmanager
def running(command: Command, site: Site, server: Server, **variables: str) -> Iterator[Program]:
    """Runs a reader while the context lasts."""
    environment = (
        os.environ
        | variables
        | {
            "PYTHONIOENCODING": "utf-8",
            "CONNECTION_STRING": server.connection_string,
            "SSL_CERT_FILE": str(server.ca_file),
            "NODE_EXTRA_CA_CERTS": str(server.ca_file),
        }
    )
    program = Program(command, environment)
    try:
        yield program
    finally:
        program.stop()


def follows(program: Program, alice: User, thread: str) -> None:
    """The reader prints what happens, now and after an interruption."""
    program.prints("connected")
    alice.send(thread, "Pizza? 🍕")
    program.prints("Pizza?")


def comes_back(command: Command, server: Server, **variables: str) -> None:
    """The program prints events, including those from while it could not reach the server."""
    site = Site.of(server, https=True)
    alice, bob = new_user(site, "Alice"), new_user(site, "Bob")
    thread = alice.create_thread(bob)
    with (
        cuttable(server) as (url, wire),
        running(command, site, server, ENDPOINT=url, TOKEN=bob.token, **variables) as program,
    ):
        follows(program, alice, thread)
        for way in ("gently", "with a reset"):
            with wire.down(gently=way == "gently"):
                alice.send(thread, f"Missed {way}")
            program.prints(f"Missed {way}")
            alice.send(thread, f"Live {way}")
            program.prints(f"Live {way}")


def test_the_python_reader(server: Server, tmp_path: Path) -> None:
    file = tmp_path / "reader.py"
    file.write_text(reader("Python", "python"), "utf-8")
    comes_back([sys.executable, file], server)


@pytest.mark.sdk
def test_the_node_reader(server: Server, tmp_path: Path) -> None:
    file = tmp_path / "reader.mjs"
    file.write_text(reader("Node", "js"), "utf-8")
    comes_back([find_node(), file], server)


def test_the_java_reader(server: Server, tmp_path: Path) -> None:
    java, keytool = shutil.which("java"), shutil.which("keytool")
    if not java or not keytool or not shutil.which("javac"):
        pytest.skip("there is no JDK")
    file, trust = tmp_path / "Reader.java", tmp_path / "trust.p12"
    file.write_text(reader("Java", "java"), "utf-8")
    command = [keytool, "-importcert", "-noprompt", "-storetype", "PKCS12", "-alias", "ca"]
    command += ["-file", str(server.ca_file), "-keystore", str(trust), "-storepass", "changeit"]
    subprocess.run(command, check=True, capture_output=True)
    options = [f"-Djavax.net.ssl.trustStore={trust}", "-Djavax.net.ssl.trustStorePassword=changeit"]
    comes_back([java, *options, file], server)


def test_the_services_reader(server: Server, tmp_path: Path) -> None:
    file = tmp_path / "service.py"
    file.write_text(reader("An application's server, in Python", "python"), "utf-8")
    site = Site.of(server, https=True)
    with running([sys.executable, file], site, server) as program:
        alice = new_user(site, "Alice")
        program.prints("connected")
        thread = alice.create_thread()
        alice.send(thread, "Pizza? 🍕")
        program.prints("Pizza?")


@pytest.mark.browser
def test_the_browsers_reader(server: Server, chromium: Browser) -> None:
    site = Site.of(server, https=True)
    alice, bob = new_user(site, "Alice"), new_user(site, "Bob")
    thread = alice.create_thread(bob)
    context = chromium.new_context(ignore_https_errors=True)
    page = context.new_page()
    page.add_script_tag(content=reader("Browser", "js"))
    page.evaluate(
        """([endpoint, token]) => {
            window.heard = [];
            follow(endpoint, async () => token, (event) => window.heard.push(event));
        }""",
        [site.url, bob.token],
    )
    page.wait_for_function("window.heard.length === 1")
    alice.send(thread, "Pizza? 🍕")
    page.wait_for_function("window.heard.length === 2")
    heard = page.evaluate("window.heard")
    assert heard[0]["type"] == "connected"
    assert heard[1]["message"]["content"]["message"] == "Pizza? 🍕"
    context.close()
