"""The packages of frontend/, which only tests and `npm run vendor` need."""

import fcntl
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.sdk.nodejs import find_node


def node_environment() -> dict[str, str]:
    """The environment in which node and npm are found."""
    node = find_node()
    return os.environ | {"PATH": f"{node.parent}{os.pathsep}{os.environ.get('PATH', '')}"}


def installed(folder: Path) -> Path:
    """`folder` with its packages, exactly as its package-lock.json says."""
    environment = node_environment()
    npm = shutil.which("npm", path=environment["PATH"])
    if npm is None:
        pytest.skip("the packages of frontend/ are not installed, and there is no npm")
    with (folder / "package-lock.json").open() as lock:
        # Several test processes may come here at once.
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not _is_fresh(folder):
            command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
            done = subprocess.run(
                command, cwd=folder, env=environment, capture_output=True, text=True, timeout=240
            )
            if done.returncode:
                pytest.skip(f"npm ci could not install: {done.stderr.strip()[-500:]}")
    return folder


def _is_fresh(folder: Path) -> bool:
    listed = folder / "node_modules" / ".package-lock.json"
    lock = folder / "package-lock.json"
    return listed.exists() and listed.stat().st_mtime >= lock.stat().st_mtime
