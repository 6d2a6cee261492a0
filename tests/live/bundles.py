"""The official packages, bundled for the browser and served as an application of its own origin."""

from __future__ import annotations

import contextlib
import fcntl
import functools
import http.server
import os
import shutil
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.sdk.nodejs import find_node

FOLDER = Path(__file__).parent / "browser"
PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Application</title>
<style>html, body, #root { height: 100%; margin: 0 }</style>
<div id="root"></div>
<script src="bundle.js"></script>
</html>
"""


def bundle(entry: str, target: Path) -> None:
    """Writes a page with the bundle of `entry` into the folder `target`; skips without npm."""
    node = find_node()
    with (FOLDER / "package-lock.json").open() as lock:
        # Several test processes may come here at once.
        fcntl.flock(lock, fcntl.LOCK_EX)
        _install(node)
    target.mkdir(parents=True, exist_ok=True)
    (target / "index.html").write_text(PAGE)
    command = [
        *(str(node), str(FOLDER / "node_modules/esbuild/bin/esbuild")),
        *(entry, "--bundle", "--format=iife", "--minify", "--loader:.js=jsx"),
        '--define:process.env.NODE_ENV="production"',
        "--define:global=globalThis",
        f"--outfile={target / 'bundle.js'}",
        "--log-level=error",
    ]
    done = subprocess.run(command, cwd=FOLDER, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr


def _install(node: Path) -> None:
    installed = FOLDER / "node_modules" / ".package-lock.json"
    if installed.exists():
        # The lock is copied there; its age says nothing after a checkout.
        ours = (FOLDER / "package-lock.json").stat().st_mtime
        if installed.stat().st_mtime >= ours:
            return
    npm = shutil.which("npm", path=f"{node.parent}{os.pathsep}{os.environ.get('PATH', '')}")
    if npm is None:
        pytest.skip("the browser packages are not installed, and there is no npm")
    command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    done = subprocess.run(command, cwd=FOLDER, capture_output=True, text=True, timeout=600)
    if done.returncode:
        pytest.skip(f"npm ci could not install the packages: {done.stderr.strip()[-500:]}")


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        return


@contextlib.contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serves the folder; yields its address, which is another origin than the chat server's."""
    handler = functools.partial(_Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/"
        server.shutdown()
