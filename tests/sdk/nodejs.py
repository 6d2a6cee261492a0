"""Node and the JavaScript SDKs, found or installed."""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent / "node"
OLDEST_NODE = 20


@cache
def find_node() -> Path:
    """A Node that is new enough: the machine's, else the one of the virtual environment."""
    candidates = (shutil.which("node"), Path(sys.executable).parent / "node")
    for candidate in candidates:
        if candidate and _major_version(Path(candidate)) >= OLDEST_NODE:
            return Path(candidate)
    pytest.skip(f"needs Node {OLDEST_NODE} or newer, on the machine or from requirements-dev.txt")


@cache
def find_packages(node: Path, folder: Path = FOLDER) -> Path:
    """The folder with the packages, installed exactly as its package-lock.json says."""
    with (folder / "package-lock.json").open() as lock:
        # Several test processes may come here at once.
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not _is_installed(folder):
            _install(node, folder)
    return folder


def _major_version(node: Path) -> int:
    try:
        shown = subprocess.run([node, "--version"], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return 0
    found = re.match(r"v(\d+)\.", shown.stdout)
    return int(found[1]) if found else 0


def _is_installed(folder: Path) -> bool:
    installed = folder / "node_modules" / ".package-lock.json"
    lock = folder / "package-lock.json"
    return installed.exists() and installed.stat().st_mtime >= lock.stat().st_mtime


def _install(node: Path, folder: Path) -> None:
    npm = shutil.which("npm", path=f"{node.parent}{os.pathsep}{os.environ.get('PATH', '')}")
    if npm is None:
        pytest.skip("the JavaScript SDKs are not installed, and there is no npm")
    command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=240)
    if done.returncode:
        pytest.skip(f"npm ci could not install the JavaScript SDKs: {done.stderr.strip()[-500:]}")


def run_tests(file: str, *, node: Path, packages: Path, **environment: str) -> None:
    """Run one file of JavaScript tests; fails with Node's report unless every test passed.

    Node's own test runner runs the file and its report is read, so that a file that ran nothing,
    skipped something or crashed fails as well.
    """
    written = len(re.findall(r"^test\(", (packages / file).read_text("utf-8"), re.MULTILINE))
    done = subprocess.run(
        [node, "--test", "--test-reporter=tap", file],
        cwd=packages,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=240,
    )
    report = done.stdout + done.stderr
    totals = dict(re.findall(r"^# (tests|pass|fail|skipped|cancelled|todo) (\d+)$", report, re.M))
    assert done.returncode == 0, report
    assert totals.get("tests") == totals.get("pass"), report
    assert int(totals.get("pass", 0)) >= max(written, 1), report
