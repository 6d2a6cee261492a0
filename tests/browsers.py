"""Chromium of this machine, for all tests that need a browser."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

# How long an expectation waits. Only a test that fails pays for it; a busy machine needs it.
PATIENCE_MS = 15_000


@contextmanager
def running_chromium(*options: str) -> Iterator[Browser]:
    """Chromium with command line options; skips where it is not installed.

    Its loop must end with a file's tests, so that the next file may have one of its own: use it in
    fixtures of modules.
    """
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if not program:
        pytest.skip("Chromium is not installed (apt-get install chromium)")
    # Chromium has no sandbox for root.
    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=program, args=[*options, *sandbox])
        yield launched
        launched.close()
